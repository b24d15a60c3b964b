"""Hugging Face's image classifiers: tiny networks with random weights, beside their own image processors."""

import dataclasses
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import limefw
from limefw.errors import ModelError, ModelSourceError, UntrustedError
from limefw.modalities.compose import preprocess
from limefw.modalities.frame import Frame
from limefw.testing import check_plugin


torch = pytest.importorskip("torch", reason="needs the extra transformers")
hf = pytest.importorskip("transformers", reason="needs the extra transformers")

NAMES = {0: "tabby, tabby cat", 1: "collie", 2: "coffee mug"}
VIT = {
    "image_size": 32, "patch_size": 8, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 32, "id2label": NAMES, "initializer_range": 0.4,
}  # fmt: skip
RESNET = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic", "id2label": NAMES}
PLAIN = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
CLIP = {
    "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 40},
    "crop_size": {"height": 40, "width": 40},
}  # fmt: skip


def vit(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return hf.ViTForImageClassification(hf.ViTConfig(**(VIT | changes))).eval()


def resnet(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return hf.ResNetForImageClassification(hf.ResNetConfig(**(RESNET | changes))).eval()


def folder_of(path, network, processor=PLAIN):
    network.save_pretrained(path)
    if processor is not None:
        (path / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    return path


def photo():
    """A photograph, wider than tall."""
    from PIL import Image

    with Image.open(limefw.sample()) as picture:
        return np.asarray(picture.convert("RGB").resize((96, 64)))


def framed(pixels, contract):
    """Return what limefw gives the model, (1, c, h, w)."""
    image = limefw.Image(pixels, (0.0, 255.0))
    inside = Frame.fit(image, contract).enter(image)
    return preprocess(inside.pixels, inside.value_range, contract)[None]


def theirs(path, pixels):
    processor = hf.AutoImageProcessor.from_pretrained(path)
    return processor, processor(images=pixels, return_tensors="np", input_data_format="channels_last")["pixel_values"]


@pytest.mark.parametrize(
    ("make", "processor", "expected"),
    [
        (vit, PLAIN | {"resample": 3}, ((32, 32), "stretch", "RGB", (0.5,) * 3, (0.5,) * 3)),
        (resnet, CLIP | {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]},
         ((40, 40), "crop", "RGB", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))),
        (vit, PLAIN | {"do_normalize": False, "do_rescale": False, "resample": 3},
         ((32, 32), "stretch", "RGB", (0.0,) * 3, (0.00392157,) * 3)),
        (resnet, {"image_processor_type": "MobileViTImageProcessor", "size": {"shortest_edge": 48}, "resample": 3,
                  "crop_size": {"height": 48, "width": 48}}, ((48, 48), "crop", "BGR", (0.0,) * 3, (1.0,) * 3)),
        (resnet, {"image_processor_type": "EfficientNetImageProcessor", "size": {"height": 24, "width": 36},
                  "rescale_factor": 1 / 127.5, "rescale_offset": True, "do_normalize": False, "resample": 3,
                  "include_top": False},
         ((24, 36), "stretch", "RGB", (0.5,) * 3, (0.5,) * 3)),
    ],
    ids=["vit", "clip", "raw", "bgr", "offset"],
)  # fmt: skip
def test_its_processor_is_read_by_what_it_does(tmp_path, make, processor, expected):
    model = limefw.model(folder_of(tmp_path, make(), processor))
    contract = model.contract
    assert (contract.size, contract.resize, contract.order, contract.mean, contract.std) == expected
    assert model.notes == ()
    _, wanted = theirs(tmp_path, photo())
    scale = np.abs(wanted).max()
    given = framed(photo(), contract)
    wanted = wanted.astype(np.float32)
    assert given.dtype == np.float32
    # bicubic of Pillow both; theirs is rounded to bytes in between
    assert np.abs(given - wanted).max() < 0.02 * scale
    same = np.asarray(model.predict(given)), np.asarray(model.predict(wanted))
    assert np.allclose(*same, atol=0.05 * np.abs(same[1]).max() + 1e-3)


def test_the_models_own_outputs_by_the_names_of_its_config(tmp_path):
    network = vit()
    model = limefw.model(folder_of(tmp_path, network))
    batch = framed(photo(), model.contract)
    with torch.inference_mode():
        expected = network(pixel_values=torch.from_numpy(batch)).logits.numpy()
    assert np.allclose(model.predict(batch), expected, atol=1e-5)
    assert (model.classes, model.contract.head, model.contract.chunk) == (tuple(NAMES.values()), "logits", 32)
    explanation = limefw.explain(
        photo(), model, segmenter={"use": "grid", "rows": 3, "columns": 3}, samples=60, target="probability"
    )
    pipe = hf.pipeline("image-classification", model=network, image_processor=theirs(tmp_path, photo())[0])
    from PIL import Image

    said = {one["label"]: one["score"] for one in pipe(Image.fromarray(photo()))}
    assert explanation.outlook.keys() == said.keys()
    assert all(abs(explanation.outlook[name] - said[name]) < 0.05 for name in said)


@pytest.mark.parametrize(
    ("changes", "head", "names"),
    [
        ({}, "logits", tuple(NAMES.values())),
        ({"problem_type": "multi_label_classification"}, "sigmoid_logits", tuple(NAMES.values())),
        ({"problem_type": "regression"}, "values", tuple(NAMES.values())),
        ({"id2label": {0: "cat"}}, "sigmoid_logits", ("cat",)),
        ({"id2label": {0: "LABEL_0", 1: "LABEL_1"}}, "logits", None),
    ],
)
def test_head_and_names_are_the_configs(tmp_path, changes, head, names):
    model = limefw.model(folder_of(tmp_path, vit(**changes)))
    assert (model.contract.head, model.classes) == (head, names)


def test_a_processor_that_shows_less_is_noted(tmp_path):
    """Hugging Face's ConvNeXT processor enlarges to 8/7 and then crops."""
    processor = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 64}, "crop_pct": 0.875}
    model = limefw.model(folder_of(tmp_path, resnet(), processor))
    assert (model.contract.size, model.contract.resize) == ((64, 64), "crop")
    assert any("shows another part of a photograph" in note for note in model.notes)
    stretched = limefw.model(tmp_path, use={"use": "transformers", "resize": "stretch", "size": [32, 48]})
    assert (stretched.contract.size, stretched.contract.resize) == ((32, 48), "stretch")


def test_another_interpolation_is_noted(tmp_path):
    notes = limefw.model(folder_of(tmp_path, vit())).notes
    assert len(notes) == 1
    assert "resizes by bilinear interpolation, limefw by bicubic" in notes[0]


def test_a_processor_that_leaves_the_size_leaves_it_to_the_config(tmp_path):
    left = PLAIN | {"do_resize": False}
    assert limefw.model(folder_of(tmp_path / "a", vit(), left)).contract.size == (32, 32)
    assert limefw.model(folder_of(tmp_path / "b", resnet(), left)).contract.size is None


def test_a_processor_that_does_something_else_is_refused(tmp_path):
    several = {"image_processor_type": "TextNetImageProcessor", "size": {"shortest_edge": 64}}
    with pytest.raises(ModelSourceError, match=r"of a wide picture and .* of a tall one"):
        limefw.model(folder_of(tmp_path / "a", resnet(), several))
    colors = {"image_processor_type": "ImageGPTImageProcessor", "clusters": [[0, 0, 0], [1, 1, 1]]}
    with pytest.raises(ModelSourceError, match="ImageGPTImageProcessor"):
        limefw.model(folder_of(tmp_path / "b", resnet(), colors))


def test_a_processor_that_is_not_affine_is_refused(monkeypatch):
    from limefw_plugins.models._image_processor import contract_of

    class Squared:
        def __call__(self, images, **_):
            return {"pixel_values": np.moveaxis(images[:32, :32] / 255.0, -1, 0)[None] ** 2}

    with pytest.raises(ModelSourceError, match="more to pixels than a mean and a std"):
        contract_of(Squared(), 3)


def test_one_channel(tmp_path):
    processor = PLAIN | {"image_mean": [0.5], "image_std": [0.25]}
    model = limefw.model(folder_of(tmp_path, vit(num_channels=1), processor))
    assert (model.contract.channels, model.contract.std) == (1, (0.25,))
    assert limefw.explain(
        photo(), model, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=8
    ).outlook.keys() == set(NAMES.values())


def test_without_a_processor_it_says_what_was_assumed(tmp_path):
    model = limefw.model(folder_of(tmp_path, vit(), None))
    assert (model.contract.size, model.contract.value_range, model.contract.mean) == ((32, 32), (0.0, 1.0), (0.0,))
    assert any("came without its image processor" in note for note in model.notes)


def test_a_pipeline_is_taken_as_it_is_and_keeps_its_mode(tmp_path):
    folder_of(tmp_path, resnet())
    pipe = hf.pipeline("image-classification", model=str(tmp_path), device="cpu")
    pipe.model.train()
    pipe.model.resnet.embedder.eval()
    modes = [part.training for part in pipe.model.modules()]
    before = {name: value.clone() for name, value in pipe.model.state_dict().items()}
    model, read = limefw.model(pipe), limefw.model(tmp_path)
    assert (model.contract, model.fingerprint) != (read.contract, read.fingerprint)
    assert (model.contract.size, model.contract.mean) == (read.contract.size, read.contract.mean)
    batch = framed(photo(), model.contract)
    assert np.allclose(model.predict(batch), read.predict(batch), atol=1e-6)
    assert [part.training for part in pipe.model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in pipe.model.state_dict().items())


def test_a_model_alone_is_known_too():
    model = limefw.model(vit(), use="transformers")
    assert model.classes == tuple(NAMES.values())
    assert any("came without its image processor" in note for note in model.notes)


def test_half_precision_weights_are_computed_in_full(tmp_path):
    network = vit()
    exact = network.to(torch.bfloat16).to(torch.float32)
    folder_of(tmp_path, network.to(torch.bfloat16))
    model = limefw.model(tmp_path)
    batch = framed(photo(), model.contract)
    found = model.predict(batch)
    assert found.dtype == np.float32
    with torch.inference_mode():
        assert np.allclose(found, exact.float()(pixel_values=torch.from_numpy(batch)).logits.numpy(), atol=1e-5)


def test_equal_files_have_equal_fingerprints(tmp_path):
    one, other = folder_of(tmp_path / "a", vit()), folder_of(tmp_path / "b", vit())
    assert limefw.model(one).fingerprint == limefw.model(other).fingerprint
    (other / "preprocessor_config.json").write_text(json.dumps(PLAIN | {"resample": 3}), encoding="utf-8")
    assert limefw.model(one).fingerprint != limefw.model(other).fingerprint


def test_the_kit_passes(tmp_path):
    report = check_plugin("models", "transformers", source=folder_of(tmp_path, vit()), params={"chunk": 3})
    assert "contract" in report.checks


# what is refused


class Canary:
    """What runs when a pickle with this in it is loaded: it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.mkdir, (self.path,)


def test_weights_in_a_pickle_need_trust_and_run_nothing_without(tmp_path):
    network, canary = vit(), tmp_path / "canary"
    path = folder_of(tmp_path / "model", network)
    (path / "model.safetensors").unlink()
    (path / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(UntrustedError, match=r"are a pickle \(pytorch_model.bin\).*trust=True"):
        limefw.model(path)
    assert not canary.exists()
    torch.save(network.state_dict(), path / "pytorch_model.bin")
    batch = np.zeros((2, 3, 32, 32), np.float32)
    with torch.inference_mode():
        expected = network(pixel_values=torch.from_numpy(batch)).logits.numpy()
    assert np.allclose(limefw.model(path, trust=True).predict(batch), expected, atol=1e-5)


CODE = """
from pathlib import Path
Path({canary!r}).mkdir()
from transformers import ViTConfig, ViTForImageClassification
class OwnConfig(ViTConfig):
    model_type = "limefw_own"
class OwnModel(ViTForImageClassification):
    config_class = OwnConfig
"""


def test_a_folder_with_code_of_its_own_needs_trust_and_runs_nothing_without(tmp_path, monkeypatch):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "cache"))
    path, canary = folder_of(tmp_path / "model", vit()), tmp_path / "canary"
    said = json.loads((path / "config.json").read_text())
    said |= {
        "model_type": "limefw_own",
        "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModelForImageClassification": "own.OwnModel"},
    }
    (path / "config.json").write_text(json.dumps(said), encoding="utf-8")
    (path / "own.py").write_text(CODE.format(canary=str(canary)), encoding="utf-8")
    with pytest.raises(UntrustedError, match=r"brings Python code of its own.*trust=True"):
        limefw.model(path)
    assert not canary.exists()
    assert limefw.model(path, trust=True).name == "OwnModel"
    assert canary.exists()


def test_a_folder_that_is_no_image_classifier_is_told(tmp_path):
    folder_of(tmp_path / "headless", hf.ViTModel(hf.ViTConfig(**VIT)))
    with pytest.raises(ModelSourceError, match=r"the weights lack classifier\.bias"):
        limefw.model(tmp_path / "headless")
    text = hf.BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    folder_of(tmp_path / "text", hf.BertForSequenceClassification(text), None)
    with pytest.raises(ModelSourceError, match="cannot be loaded by transformers"):
        limefw.model(tmp_path / "text")
    with pytest.raises(ModelSourceError, match="takes no pixel values"):
        limefw.model(hf.BertForSequenceClassification(text), use="transformers")
    path = folder_of(tmp_path / "empty", vit())
    (path / "model.safetensors").unlink()
    with pytest.raises(ModelSourceError, match="holds no weights"):
        limefw.model(path)
    (path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelSourceError, match="cannot be loaded by transformers"):
        limefw.model(path)
    (path / "config.json").write_text('{"model_type": ', encoding="utf-8")
    with pytest.raises(ModelSourceError, match=r"config\.json is damaged: it holds no object of JSON"):
        limefw.model(path)
    with pytest.raises(ModelSourceError, match=r"hf download google/vit --local-dir FOLDER, and give that folder"):
        limefw.model("google/vit", use="transformers")
    with pytest.raises(ModelSourceError, match=r"a folder with a config\.json"):
        limefw.model(tmp_path, use="transformers")


def test_the_wrong_size_and_device_are_told(tmp_path):
    folder_of(tmp_path, vit())
    model = limefw.model(tmp_path, use={"use": "transformers", "size": [40, 40]})
    with pytest.raises(ValueError, match="size") as raised:
        limefw.explain(photo(), model, segmenter={"use": "grid", "rows": 2, "columns": 2}, samples=8)
    assert any("a batch of shape (1, 3, 40, 40) and type float32" in note for note in raised.value.__notes__)
    with pytest.raises(ModelSourceError, match="device 'cuba' cannot be used"):
        limefw.model(tmp_path, use={"use": "transformers", "device": "cuba"})


def test_a_model_of_images_without_logits_is_told():
    model = limefw.model(hf.ViTModel(hf.ViTConfig(**VIT)), use="transformers")
    with pytest.raises(ModelError, match="not the output 'logits'"):
        model.predict(np.zeros((1, 3, 32, 32), np.float32))


def test_a_pipeline_is_not_moved_to_another_device(tmp_path):
    """It is its user's own: where another device is wanted, a copy goes there."""
    pipe = hf.pipeline("image-classification", model=str(folder_of(tmp_path, vit())), device="cpu")
    model = limefw.model(pipe, use={"use": "transformers", "device": "meta"})
    assert {weight.device.type for weight in pipe.model.parameters()} == {"cpu"}
    assert model.predict.__self__.device.type == "meta"


def test_it_composes_on_its_device(tmp_path):
    """Bound, as it would be on a GPU, it answers as unbound; the mode and memory format are options."""
    use = {"use": "transformers", "precision": "bfloat16", "channels_last": True}
    model = limefw.model(folder_of(tmp_path, resnet()), use=use)
    bound = dataclasses.replace(model, bind=model.predict.__self__.bind, predict=None)
    settings = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "samples": 40, "what_if": 0}
    one, other = limefw.explain(photo(), model, **settings), limefw.explain(photo(), bound, **settings)
    np.testing.assert_array_equal(one.neighbourhood.targets, other.neighbourhood.targets)
