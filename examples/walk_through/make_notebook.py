"""Write walk_through.ipynb anew: the steps of walk_through.py with what there is to say of them, executed.

`python examples/walk_through/make_notebook.py`. The functions in its cells are those of the script, word for word.
"""

import argparse
import inspect
import io
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import nbformat
import walk_through as steps
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


HERE = Path(__file__).parent
WIDEST = 900
"""Pixels that a picture in the notebook has at the most."""

IMPORTS = """\
%matplotlib inline
import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import walk_through as look  # its show_... functions draw what a step made

import limefw
from limefw.modalities.compose import preprocess
from limefw.modalities.frame import Frame
from limefw.pipeline import stream"""

Cell = str | tuple[list[Any], str]
CELLS: list[Cell] = [
    ("# LIME for images, step by step\n\n"
    "Which parts of a photograph made a network say what it says? Nine steps lead to the answer. Each is a short "
    "function made of limefw's pieces; run it, look at what it makes, change a number and run it again. The recipe "
    "holds every number: quickshift with `kernel_size=10, max_dist=15, ratio=0.7`, 300 perturbed images, each "
    "superpixel kept with probability 1/2, hidden ones black, weights from the cosine between pixels, a linear model "
    "without a penalty."),
    ([], (f'{IMPORTS}\n\nsamples = int(os.environ.get("LIMEFW_SAMPLES", "300"))\n'
     'recipe = limefw.build("walk_through.toml", samples=samples)'
         '\n{name: str(stage) for name, stage in recipe.stages.items()}')),
    ("## Steps 1, 2 and 3: preprocess, select the image, choose the model\n\n"
    "A network wants its input in one size, with its colours in one order and its numbers in one range. limefw calls "
    "this the model's *contract*. Here: EfficientNet-Lite0, 224 x 224, RGB, (pixel - 127) / 128. With a file of "
    "torchvision's weights of InceptionV3, `choose_model(Path(\"inception_v3.pth\"))` takes that network and its "
    "contract instead (299 x 299, mean and spread of ImageNet); nothing else changes."),
    ([steps.prepare], ""),
    ([steps.select], 'photo = select(limefw.sample())  # or Path("your.jpg")\nphoto.shape, photo.pixels.dtype'),
    ([steps.choose_model], "model = choose_model()\nmodel.contract"),
    ([], "image, ready = prepare(photo, model.contract)\nlook.show_preparation(photo, image, ready)"),
    "What does the network say of it?",
    ([], "answers = model.head.columns(np.asarray(model.predict(ready[None])))[0]\nlook.show_answers(model, answers)"),
    "## Step 4: perturb\n\nFirst the image is cut into superpixels: neighbouring pixels of like colour.",
    ([steps.superpixels], "segments = superpixels(recipe, image)\nlook.show_superpixels(image, segments)"),
    ("Then a coin is thrown for each superpixel, again and again. The first row shows everything: it is the image "
    "itself. Here are the first eight."),
    ([steps.perturb], "draws, composer = perturb(recipe, image, segments)\nlook.show_samples(draws, composer)"),
    ("## Step 5: predict\n\nThe network is asked about every perturbed image. Some leave it as sure as the whole image "
    "did, others leave nothing of the cat."),
    ([steps.predict],
     ("probabilities = predict(model, composer, draws)\ntop = np.argsort(-probabilities[0])[:2]  # top-1 and top-2\n"
     "names = [model.classes[at] for at in top]\n"
     'told = [f"{names[0]} {probability:.2f}" for probability in probabilities[:, top[0]]]\n'
     "look.show_samples(draws, composer, told)")),
    ("## Step 6: interpretable features\n\nFrom here on nobody looks at pixels: a perturbed image is a row of zeros "
    "and ones, with the two probabilities that the network gave it, and a weight. The more a perturbed image looks "
    "like the original, the more it counts: the weight is the cosine between the two as long vectors of pixels."),
    ([steps.interpretable],
     "around = interpretable(recipe, draws, composer, probabilities[:, top])\nlook.show_features(around, names)"),
    ("## Step 7: interpretable model\n\nA model that anyone can read is fitted to these rows: a sum of effects, or a "
    "decision tree. Points on the dashed line are perturbed images of which it is right."),
    ([steps.fit],
     ('as_tree = limefw.build(recipe, surrogate="tree")\n'
     'fits = {"linear model": fit(recipe, around), "decision tree": fit(as_tree, around)}\n'
     "look.show_fits(around, fits, names)")),
    ("## Step 8: explain\n\n`limefw.explain` does all of this in one call, and adds how far to trust it. By hand or in "
    "one call: the effects are the same."),
    ([steps.explain],
     ("cache = {}\nexplanation = explain(recipe, photo, model, cache)\n"
     'for by_hand, label in zip(fits["linear model"], explanation.labels):\n'
     "    apart = np.abs(by_hand.effects - explanation.fit(label).effects).max()\n"
     '    print(f"{explanation.names[label]}: largest difference {apart:.0e}")\n'
     "    for effect in explanation.top(3, label):\n"
     '        print(f"    {effect.name}: {effect.effect:+.3f} ± {1.96 * effect.standard_error:.3f}")')),
    "## Step 9: visualise\n\nThe three strongest superpixels on black, for top-1 ...",
    ([steps.visualise], ("first, second = (visualise(explanation, label) for label in explanation.labels)\n"
                        'first["three strongest"]')),
    "... and for top-2:",
    ([], 'second["three strongest"]'),
    "The heat map has every superpixel: green speaks for the class, red against it.",
    ([], 'first["heat map"]'),
    ([], 'second["heat map"]'),
    ("The same in words. They end with reasons for doubt: for the whole image the line says more than 1, which no "
    "probability is, and the network without the three strongest superpixels is not what the line foresaw."),
    ([], 'print(first["sentences"].data)'),
    "And the decision tree of step 7, drawn: the answers were kept, so it costs no further call of the network.",
    ([], 'explain(as_tree, photo, model, cache).render({"use": "tree", "depth": 3})'),
    ('## Your turn\n\nOther superpixels: `recipe = limefw.build(recipe, segmenter={"use": "slic", "n_segments": '
    '50})`. Hidden ones grey: `filler="mean_color"`. Then run from step 4 on.'),
]  # fmt: skip


def source(function: Any) -> str:
    """Return a function as its file has it."""
    return inspect.getsource(function).rstrip()


def written() -> Any:
    """Return the notebook, not executed."""
    cells = []
    for at, cell in enumerate(CELLS):
        if isinstance(cell, str):
            made = new_markdown_cell(cell)
        else:
            made = new_code_cell("\n\n\n".join(filter(None, [*map(source, cell[0]), cell[1]])))
        made["id"] = f"cell-{at}"  # the same whenever it is made
        cells.append(made)
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def small(picture: str) -> str:
    """Return a PNG with at most 256 colours and WIDEST pixels in width: what a reader sees is the same."""
    from PIL import Image

    pixels = Image.open(io.BytesIO(b64decode(picture))).convert("RGB")
    if pixels.width > WIDEST:
        pixels = pixels.resize((WIDEST, round(pixels.height * WIDEST / pixels.width)), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    # k-means: without, pale tints become those of their neighbours
    pixels.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3).save(data, "PNG", optimize=True)
    return b64encode(data.getvalue()).decode()


def tidy(notebook: Any) -> None:
    """Make pictures small, and forget when and how each cell ran."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = small(data["image/png"])
                data["text/plain"] = "a picture"
    notebook.metadata.pop("language_info", None)


def main() -> None:
    """Write, execute and tidy."""
    argparse.ArgumentParser(description="Write and run walk_through.ipynb.").parse_args()
    notebook = written()
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(HERE)}}).execute()
    tidy(notebook)
    nbformat.write(notebook, HERE / "walk_through.ipynb")
    print(f"wrote walk_through.ipynb, {(HERE / 'walk_through.ipynb').stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
