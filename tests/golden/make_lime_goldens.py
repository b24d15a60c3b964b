"""Freeze image explanations made by lime 0.2.0.1 as golden data.

Run it where ``lime==0.2.0.1`` and ``scikit-image`` are installed::

    python tests/golden/make_lime_goldens.py

It writes ``lime_image.npz`` (arrays, no pickle) and ``lime_image.json`` (the
list of cases and what the arrays mean) next to itself, so the tests that read
them need neither package.  Every figure comes from lime's own code, end to
end: the script only watches what lime hands to the model and to its surrogate.

Arrays are shared.  ``<image>/...`` belongs to an image, ``<image>/<hide>/...``
to an image with a hide colour (a *neighbourhood*), and the ``grid/...`` and
``lasso/...`` tables have one row per case of the JSON lists of the same name.
Rows of ``ids`` and ``coefs`` are padded at the end with -1 and NaN.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from lime import lime_image
from numpy.typing import NDArray
from skimage.data import chelsea
from skimage.segmentation import slic
from skimage.transform import resize


FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Image = NDArray[Any]
Result = tuple[float, list[tuple[int, float]], float, FloatArray]

LIME_VERSION = "0.2.0.1"
ALL_FEATURES = 100_000
N_CLASSES = 4
TOP_LABELS = 2
CONTRAST_HALF = 0.002
BATCH_SIZE = 10
HIDE_COLORS: dict[str, int | None] = {"mean": None, "zero": 0}
GRID: tuple[tuple[str, int], ...] = (
    ("none", ALL_FEATURES),
    ("forward_selection", 5),
    ("highest_weights", 5),
    ("auto", 5),
    ("auto", ALL_FEATURES),
)
LASSO: tuple[tuple[str, int], ...] = (("lasso_path", 5), ("lasso_path", 12))
STORED_ROWS = (1, 2, 3, 4, -1)
JITTER = 1e-8
OUT = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Subject:
    """An image to explain, its segments (0..d-1) and its sampling plan."""

    name: str
    image: Image
    labels: IntArray
    seed: int
    samples: int

    @property
    def segments(self) -> int:
        return int(self.labels.max()) + 1


class SegmentModel:
    """A smooth, deterministic classifier that no additive surrogate fits.

    Each segment has a grey mean and a contrast; painting it in its mean colour
    takes the contrast away.  Scores are saturating sums of both, products with
    the next segment's contrast and a sine of the total; softmax makes them
    probabilities.
    """

    def __init__(self, subject: Subject) -> None:
        rng = np.random.default_rng(subject.seed)
        d = subject.segments
        members = (subject.labels.ravel()[:, None] == np.arange(d)).astype(np.float64)
        self._average = members / members.sum(axis=0)
        self._scale = 255.0 if subject.image.dtype == np.uint8 else 1.0
        self._single = rng.normal(size=(2 * d, N_CLASSES)) / np.sqrt(d)
        self._pair = rng.normal(size=(d, N_CLASSES)) * 3 / np.sqrt(d)
        self._wave = rng.uniform(4, 9, size=N_CLASSES)

    def __call__(self, images: Image) -> FloatArray:
        grey = images.mean(axis=3).reshape(len(images), -1) / self._scale
        means = grey @ self._average
        spread = np.maximum((grey * grey) @ self._average - means * means, 0)
        contrast = spread / (spread + CONTRAST_HALF)
        score = 2 * np.tanh(np.hstack([means, contrast]) @ self._single)
        score += (contrast * np.roll(contrast, 1, axis=1)) @ self._pair
        score += np.sin(self._wave * contrast.mean(axis=1, keepdims=True))
        odds = np.exp(score - score.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


@dataclass
class Run:
    """What lime showed to the model and gave to its surrogate in one call."""

    images: list[Image] = field(default_factory=list)
    fits: dict[int, Result] = field(default_factory=dict)
    codes: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    targets: FloatArray = field(default_factory=lambda: np.empty(0))
    distances: FloatArray = field(default_factory=lambda: np.empty(0))
    fudged: Image = field(default_factory=lambda: np.empty(0))


def block_subject() -> Subject:
    """A noisy uint8 image with 16 square segments, their ids shuffled."""
    rng = np.random.default_rng(11)
    tiles = rng.permutation(16).reshape(4, 4)
    base = rng.integers(30, 226, size=(16, 3))
    labels = np.kron(tiles, np.ones((8, 8), dtype=np.int64))
    noise = rng.integers(-30, 31, size=(32, 32, 3))
    image = (base[labels] + noise).astype(np.uint8)
    return Subject("blocks", image, labels, seed=3, samples=207)


def cell_subject() -> Subject:
    """A float64 image in 0..1 with 40 Voronoi cells.

    Its values are multiples of 1/256, so segment sums are exact in any order.
    """
    rng = np.random.default_rng(12)
    shape = (40, 48)
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    cells = np.stack(np.meshgrid(np.arange(5), np.arange(8), indexing="ij"), -1)
    seeds = cells.reshape(-1, 2) * (8, 6) + rng.uniform(1, (7, 5), size=(40, 2))
    seeds = rng.permutation(seeds)
    gaps = np.linalg.norm(grid[:, :, None] - seeds, axis=-1)
    labels = gaps.argmin(axis=-1).astype(np.int64)
    base = rng.integers(20, 237, size=(40, 3))
    image = (base[labels] + rng.integers(-16, 17, size=(*shape, 3))) / 256
    return Subject("cells", image, labels, seed=5, samples=300)


def photo_subject() -> Subject:
    """A 64x64 uint8 photo with slic segments renumbered from 0."""
    small = resize(chelsea(), (64, 64), anti_aliasing=True)
    image = np.rint(small * 255).astype(np.uint8)
    found = slic(image, n_segments=30, compactness=10, start_label=0)
    _, flat = np.unique(found, return_inverse=True)
    labels = flat.reshape(found.shape).astype(np.int64)
    return Subject("chelsea", image, labels, seed=7, samples=253)


def run_lime(subject: Subject, hide_color: int | None, selection: str, count: int) -> Run:
    """Explain `subject` with lime and record the neighbourhood and the fits."""
    run = Run()
    model = SegmentModel(subject)
    explainer = lime_image.LimeImageExplainer(feature_selection=selection, random_state=subject.seed)
    fit: Callable[..., Result] = explainer.base.explain_instance_with_data
    make_data = explainer.data_labels

    def record_fit(
        data: IntArray,
        targets: FloatArray,
        distances: FloatArray,
        label: int,
        num_features: int,
        **options: Any,
    ) -> Result:
        result = fit(data, targets, distances, label, num_features, **options)
        run.codes, run.targets, run.distances = data == 1, targets, distances
        run.fits[int(label)] = result
        rng = np.random.default_rng(0)
        for _ in range(3):
            noise = 1 + JITTER * rng.uniform(-1, 1, size=targets.shape)
            again = fit(data, targets * noise, distances, label, num_features, **options)
            if [i for i, _ in again[1]] != [i for i, _ in result[1]]:
                raise RuntimeError(f"near tie: {subject.name} {selection} {count}")
        return result

    def record_data(image: Image, fudged_image: Image, *rest: Any, **options: Any) -> tuple[IntArray, FloatArray]:
        run.fudged = fudged_image.copy()
        data: tuple[IntArray, FloatArray] = make_data(image, fudged_image, *rest, **options)
        return data

    def predict(images: Image) -> FloatArray:
        run.images.extend(images.copy())
        return model(images)

    with (
        mock.patch.object(explainer.base, "explain_instance_with_data", record_fit),
        mock.patch.object(explainer, "data_labels", record_data),
        mock.patch.object(lime_image, "tqdm", iter),
    ):
        explanation = explainer.explain_instance(
            subject.image,
            predict,
            hide_color=hide_color,
            top_labels=TOP_LABELS,
            num_features=count,
            num_samples=subject.samples,
            batch_size=BATCH_SIZE,
            segmentation_fn=lambda _: subject.labels,
        )
    if sorted(run.fits) != sorted(map(int, explanation.top_labels)):
        raise RuntimeError("lime did not fit its top labels")
    return run


def subject_arrays(subject: Subject, run: Run) -> Iterator[tuple[str, Any]]:
    """Yield the arrays that every neighbourhood of `subject` shares."""
    yield "image", subject.image
    yield "labels", subject.labels.astype(np.uint8)
    yield "codes", np.packbits(run.codes, axis=1)
    yield "distances", run.distances


def neighbourhood_arrays(run: Run) -> Iterator[tuple[str, Any]]:
    """Yield the arrays of one image with one hide colour."""
    rows = np.arange(len(run.images))[list(STORED_ROWS)]
    yield "targets", run.targets
    yield "fudged", run.fudged
    yield "perturbed_rows", rows
    yield "perturbed", np.stack([run.images[row] for row in rows])


def add_shared(arrays: dict[str, Any], key: str, value: Any) -> None:
    """Store `value`, or check that lime made the same one again."""
    if key in arrays:
        np.testing.assert_array_equal(arrays[key], value)
    arrays[key] = value


def result_table(fits: list[Result], width: int) -> Iterator[tuple[str, Any]]:
    """Yield lime's results with one row per case."""
    ids = np.full((len(fits), width), -1, dtype=np.int16)
    coefs = np.full((len(fits), width), np.nan)
    for row, (_, pairs, _, _) in enumerate(fits):
        ids[row, : len(pairs)] = [feature for feature, _ in pairs]
        coefs[row, : len(pairs)] = [weight for _, weight in pairs]
    yield "ids", ids
    yield "coefs", coefs
    yield "intercept", np.array([fit[0] for fit in fits])
    yield "score", np.array([fit[2] for fit in fits])
    yield "local_pred", np.array([fit[3].item() for fit in fits])


def capture(
    subjects: list[Subject], plan: tuple[tuple[str, int], ...], arrays: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[Result]]:
    """Run lime over `plan`, add shared arrays, return the cases and results."""
    cases: list[dict[str, Any]] = []
    fits: list[Result] = []
    for subject in subjects:
        for hide, color in HIDE_COLORS.items():
            for selection, count in plan:
                run = run_lime(subject, color, selection, count)
                place = f"{subject.name}/{hide}"
                for key, value in subject_arrays(subject, run):
                    add_shared(arrays, f"{subject.name}/{key}", value)
                for key, value in neighbourhood_arrays(run):
                    add_shared(arrays, f"{place}/{key}", value)
                for label, fit in run.fits.items():
                    cases.append(
                        {
                            "id": f"{place}/{selection}-{count}/label{label}",
                            "row": len(cases),
                            "image": subject.name,
                            "neighbourhood": place,
                            "hide_color": color,
                            "feature_selection": selection,
                            "num_features": count,
                            "label": label,
                            "length": len(fit[1]),
                        }
                    )
                    fits.append(fit)
    return cases, fits


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` with one line per case."""
    lines = []
    for key, value in content.items():
        text = json.dumps(value)
        if isinstance(value, list):
            text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        lines.append(f" {json.dumps(key)}: {text}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    packages = ("lime", "numpy", "scipy", "scikit-learn", "scikit-image")
    versions = {name: importlib.metadata.version(name) for name in packages}
    if versions["lime"] != LIME_VERSION:
        raise RuntimeError(f"needs lime {LIME_VERSION}, found {versions['lime']}")
    subjects = [block_subject(), cell_subject(), photo_subject()]
    width = max(subject.segments for subject in subjects)
    arrays: dict[str, Any] = {}
    groups: dict[str, list[dict[str, Any]]] = {}
    for group, plan in (("grid", GRID), ("lasso", LASSO)):
        groups[group], fits = capture(subjects, plan, arrays)
        for key, value in result_table(fits, width):
            arrays[f"{group}/{key}"] = value
    images = {
        subject.name: {
            "segments": subject.segments,
            "samples": subject.samples,
            "random_state": subject.seed,
            "dtype": str(subject.image.dtype),
        }
        for subject in subjects
    }
    np.savez_compressed(OUT / "lime_image.npz", **arrays)
    write_json(
        OUT / "lime_image.json",
        {
            "made": dt.datetime.now(dt.UTC).date().isoformat(),
            "versions": versions,
            "kernel_width": 0.25,
            "batch_size": BATCH_SIZE,
            "images": images,
            **groups,
        },
    )


if __name__ == "__main__":
    main()
