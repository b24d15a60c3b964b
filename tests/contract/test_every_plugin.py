"""Every installed plug-in keeps what its kind promises."""

import importlib
import warnings

import numpy as np
import pytest

import limefw
from limefw.hookspecs import KINDS
from limefw.testing import KINDS as CHECKED
from limefw.testing import check_plugin


FOUND = [(found.kind, found.plugin.name) for kind in KINDS for found in limefw.registry().all(kind)]


def brightness(batch):
    """Probabilities of dark and light, of any batch of images."""
    share = np.asarray(batch, dtype=np.float64).mean(axis=(1, 2, 3)) / 65535.0
    return np.stack([1.0 - share, share], axis=1)


def photo(folder):
    from PIL import Image

    path = folder / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (31, 45, 3), dtype=np.uint8)).save(path)
    return path


def array_file(folder):
    path = folder / "field.npy"
    np.save(path, np.random.default_rng(0).random((31, 45, 5)))
    return path


def tiny_network(folder):
    """Write an ONNX file that takes (n, 3, h, w) to two logits."""
    import onnx
    from onnx import TensorProto, helper

    weights = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["image"], ["means"]),
            helper.make_node("Flatten", ["means"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 16, 20])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "tiny.onnx"
    onnx.save(model, path)
    return path


def brightness_classifier(_folder):
    """Return a scikit-learn classifier of 12 x 16 pixels."""
    from sklearn.linear_model import LogisticRegression

    pixels = np.random.default_rng(0).integers(0, 256, (40, 12 * 16))
    return LogisticRegression().fit(pixels, pixels.mean(axis=1) > 127)


def tiny_transformer(folder):
    """Write a folder of Hugging Face's: a vision transformer with random weights and its image processor."""
    import json

    from transformers import ViTConfig, ViTForImageClassification

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    ViTForImageClassification(ViTConfig(image_size=16, patch_size=8, **sizes)).save_pretrained(folder / "vit")
    said = {"image_processor_type": "ViTImageProcessor", "size": {"height": 16, "width": 16}}
    (folder / "vit" / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder / "vit"


def tiny_torch_network(_folder):
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())


def weights_of(library, name):
    """Return what writes a file of weights for a network of a library, drawn from a seed."""

    def write(folder):
        import torch

        make = importlib.import_module(library)
        make = make.models.get_model if library == "torchvision" else make.create_model
        with torch.random.fork_rng():
            torch.manual_seed(0)
            torch.save(make(name, num_classes=5).state_dict(), folder / "weights.pth")
        return folder / "weights.pth"

    return write


def keras_file(folder):
    """Write a Keras model of 16 x 20 pixels."""
    import keras

    layers = [keras.Input((16, 20, 3)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # Keras, as it saves
        keras.Sequential(layers).save(folder / "tiny.keras")
    return folder / "tiny.keras"


def mobile_weights(folder):
    """Write random weights of a network of keras.applications."""
    import keras

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        keras.applications.MobileNet(weights=None).save_weights(folder / "mobile.weights.h5")
    return folder / "mobile.weights.h5"


def pillow(folder):
    from PIL import Image

    with Image.open(photo(folder)) as picture:
        return picture.copy()


def explained_by_a_tree(_folder):
    settings = {"segmenter": {"use": "grid", "rows": 3, "columns": 3}, "samples": 100, "labels": [0, 1]}
    pixels = np.random.default_rng(0).integers(0, 65536, (30, 40, 3), dtype=np.uint16)
    return limefw.explain(pixels, brightness, surrogate="tree", filler={"use": "constant", "value": 0.0}, **settings)


def series_table(folder):
    path = folder / "course.csv"
    rows = np.random.default_rng(0).normal(size=(60, 2)).cumsum(axis=0)
    np.savetxt(path, rows, delimiter=",", header="acc,gyro", comments="")
    return path


def background_series(folder):
    """Write a batch of the kit's series, each as long as the first."""
    path = folder / "others.npy"
    np.save(path, np.random.default_rng(0).normal(size=(5, 200)))
    return {"path": str(path)}


def text_classifier(folder):
    """Write the folder of a tiny network that reads words."""
    transformers = pytest.importorskip("transformers")
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film"])}
    made = transformers.models.bert.modeling_bert.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=7, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            max_position_embeddings=24,
        )
    )  # fmt: skip
    made.save_pretrained(folder)
    tokenizer = pytest.importorskip("tokenizers").Tokenizer(
        pytest.importorskip("tokenizers").models.WordLevel(vocabulary, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pytest.importorskip("tokenizers").pre_tokenizers.Whitespace()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    fast.save_pretrained(folder)
    return folder


def review(folder):
    path = folder / "review.txt"
    path.write_text("A good film, not a bad one.\n", encoding="utf-8")
    return path


def tokenizer_file(folder):
    """Write the file of a tokenizer that parts texts at blanks and punctuation."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    path = folder / "tokenizer.json"
    made.save(str(path))
    return {"file": str(path)}


def quarters(folder):
    """Write a label map of the kit's first image."""
    from PIL import Image

    row, column = np.indices((48, 64))
    path = folder / "map.png"
    Image.fromarray((row // 24 * 2 + column // 32).astype(np.uint8)).save(path)
    return {"path": str(path)}


def boosted(library):
    """Return what writes a file of a small booster of 62 columns."""

    def write(folder):
        made = importlib.import_module(library)
        rows = np.random.default_rng(0).normal(size=(90, 62))
        path = folder / {"lightgbm": "few.txt", "xgboost": "few.json"}[library]
        classifier = {"lightgbm": "LGBMClassifier", "xgboost": "XGBClassifier"}[library]
        quiet = {"verbose": -1} if library == "lightgbm" else {}
        found = getattr(made, classifier)(n_estimators=3, n_jobs=1, **quiet).fit(rows, rows[:, 0] > 0)
        (found.booster_ if library == "lightgbm" else found.get_booster()).save_model(path)
        return path

    return write


def table_of_people(folder):
    """Write a table of numbers and categories, of which some are missing."""
    lines = [f"{20 + at % 50},{['own', 'rent', ''][at % 3]},{at % 7}" for at in range(60)]
    (folder / "people.csv").write_text("\n".join(["age,housing,children", *lines]), encoding="utf-8")
    return folder / "people.csv"


SOURCES = {
    ("segmenters", "labels"): [lambda _: limefw.Image(np.zeros((48, 64, 3), np.uint8), (0, 255))],
    ("readers", "image_array"): [lambda _: None, lambda _: np.zeros((5, 7)), pillow],
    ("readers", "image_file"): [photo],
    ("readers", "image_npy"): [array_file],
    ("readers", "text"): [lambda _: None],
    ("readers", "text_file"): [review],
    ("readers", "series_file"): [series_table],
    ("fillers", "series_background"): [lambda _: limefw.Series(np.sin(np.arange(200) / 9))],
    ("models", "callable"): [lambda _: brightness],
    ("models", "transformers_text"): [text_classifier],
    ("models", "keras"): [keras_file],
    ("models", "keras_applications"): [mobile_weights],
    ("models", "onnx"): [tiny_network],
    ("models", "sklearn"): [brightness_classifier],
    ("models", "transformers"): [tiny_transformer],
    ("models", "timm"): [weights_of("timm", "test_resnet")],
    ("models", "torch"): [tiny_torch_network],
    ("models", "torchvision"): [weights_of("torchvision", "squeezenet1_1")],
    ("models", "opencv_dnn"): [tiny_network],
    ("models", "lightgbm"): [boosted("lightgbm")],
    ("models", "xgboost"): [boosted("xgboost")],
    ("readers", "table_file"): [table_of_people],
    ("renderers", "tree"): [explained_by_a_tree],
}


def grey_photo(folder):
    from PIL import Image

    path = folder / "grey.png"
    with Image.open(photo(folder)) as picture:
        picture.convert("L").save(path)
    return path


PARAMS = {
    ("models", "sklearn"): lambda _: {"size": [12, 16]},
    ("models", "keras_applications"): lambda _: {"name": "MobileNet"},
    ("fillers", "images"): lambda folder: {"paths": [str(grey_photo(folder))]},
    ("fillers", "series_background"): background_series,
    ("models", "timm"): lambda _: {"name": "test_resnet"},
    ("models", "torchvision"): lambda _: {"name": "squeezenet1_1", "size": [64, 64]},
    ("segmenters", "labels"): quarters,
    ("segmenters", "tokens"): tokenizer_file,
}
"""What has no default, as it is the user's own."""

NEEDS = {
    ("segmenters", "graph"): "cv2.ximgproc",
    ("models", "transformers"): "transformers.models.vit.modeling_vit",
    ("models", "transformers_text"): "transformers.models.bert.modeling_bert",
    **{("models", name): name for name in ("lightgbm", "timm", "torch", "torchvision", "xgboost")},
    ("readers", "table_file"): "pandas",
    ("models", "keras"): "keras",
    ("models", "keras_applications"): "keras",
}
"""What limefw's own dependencies do not bring."""


ABROAD = ("light import", "another process", "requires", "side effects")
"""Checks that need a fresh process."""


@pytest.mark.parametrize(("kind", "name"), FOUND)
def test_a_plugin_keeps_its_promises(kind, name, tmp_path):
    if (kind, name) in NEEDS:
        pytest.importorskip(NEEDS[kind, name], exc_type=ImportError)
    params = PARAMS.get((kind, name), lambda _: {})(tmp_path)
    for make in SOURCES.get((kind, name), [lambda _: None]):
        report = check_plugin(kind, name, params=params, source=make(tmp_path))
        unsent = {f"{check} (its source cannot be sent there)" for check in ABROAD}
        assert not {*report.skipped} - unsent, f"{report.summary}: say in SOURCES what to call it with"
        assert report.summary.startswith(f"{kind.removesuffix('s')} {name}: {len(report.checks)} checks passed")


OTHER_SETTINGS = [
    ("samplers", "bernoulli", {"keep": 0.9, "enumerate_small": False}),
    ("samplers", "paired", {"enumerate_small": False}),
    ("samplers", "contiguous", {"join": 0.0, "keep": 0.9}),
    ("samplers", "exhaustive", {"keep": 0.2}),
    ("samplers", "fixed_hidden", {"hidden": 1}),
    ("samplers", "fixed_hidden", {"hidden": 0.9, "enumerate_small": False}),
    ("segmenters", "quickshift", {"tie_seed": None}),
    ("segmenters", "merged", {"base": "quickshift", "n_segments": 6, "position_scale": 1000.0}),
    ("segmenters", "partition_tree", {"n_segments": 12, "coarse": 4, "region": [0.0, 0.0, 0.7, 0.7]}),
    ("fillers", "blur", {"sigma": 1.0}),
    ("fillers", "inpaint", {"radius": 20.0, "method": "navier_stokes"}),
    *(
        ("segmenters", name, {"target_segments": 20, "region": [0.0, 0.0, 0.7, 0.7]})
        for name in ("felzenszwalb", "grid", "quickshift", "slic", "watershed")
    ),
    ("segmenters", "watershed", {"compactness": 0.0, "sigma": 0.0, "channels": [0]}),
    ("fillers", "mean_color", {"truncate": True}),
    ("fillers", "mean_color", {"patches": 12}),
    ("fillers", "neighbors", {"noise": 0.0}),
    ("fillers", "noise", {"fields": 1}),
    ("fillers", "series_mean", {"of": "segment"}),
    ("fillers", "series_noise", {"law": "values", "fields": 1}),
    ("segmenters", "change_points", {"shape": "level", "per_channel": True, "shortest": 1}),
    ("segmenters", "windows", {"length": 7, "per_channel": True}),
    ("segmenters", "words", {"separators": r"\W+", "ignore_case": True}),
    ("segmenters", "words", {"tokens": r"\w+|[^\w\s]", "bag": False}),
    ("segmenters", "characters", {"bag": True, "blanks": True, "code_points": True}),
    ("segmenters", "ngrams", {"n": 3, "within_sentences": False, "bag": True}),
    ("segmenters", "bins", {"discretizer": "none"}),
    ("segmenters", "bins", {"edges": {"column 1": [0.5, 2.0]}, "drop_constant": False}),
    ("samplers", "around_instance", {"spread": 0.1, "change": 0.2}),
    ("samplers", "bootstrap", {"neighbors": 10}),
    ("samplers", "marginals", {"within": False}),
    ("fillers", "corpus", {"texts": ["a word or two", "映画"]}),
    ("fillers", "mask", {"token": "<mask>"}),
    ("fillers", "replace", {"by": {"good": "bad", "bad": "good"}, "otherwise": ""}),
    ("samplers", "uniform_hidden", {"enumerate_small": False}),
    ("kernels", "cosine_exponential", {"width": 0.1}),
    ("kernels", "symmetric", {"width": 5.0}),
    ("kernels", "l2", {"relative": False}),
    ("kernels", "hamming", {"width": 10.0}),
    ("selectors", "lasso_path", {"num_features": 1}),
    ("selectors", "lime_auto", {"num_features": 6}),
    ("selectors", "sign_entropy", {"entropy": 0.1, "alpha": 0.0, "least": 3}),
    ("surrogates", "elastic_net", {"l1_ratio": 0.0}),
    ("surrogates", "elastic_net", {"l1_ratio": 1.0, "alpha": 1.0}),
    ("surrogates", "huber", {"epsilon": 1.0, "alpha": 0.0}),
    ("surrogates", "logistic", {"alpha": 0.0}),
    ("selectors", "forward", {"num_features": 100}),
    ("selectors", "highest_weights", {"num_features": 1}),
    ("surrogates", "lasso", {"alpha": 1.0}),
    ("surrogates", "ridge", {"alpha": 0.0, "scale": "weights"}),
    ("targets", "margin", {"against": 0}),
    ("targets", "element", {"index": [1]}),
    ("methods", "rise", {"mean": 0.5}),
    ("methods", "zoom", {"rounds": 1, "split": 2, "parts": 2}),
    ("surrogates", "tree", {"max_depth": 12, "min_samples_leaf": 1}),
    *(("samplers", name, {"enumerate_small": False}) for name in ("hadamard", "scrambled_sobol", "shapley_sizes")),
    ("samplers", "size_stratified", {"corrected": False, "enumerate_small": False}),
    ("samplers", "weighted_law", {"kernel": "symmetric", "width": 5.0, "enumerate_small": False}),
    ("samplers", "rise_masks", {"grid": 2, "centroid": True}),
    ("surrogates", "bayesian_ridge", {"prior": 1.0, "prior_precision": 10.0, "errors": "robust"}),
    ("surrogates", "multi_output_tree", {"fidelity": 1.0, "max_leaves": 64, "min_samples_leaf": 1}),
]


@pytest.mark.parametrize(("kind", "name", "params"), OTHER_SETTINGS)
def test_it_keeps_them_with_other_settings_too(kind, name, params):
    assert "contract" in check_plugin(kind, name, params=params).checks


def test_every_kind_can_be_checked():
    assert set(CHECKED) == set(KINDS)


def test_every_installed_module_loads():
    assert [str(item.error) for item in limefw.registry().broken] == []
