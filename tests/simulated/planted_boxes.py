"""Black boxes of any number of segments, on which the intervals of designs are put to the test: one column for each.

- curved: the cube of the share of segments that are shown. Nearly a line, but for the instance and all hidden.
- smooth: exp of a sum.
- saturated: a detector that answers where most of the object's eight segments are shown.
- pairs: a sigmoid of a sum and of products of two.
- triples: a sum and products of three.
- AND of three: beside a small sum.
- XOR of three: nothing else.
- uneven: a sum, and a wild function of all segments where the first one is shown.
- AND of six: a rise that one row of 64 shows.
"""

import numpy as np


BOXES = (
    "curved", "smooth", "saturated", "pairs", "triples", "AND of three", "XOR of three", "uneven", "AND of six",
)  # fmt: skip


def planted(width):
    """Return a function from codes ``(n, width)`` to answers ``(n, boxes)``."""
    rng = np.random.default_rng(7)
    slopes = rng.normal(0, 1, width)
    slopes /= np.linalg.norm(slopes)
    twos = np.array([rng.choice(width, 2, replace=False) for _ in range(2 * width)])
    by_two = rng.normal(0, 1, 2 * width) / np.sqrt(2 * width)
    threes = np.array([rng.choice(width, 3, replace=False) for _ in range(2 * width)])
    by_three = rng.normal(0, 1, 2 * width) / np.sqrt(2 * width)
    wild = rng.normal(0, 1, width)
    size = min(8, width)
    detector = np.r_[np.linspace(1.3, 0.7, size), rng.normal(0, 0.12, width - size)]
    threshold = detector[size:].sum() / 2 + 0.82 * size

    def answers(codes):
        shown = codes.astype(np.float64)
        signs = 2 * shown - 1
        line = signs @ slopes
        together = signs[:, twos].prod(axis=2) @ by_two
        return np.column_stack(
            [
                shown.mean(axis=1) ** 3,
                np.exp(line),
                sigmoid(2.2 * (shown @ detector - threshold)),
                sigmoid(line + together),
                line + signs[:, threes].prod(axis=2) @ by_three,
                shown[:, :3].prod(axis=1) + 0.3 * line,
                shown[:, :3].sum(axis=1) % 2,
                shown[:, 0] * np.sin(2 * signs @ wild) + 0.3 * line,
                shown[:, :6].prod(axis=1),
            ]
        )

    return answers


def sigmoid(values):
    return 1 / (1 + np.exp(-values))
