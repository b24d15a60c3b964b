"""Train a small network on two classes of pictures, then ask which part of an unseen picture made its class.

`python examples/two_classes/two_classes.py [--data FOLDER]`: the folder has two folders of pictures in it, such as
horses and humans; without one, the network learns faces from 200 small pictures that come with scikit-image.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import limefw


HERE = Path(__file__).parent
FACES = HERE / "two_classes.toml"
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
CENTRE = slice(5, 20)
"""Lines and columns of a 25 x 25 face that eyes, nose and mouth are in: 36 % of the picture."""


@dataclass(frozen=True)
class Pictures:
    """Pictures ``(n, h, w, c)`` of bytes, the class of each (0 or 1), and the names of both classes."""

    pixels: np.ndarray
    classes: np.ndarray
    names: list[str]

    def take(self, rows: np.ndarray) -> "Pictures":
        """Return some of them."""
        return Pictures(self.pixels[rows], self.classes[rows], self.names)


def faces() -> Pictures:
    """Return the 100 faces and 100 other pictures that come with scikit-image (from Labelled Faces in the Wild)."""
    from skimage.data import lfw_subset

    pixels = np.rint(lfw_subset() * 255).astype(np.uint8)[..., None]
    return Pictures(pixels, np.repeat([1, 0], 100), ["no face", "face"])


def folder(path: Path, size: int) -> Pictures:
    """Return the pictures of the two folders in a folder, each `size` pixels a side; the folders name the classes."""
    from PIL import Image

    if not path.is_dir():
        raise SystemExit(f"there is no folder {path}")
    kinds = sorted(each for each in path.iterdir() if each.is_dir())
    if len(kinds) != 2:
        raise SystemExit(f"{path} must have two folders in it, one for each class, and has {len(kinds)}")
    files = [(file, at) for at, kind in enumerate(kinds) for file in sorted(kind.rglob("*"))]
    files = [(file, at) for file, at in files if file.suffix.lower() in SUFFIXES]
    if min(np.bincount([at for _, at in files], minlength=2)) < 10:
        raise SystemExit(f"each of the two folders in {path} must hold at least 10 pictures ({', '.join(SUFFIXES)})")
    pixels = [np.asarray(Image.open(file).convert("RGB").resize((size, size))) for file, _ in files]
    return Pictures(np.stack(pixels), np.array([at for _, at in files]), [kind.name for kind in kinds])


def split(pictures: Pictures, seed: int) -> tuple[Pictures, Pictures]:
    """Return three quarters to learn from and a quarter that the network never sees, of each class alike."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(pictures.classes == kind)) for kind in (0, 1)]
    cuts = [3 * len(each) // 4 for each in rows]
    seen = np.concatenate([each[:cut] for each, cut in zip(rows, cuts, strict=True)])
    unseen = np.concatenate([each[cut:] for each, cut in zip(rows, cuts, strict=True)])
    return pictures.take(seen), pictures.take(unseen)


def network(shape: Sequence[int]) -> Any:
    """Return a Sequential network of four convolutions, which reads bytes and answers with two probabilities."""
    from keras import Input, Sequential, layers

    convolution = {"kernel_size": 3, "padding": "same", "activation": "relu"}
    return Sequential([
        Input(shape),
        layers.Rescaling(1 / 127.5, offset=-1.0),
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.1, 0.1),
        layers.Conv2D(16, **convolution),
        layers.MaxPooling2D(),
        layers.Conv2D(32, **convolution),
        layers.MaxPooling2D(),
        layers.Conv2D(64, **convolution),
        layers.MaxPooling2D(),
        layers.Conv2D(64, **convolution),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.3),
        layers.Dense(2, activation="softmax"),
    ])  # fmt: skip


def train(seen: Pictures, unseen: Pictures, epochs: int, seed: int) -> tuple[Any, dict[str, list[float]]]:
    """Return the trained network and how it did after each epoch; progress is printed, a line for each."""
    import keras

    keras.utils.set_random_seed(seed)
    model = network(seen.pixels.shape[1:])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    test = (unseen.pixels, unseen.classes)
    told = model.fit(seen.pixels, seen.classes, validation_data=test, epochs=epochs, batch_size=16, verbose=2)
    return model, {name: [float(value) for value in values] for name, values in told.history.items()}


def draw_training(history: dict[str, list[float]], path: Path) -> None:
    """Draw the accuracy after each epoch, on the pictures learned from and on the unseen ones."""
    from matplotlib.figure import Figure

    figure = Figure((6, 3.2), layout="constrained")
    axes = figure.subplots()
    epochs = range(1, len(history["accuracy"]) + 1)
    axes.plot(epochs, history["accuracy"], label="pictures it learns from", color="#999999")
    axes.plot(epochs, history["val_accuracy"], label="unseen pictures", color="#1a7f37")
    axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0.4, 1.02), title="Training")
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=100)


def choose(unseen: Pictures, each: int) -> np.ndarray:
    """Return rows of the unseen pictures: `each` of either class, those with most to see in them, class 1 first."""
    steps = np.abs(np.diff(unseen.pixels.astype(float), axis=1))
    order = np.argsort(-np.minimum(steps, 40).mean(axis=(1, 2, 3)), kind="stable")
    return np.concatenate([order[unseen.classes[order] == kind][:each] for kind in (1, 0)])


def central_share(explanation: limefw.Explanation) -> float:
    """Return which part of the positive weight, spread over the pixels of its segments, is in the middle of a face."""
    positive = np.clip(explanation.values, 0, None)
    return float(positive[CENTRE, CENTRE].sum() / positive.sum()) if positive.any() else 0.0


def displays(explanation: limefw.Explanation) -> list[tuple[str, np.ndarray]]:
    """Return a picture and its explanation as lime's users know it, in colour and large enough to see."""
    from skimage.morphology import dilation, disk
    from skimage.segmentation import find_boundaries

    times = max(1, 300 // max(explanation.instance.shape))
    photo, mask = (_enlarged(each, times) for each in explanation.mask(positive_only=True, num_features=5))
    alone, _ = explanation.mask(positive_only=True, num_features=5, hide_rest=True)
    both = _enlarged(explanation.mask(positive_only=False, num_features=5)[1], times)
    tinted = photo.copy()
    for sign, color in ((1, (0.0, 0.75, 0.2)), (-1, (0.9, 0.1, 0.1))):
        tinted[both == sign] = 0.55 * tinted[both == sign] + 0.45 * np.array(color)
    line = photo.copy()
    # beyond the picture is nothing, so that the line is closed at its edge too
    line[dilation(find_boundaries(np.pad(mask, 1), mode="inner"), disk(2))[1:-1, 1:-1]] = (1.0, 0.9, 0.0)
    return [("unseen picture", photo), ("the 5 parts that\nspeak most for it", line),
            ("those alone", _enlarged(alone, times)),
            ("the 5 strongest parts:\ngreen for, red against", tinted)]  # fmt: skip


def _enlarged(array: np.ndarray, times: int) -> np.ndarray:
    """Return a mask, or pixels as colours from 0 to 1, with each pixel `times` as wide and high."""
    large = np.repeat(np.repeat(array, times, axis=0), times, axis=1)
    if large.ndim == 2:
        return large
    return np.repeat(large / 255.0, 3 // large.shape[2], axis=2)


def sheet(explanations: Sequence[limefw.Explanation]) -> Any:
    """Draw a row for each explanation: the picture, what speaks for its class, that alone, and both sides."""
    from matplotlib.figure import Figure

    figure = Figure((8.4, 2.15 * len(explanations) + 0.4), layout="constrained")
    rows = figure.subplots(len(explanations), 4, squeeze=False)
    for at, (row, explanation) in enumerate(zip(rows, explanations, strict=True)):
        shown = displays(explanation)
        for axes, (title, pixels) in zip(row, shown, strict=True):
            axes.imshow(pixels)
            axes.set(xticks=[], yticks=[])
            if title == "those alone" and not pixels.any():
                middle = {"ha": "center", "va": "center", "transform": axes.transAxes}
                axes.text(0.5, 0.5, "no part\ndoes by itself", color="white", **middle)
            if at == 0:
                axes.set_title(title, fontsize=10)
        name = explanation.names[explanation.labels[0]]
        probability = 1 / (1 + np.exp(-explanation.prediction()))
        row[0].set_ylabel(f"{name} {probability:.2f}", fontsize=12, fontweight="bold")
    return figure


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train, save, explain; write the pictures and return the figures."""
    out = arguments.out
    pictures = faces() if arguments.data is None else folder(arguments.data, arguments.size)
    out.mkdir(parents=True, exist_ok=True)
    seen, unseen = split(pictures, arguments.seed)
    model, history = train(seen, unseen, arguments.epochs, arguments.seed)
    model.save(out / "two_classes.keras")
    draw_training(history, out / "training.png")
    accuracy = history["val_accuracy"][-1]
    print(f"accuracy on {len(unseen.classes)} unseen pictures: {accuracy:.3f}")

    recipe = "horse-or-human" if arguments.data else FACES
    saved = limefw.model(out / "two_classes.keras", classes=pictures.names)
    wishes = {} if arguments.samples is None else {"samples": arguments.samples}
    explainer = limefw.Explainer(saved, recipe=recipe, overrides=wishes)
    found = [explainer(unseen.pixels[row]) for row in choose(unseen, arguments.explain)]
    sheet(found).savefig(out / "explanations.png", dpi=100)
    figures = {"accuracy": accuracy, "explained": [each.names[each.labels[0]] for each in found]}
    if arguments.data is None:
        figures |= on_the_face(explainer, unseen, arguments.measure)
        print("share of positive weight in the middle of {faces} unseen faces: {share:.2f}; by chance it would be "
              "{chance:.2f}; above chance: {above}".format(**figures))  # fmt: skip
    (out / "figures.json").write_text(json.dumps(figures, indent=1))
    print(f"wrote {out}/explanations.png, training.png, two_classes.keras, figures.json")
    return figures


def on_the_face(explainer: limefw.Explainer, unseen: Pictures, most: int) -> dict[str, Any]:
    """Measure how much of what speaks for "face" lies in the middle of unseen faces."""
    rows = np.flatnonzero(unseen.classes == 1)[:most]
    shares = [central_share(explainer(unseen.pixels[row], labels="face")) for row in rows]
    chance = (CENTRE.stop - CENTRE.start) ** 2 / unseen.pixels[0].size
    return {
        "faces": len(shares),
        "share": float(np.mean(shares)),
        "chance": chance,
        "above": sum(share > chance for share in shares),
        "shares": [round(share, 3) for share in shares],
    }


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="a folder with two folders of pictures in it")
    parser.add_argument("--size", type=int, default=128, help="pixels a side that pictures of --data are brought to")
    parser.add_argument("--epochs", type=int, default=15, help="30 suit larger pictures")
    parser.add_argument("--explain", type=int, default=3, help="unseen pictures of either class to explain")
    parser.add_argument("--samples", type=int, help="of each explanation, instead of the recipe's number")
    parser.add_argument("--measure", type=int, default=25, help="unseen faces to measure on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("limefw-out/two_classes"))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter; it is imported later
    run(parsed())
