"""``limefw evaluate``: metrics on the command line."""

import json

import numpy as np
import pytest
from PIL import Image


FEW = ("-n", "60", "-s", "segmenter.use=grid", "-s", "segmenter.rows=3", "-s", "segmenter.columns=4")


@pytest.fixture
def mask(tmp_path):
    """The bright half of the photo."""
    path = tmp_path / "mask.png"
    Image.fromarray((np.ones((40, 1)) * np.where(np.arange(48) >= 24, 255, 0)).astype(np.uint8)).save(path)
    return path


def test_a_picture_is_explained_and_judged(run, photo, mine):
    code, out, err = run("evaluate", photo, "-m", "mine:right", *FEW)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0][-2:] == ["in", "log-odds"]
    assert ["metric", "figure", "better", "value"] in lines
    assert ["deletion", "auc", "lower"] in [line[:3] for line in lines]
    assert {line[0] for line in lines[2:] if len(line) in (3, 4)} == {"fidelity", "deletion", "insertion", "effort"}
    assert "The metrics asked the model" in out


def test_json_has_everything(run, photo, mine, mask):
    options = ("--metric", "overlap", "--metric", "pointing", "--mask", mask, "-l", "1", "--json", "-s")
    code, out, _ = run("evaluate", photo, "-m", "mine:right", *FEW, *options, "pointing.tolerance=0")
    found = json.loads(out)
    assert code == 0
    assert found["settings"]["pointing"] == {"use": "pointing", "tolerance": 0.0, "per_area": False}
    figures = found["instances"][0]["figures"]
    assert figures["pointing"]["hit"] == 1.0
    assert figures["overlap"]["mass"] > 0.9
    assert figures["overlap"]["best_iou"] == 1.0
    assert found["instances"][0]["label"] == "class 1"


def test_several_pictures_have_means_and_intervals(run, photo, mine, tmp_path):
    other = tmp_path / "other.png"
    Image.open(photo).transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(other)
    code, out, _ = run("evaluate", photo, other, "-m", "mine:right", *FEW, "--metric", "deletion")
    assert code == 0
    assert "2 instances" in out
    assert "95 % interval" in out


def test_the_number_of_samples_may_be_left_to_the_answers(run, photo, mine):
    code, out, _ = run("evaluate", photo, "-m", "mine:right", *FEW, "-n", "auto", "--metric", "effort", "--json")
    assert code == 0
    # not the 60 of FEW, but where it first looks
    assert json.loads(out)["instances"][0]["figures"]["effort"]["rows"] == 128


def test_a_saved_explanation_is_judged(run, photo, mine):
    assert run("explain", photo, "-m", "mine:right", *FEW, "-o", "saved.limefw")[0] == 0
    code, out, _ = run("evaluate", "saved.limefw", "-m", "mine:right", "--metric", "fidelity", "--json")
    fresh = run("evaluate", photo, "-m", "mine:right", *FEW, "--metric", "fidelity", "--json", "-l", "top:3")[1]
    assert code == 0
    assert json.loads(out)["instances"][0]["figures"] == json.loads(fresh)["instances"][0]["figures"]
    code, _, err = run("evaluate", "saved.limefw", "-m", "mine:right", "-n", "50")
    assert (code, "has its samples" in err) == (2, True)


def test_texts_are_judged(run, tmp_path):
    (tmp_path / "graded.py").write_text(
        "import numpy as np\ndef predict(texts):\n"
        "    return 1 / (1 + np.exp(-np.array([[text.count('good')] for text in texts], dtype=float)))\n"
    )
    code, out, _ = run("evaluate", "--text", "a good film", "-m", "graded:predict", "--metric", "deletion")
    assert (code, "deletion" in out) == (0, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--metric", "pointing"), "needs a mask"),
        (("--metric", "fidelty"), "Did you mean 'fidelity'?"),
        (("--metric", "deletion", "-s", "deletion.base=grey"), "'base' is not a parameter"),
        (("--metric", "deletion", "-s", "deletion=3"), "deletion.PARAMETER=VALUE"),
        (("--metric", "overlap", "--mask", "mask.png", "--mask", "mask.png"), "1 images and 2 masks"),
        (("--metric", "overlap", "--mask", "small.npy"), "the mask of 'photo.png' is 4 x 4, and the image 40 x 48"),
        (("--metric", "overlap", "--mask", "none.npy"), "is empty"),
        (("--metric", "overlap", "--mask", "absent.png"), "cannot be read"),
        (("--metric", "series_max_sensitivity"), "is for series, and this is image"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_the_model_is_asked(run, photo, mask, mine, tmp_path, options, told):
    np.save(tmp_path / "small.npy", np.eye(4))
    np.save(tmp_path / "none.npy", np.zeros((40, 48)))
    code, out, err = run("evaluate", photo, "-m", "mine:lost", *FEW, *options)
    assert (code, out) == (2, "")
    assert told in " ".join(err.split())


def test_what_fails_is_told_and_the_others_go_on(run, photo, mine):
    code, out, _ = run(
        "evaluate", photo, "-m", "mine:tires", "-n", "60", "--metric", "effort", "--metric", "stability",
        "-s", "segmenter.use=grid", "-s", "segmenter.rows=2", "-s", "segmenter.columns=2",
    )  # fmt: skip
    assert code == 1
    assert "predicted" in out
    assert "failed: stability for photo.png: RuntimeError: out of breath" in out
