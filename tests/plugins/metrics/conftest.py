"""Black boxes of which everything is known: functions of which segments are shown."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import limefw
from limefw.evaluation.replay import Replay


@dataclass
class Planted:
    """An image whose segments a model can tell apart, and that model."""

    labels: Any
    function: Any
    asked: int = 0

    @property
    def count(self):
        return int(self.labels.max()) + 1

    @property
    def image(self):
        return limefw.Image(np.where(np.arange(3) < 2, 200, 100) * np.ones((*self.labels.shape, 1), np.uint8), (0, 255))

    def __call__(self, batch):
        """Say of each image what the function says of the segments that are not black."""
        self.asked += len(batch)
        shown = np.stack([batch[:, self.labels == at].mean(axis=(1, 2)) > 100 for at in range(self.count)], axis=1)
        return np.asarray(self.function(shown), dtype=np.float64)[:, None]

    @property
    def model(self):
        return limefw.model(self, task="regression")

    def explained(self, **settings):
        labels = self.labels
        whole = {
            "segmenter": lambda _image, _rng: limefw.Segments.from_labels(labels),
            "filler": {"use": "constant", "value": 0.0}, "sampler": {"use": "bernoulli", "enumerate_small": False},
            "surrogate": {"use": "ridge", "alpha": 0.0}, "samples": 300, "what_if": 0, **settings,
        }  # fmt: skip
        return limefw.explain(self.image, self.model, recipe="lime", **whole)

    def game(self, explanation, mask=None, **recipe):
        settled = limefw.build(
            **{
                "filler": {"use": "constant", "value": 0.0},
                "sampler": {"use": "bernoulli", "enumerate_small": False},
                "surrogate": {"use": "ridge", "alpha": 0.0},
                "samples": 300,
                **recipe,
            }
        )
        return Replay(explanation, settled, self.model, limefw.registry(), mask)


def checkerboard(rows, columns, size=6):
    row, column = np.indices((rows * size, columns * size))
    return row // size * columns + column // size


@pytest.fixture
def planted():
    """Return what makes a planted black box of a function and a label map (or a number of equal segments)."""

    def make(function, labels=(3, 4)):
        return Planted(checkerboard(*labels) if isinstance(labels, tuple) else labels, function)

    return make


@pytest.fixture
def with_effects():
    """Return what puts other effects in an explanation's place."""

    def change(explanation, effects):
        number = explanation.labels[0]
        fit = replace(explanation.fits[number], effects=np.asarray(effects, dtype=np.float64))
        return replace(explanation, fits={**explanation.fits, number: fit})

    return change


@pytest.fixture
def run():
    """Return what calls a metric as `evaluate` does, by name."""

    def call(name, explanation, game, seed=0, **params):
        from limefw.stage import Stage

        stage = Stage.of("metrics", limefw.registry().get("metrics", name), params)
        return dict(stage(explanation, game, np.random.default_rng(seed)))

    return call
