"""Black boxes of codes: a picture of one pixel a segment, 1 where it shows and 0 where it is hidden."""

import numpy as np
import pytest

import limefw


@pytest.fixture
def explained():
    """Return what explains a function of ``(n, d)`` codes."""

    def explain(box, width, *, task="regression", **stages):
        def cut(_image, _rng, /):
            return limefw.Segments.from_labels(np.arange(width)[None].repeat(2, axis=0))

        return limefw.explain(
            limefw.Image(np.ones((2, width, 1)), (0.0, 1.0)),
            limefw.model(lambda batch: box(batch[:, 0, :, 0]), task=task),
            segmenter=cut,
            filler={"use": "constant", "value": 0.0},
            **{"kernel": "flat", "what_if": 0, "labels": [0] if task == "regression" else [1], **stages},
        )

    return explain
