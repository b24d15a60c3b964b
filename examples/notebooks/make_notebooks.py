"""Write the notebooks of this folder anew, executed: `python examples/notebooks/make_notebooks.py [NAME ...]`.

Each is made of the script beside it, whose cells begin with `# %%`, and those of text with `# %% [markdown]`.
"""

import argparse
import io
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


HERE = Path(__file__).parent
WIDEST = 760
"""Pixels that a picture in a notebook has at the most."""

MARKDOWN = " [markdown]"


def cells_of(script: Path) -> list[tuple[str, str]]:
    """Return the kind ("markdown" or "code") and the source of each cell of a script."""
    found = []
    for part in script.read_text(encoding="utf-8").split("# %%")[1:]:
        head, _, body = part.partition("\n")
        lines = body.strip("\n").splitlines()
        if head == MARKDOWN:
            found.append(("markdown", "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)))
        else:
            # a magic of IPython is a comment in a script
            found.append(("code", "\n".join(line.removeprefix("# ") if line[:3] == "# %" else line for line in lines)))
    return found


def written(script: Path) -> Any:
    """Return the notebook of a script, not executed."""
    make = {"markdown": new_markdown_cell, "code": new_code_cell}
    cells = [make[kind](source) for kind, source in cells_of(script)]
    for at, cell in enumerate(cells):
        cell["id"] = f"cell-{at}"  # the same whenever it is made
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def small(picture: str) -> str:
    """Return a PNG with at most 128 colours and WIDEST pixels in width."""
    from PIL import Image

    pixels = Image.open(io.BytesIO(b64decode(picture))).convert("RGB")
    if pixels.width > WIDEST:
        pixels = pixels.resize((WIDEST, round(pixels.height * WIDEST / pixels.width)), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    # k-means: without, pale tints become those of their neighbours
    pixels.quantize(128, Image.Quantize.MAXCOVERAGE, kmeans=3).save(data, "PNG", optimize=True)
    return b64encode(data.getvalue()).decode()


def tidy(notebook: Any) -> None:
    """Make pictures small, and forget when and how each cell ran, and TensorFlow's greeting."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = [it for it in cell.outputs if "absl::InitializeLog" not in it.get("text", "")]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = small(data["image/png"])
                data["text/plain"] = "a picture"
    notebook.metadata.pop("language_info", None)


def main() -> None:
    """Write, execute and tidy."""
    parser = argparse.ArgumentParser(description="Write and run notebooks of the .py files beside this one.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="without .py; default: all")
    names = parser.parse_args().names or [path.stem for path in sorted(HERE.glob("*.py")) if path != Path(__file__)]
    for name in names:
        notebook = written(HERE / f"{name}.py")
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(HERE)}}).execute()
        tidy(notebook)
        path = HERE / f"{name}.ipynb"
        nbformat.write(notebook, path)
        print(f"wrote {path.name}, {path.stat().st_size / 1e3:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
