"""Networks by name: what their libraries say of them becomes the contract. Weights are drawn here, and read back."""

import numpy as np
import pytest

import limefw


torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'limefw[torch]'")
REASON = "needs torchvision that imports beside this PyTorch"
torchvision = pytest.importorskip("torchvision", reason=REASON, exc_type=ImportError)
timm = pytest.importorskip("timm", reason="needs timm: pip install 'limefw[timm]'", exc_type=ImportError)

LIBRARIES = {
    "torchvision": (
        lambda **settings: torchvision.models.get_model("squeezenet1_1", **settings),
        "squeezenet1_1",
        224,
        (0.485, 0.456, 0.406),
        (0.229, 0.224, 0.225),
    ),
    "timm": (
        lambda **settings: timm.create_model("test_resnet", **settings),
        "test_resnet",
        160,
        (0.5,) * 3,
        (0.5,) * 3,
    ),
}
each_library = pytest.mark.parametrize("library", LIBRARIES)


def drawn(library, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LIBRARIES[library][0](**settings).eval()


def weights_file(library, folder, **settings):
    torch.save(drawn(library, **settings).state_dict(), folder / "weights.pth")
    return folder / "weights.pth"


@each_library
def test_the_contract_is_the_librarys(library, tmp_path):
    _, name, side, mean, std = LIBRARIES[library]
    before = torch.random.get_rng_state()
    model = limefw.model(weights_file(library, tmp_path), use={"use": library, "name": name})
    assert torch.equal(before, torch.random.get_rng_state())
    contract = model.contract
    assert (contract.size, contract.channels, contract.layout, contract.head) == ((side, side), 3, "NCHW", "logits")
    assert (contract.value_range, contract.mean) == ((0.0, 1.0), mean)
    assert (contract.std, contract.resize) == (std, "crop")
    assert len(model.classes) == 1000
    assert "tench" in model.classes[0]
    assert (model.name, model.notes) == (name, ())
    again = limefw.model(weights_file(library, tmp_path), use={"use": library, "name": name, "precision": "bfloat16"})
    assert None is not model.fingerprint != again.fingerprint


@each_library
def test_a_file_of_other_classes_makes_a_network_of_as_many(library, tmp_path):
    """Fine-tuned: ImageNet's names are not those of its five classes."""
    name = LIBRARIES[library][1]
    path = weights_file(library, tmp_path, num_classes=5)
    (tmp_path / "names.txt").write_text("a\nb\nc\nd\ne\n")
    use = {"use": library, "name": name, "size": [64, 64]}
    model = limefw.model(path, use=use)
    assert model.classes is None
    batch = np.random.default_rng(0).normal(size=(3, 3, 64, 64)).astype(np.float32)
    with torch.inference_mode():
        expected = drawn(library, num_classes=5)(torch.from_numpy(batch)).numpy()
    np.testing.assert_allclose(model.predict(batch), expected, rtol=1e-4, atol=1e-5)
    named = limefw.model(path, use={**use, "classes": str(tmp_path / "names.txt")})
    settings = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "labels": ["c"], "samples": 40}
    photo = np.random.default_rng(1).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    assert limefw.explain(photo, named, **settings).labels == (2,)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ({"use": "torchvision", "name": "resnet51"}, r"no network 'resnet51'. Did you mean 'resnet"),
        ({"use": "timm", "name": "resnet51"}, r"no network 'resnet51'. Did you mean 'resnet"),
        ({"use": "torchvision"}, "which of torchvision's networks"),
        ({"use": "timm"}, "which of timm's networks"),
        ({"use": "torchvision", "name": "resnet18", "weights": "V9"}, "no weights 'V9'. There are: IMAGENET1K_V1"),
        ({"use": "torchvision", "name": "fasterrcnn_resnet50_fpn"}, "is for ObjectDetection"),
        ({"use": "torchvision", "name": "r3d_18"}, "is for VideoClassification"),
        ({"use": "torchvision", "name": "resnet18"}, "not those of ResNet"),
        ({"use": "timm", "name": "resnet18"}, "not those of ResNet"),
    ],
)
def test_what_does_not_fit_says_why(use, words, tmp_path):
    with pytest.raises(limefw.ModelError, match=words):
        limefw.model(weights_file("torchvision", tmp_path), use=use)


def test_a_network_of_pixels_is_read_with_its_auxiliary_head(tmp_path):
    """Segmentation returns a mapping, of which "out" is meant; one class at one place is a target."""
    make = torchvision.models.get_model
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = make("fcn_resnet50", weights=None, weights_backbone=None, aux_loss=True)
    torch.save(module.state_dict(), tmp_path / "fcn.pth")
    model = limefw.model(tmp_path / "fcn.pth", use={"use": "torchvision", "name": "fcn_resnet50", "size": [32, 48]})
    assert model.contract.size == (32, 48)
    assert model.predict(np.zeros((2, 3, 32, 48), np.float32)).shape == (2, 21, 32, 48)


@each_library
def test_without_a_network_the_way_out_is_told(library, monkeypatch):
    """By name alone the library looks for its weights, and may not get them."""

    def offline(*_data, **_settings):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(torchvision.models, "get_model", offline)
    monkeypatch.setattr(timm, "create_model", offline)
    name = LIBRARIES[library][1]
    with pytest.raises(limefw.ModelError, match=rf"cannot be downloaded.*'use': '{library}', 'name': '{name}'"):
        limefw.model(name, use=library)
    with pytest.raises(limefw.ModelError, match="cannot be downloaded"):
        limefw.model(None, use={"use": library, "name": name})


def test_a_module_of_timms_is_recognised_with_its_preprocessing():
    module = drawn("timm").train()
    model = limefw.model(module)
    assert (model.contract.size, model.contract.std) == ((160, 160), (0.5, 0.5, 0.5))
    model.predict(np.zeros((2, 3, 160, 160), np.float32))
    assert module.training
