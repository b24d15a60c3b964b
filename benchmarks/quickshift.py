"""Does quickshift take at most half of scikit-image's time, and on which photographs?

Both cut the photographs of scikit-image that come with it, resized, in turn, with equal labels (compared each time),
on one thread; CPU times, medians. Lime's settings but for the size of the kernel. Where Numba is installed it is
measured as loaded: as after the first seconds' work. With --numpy, as without it.

    OMP_NUM_THREADS=1 python benchmarks/quickshift.py [--sizes 224 299] [--kernels 4 2 1] [--repeats N] [--numpy]
        [--check]
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from overhead import Row, Table, Target, interleaved, ratio
from PIL import Image as Pillow
from skimage import data
from skimage.segmentation import quickshift as theirs

import limefw
from limefw.modalities.image import Image
from limefw.types import Labels
from limefw_plugins.segmenters import _modes


PHOTOGRAPHS = ("chelsea", "astronaut", "coffee", "rocket", "immunohistochemistry", "retina")
PROMISED = 0.5


def photographs() -> dict[str, NDArray[np.uint8]]:
    """Return those that are there: some are downloaded by scikit-image where it can."""
    found = {}
    for name in PHOTOGRAPHS:
        try:
            found[name] = getattr(data, name)()[..., :3]
        except Exception as error:  # noqa: BLE001 - whatever stops a download
            print(f"without {name}: {error}", file=sys.stderr)
    return found


def beside(image: Image, kernel_size: float, repeats: int) -> tuple[float, float, float]:
    """Return limefw's and scikit-image's milliseconds, and their ratio.

    Raises:
        AssertionError: where the labels differ.
    """
    stage = limefw.build(segmenter={"use": "quickshift", "kernel_size": kernel_size, "least": 1}).stages["segmenter"]
    found: dict[str, Labels] = {}
    rng = np.random.default_rng(0)

    def keep(name: str, cut: Callable[[], Any]) -> None:
        found[name] = cut()

    settings = {"kernel_size": kernel_size, "max_dist": 200.0, "ratio": 0.2, "rng": 42}
    tasks = {
        "ours": partial(keep, "ours", lambda: stage(image, rng).labels),
        "theirs": partial(keep, "theirs", lambda: theirs(image.unit(), **settings)),
    }
    times = interleaved(tasks, repeats)
    np.testing.assert_array_equal(found["ours"], found["theirs"])
    ours, other = (float(np.median(times[name])) for name in tasks)
    return ours, other, ratio(times["ours"], times["theirs"])


def table(sizes: Sequence[int], kernels: Sequence[float], repeats: int) -> Table:
    """Return a row for each size and kernel."""
    rows: list[Row] = []
    targets: list[Target] = []
    photos = photographs()
    for size in sizes:
        resized = {
            name: Image(np.asarray(Pillow.fromarray(photo).resize((size, size))), (0, 255))
            for name, photo in photos.items()
        }
        for kernel_size in kernels:
            taken = {name: beside(image, kernel_size, repeats) for name, image in resized.items()}
            ours, other, ratios = (np.array(column) for column in zip(*taken.values(), strict=True))
            rows.append({
                "photograph": f"{size} x {size}",
                "kernel size": f"{kernel_size:g}",
                "limefw, CPU ms": f"{ours.min():.3g} - {ours.max():.3g}",
                "scikit-image, CPU ms": f"{other.min():.3g} - {other.max():.3g}",
                **{name: f"{one:.2f}" for name, one in zip(taken, ratios, strict=True)},
            })  # fmt: skip
            targets.append(Target(f"{size} x {size}, kernel size {kernel_size:g}", float(ratios.max()), PROMISED))
    way = "Numba" if _modes.spent.pairs > 0 and _modes.compiled() else "NumPy"
    return Table(f"quickshift by {way}", f"Ratios of CPU times, {repeats} rounds in turn, equal labels.", rows, targets)


def main() -> int:
    """Print the table; with --check, end with 1 where a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[224, 299])
    parser.add_argument("--kernels", type=float, nargs="+", default=[4.0, 2.0, 1.0])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--numpy", action="store_true")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    _modes.spent.pairs = -math.inf if asked.numpy else math.inf
    found = table(asked.sizes, asked.kernels, asked.repeats)
    print(found.markdown())
    return int(asked.check and not all(target.met for target in found.targets))


if __name__ == "__main__":
    sys.exit(main())
