"""The notebooks: executed as they stand, the same as their scripts, and small."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest


FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
NAMES = ["image_tutorial", "keras_h5_file", "regression", "submodular_pick", "table_mixed", "text_multiclass",
         "text_two_classes", "time_series", "two_classes_keras"]  # fmt: skip
NEEDS = {
    "submodular_pick": ("pandas", "palmerpenguins"),
    "table_mixed": ("pandas", "palmerpenguins"),
    "regression": ("pandas",),
    "time_series": ("pyts",),
    "keras_h5_file": ("keras",),
    "two_classes_keras": ("keras",),
}


def notebook(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def test_there_is_a_notebook_of_every_script():
    scripts = {path.stem for path in FOLDER.glob("*.py")} - {"make_notebooks"}
    assert scripts == {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_was_run_to_its_end_and_is_small(name):
    """Every cell of code ran in order, none failed or warned, and there is something to look at."""
    cells = [cell for cell in notebook(name)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert any({"image/png", "image/jpeg"} & set(output.get("data", {})) for output in outputs)
    assert (FOLDER / f"{name}.ipynb").stat().st_size < 400_000
    assert "<script" not in json.dumps(outputs)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_its_script(name):
    """Whoever changes a script makes the notebook anew."""
    pytest.importorskip("nbclient", reason="needs nbclient")
    spec = importlib.util.spec_from_file_location("make_notebooks", FOLDER / "make_notebooks.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook(name)["cells"]]
    assert cells == made.cells_of(FOLDER / f"{name}.py"), "run make_notebooks.py"


@pytest.mark.model
@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name, monkeypatch):
    """From top to bottom in a fresh kernel."""
    for library in ("nbformat", "nbclient", "ipykernel", *NEEDS.get(name, ())):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"needs {library}")
    import nbclient
    import nbformat

    monkeypatch.setenv("LIMEFW_SAMPLES", "40")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    opened = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbclient.NotebookClient(opened, timeout=600, resources={"metadata": {"path": str(FOLDER)}}).execute()
    assert all(cell.execution_count for cell in opened.cells if cell.cell_type == "code")
