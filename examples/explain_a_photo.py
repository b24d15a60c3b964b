"""Explain a photograph with a model of your own, in twenty lines: `python examples/explain_a_photo.py [PHOTO]`.

The "model" is a stand-in that anyone can check by eye: how green the middle of the picture is.
"""

import argparse
from pathlib import Path

import numpy as np

import limefw


def predict(batch: np.ndarray) -> np.ndarray:
    """Return (n, 2): not green, green, from the middle third of each picture."""
    height, width = batch.shape[1:3]
    middle = batch[:, height // 3 : 2 * height // 3, width // 3 : 2 * width // 3].astype(float) / 255
    green = middle[..., 1].mean(axis=(1, 2)) / (middle.sum(axis=3).mean(axis=(1, 2)) + 1e-9)
    return np.stack([1 - green, green], axis=1)


def main() -> None:
    """Explain, print and write a page."""
    parser = argparse.ArgumentParser(description="Explain a photograph with a model of your own.")
    parser.add_argument("photo", type=Path, nargs="?", default=limefw.sample(), help="default: a cat")
    photo = parser.parse_args().photo
    model = limefw.model(predict, classes=["not green", "green"])
    explanation = limefw.explain(photo, model, labels="green", segmenter={"use": "slic", "n_segments": 50}, samples=500)
    print(explanation.render("text").data)
    print("wrote", explanation.render("html").save("green.html"))


if __name__ == "__main__":
    main()
