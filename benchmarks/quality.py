"""How good are explanations, at how many calls of the model? Recipes beside each other, other packages and controls.

    pip install -e . lime==0.2.0.1 captum shap dianna onnxruntime
    apt-get install opencv-doc darknet        # photographs
    python benchmarks/quality.py [part ...] [--photos N] [--seeds N] [--minutes N] [--json FILE] [--check]

`planted` takes black boxes whose answer is known, the other parts the embedded network on photographs, on one thread:
`photos` asks how stable and how faithful maps are, `mosaics` whether they point at the right photograph of four, and
`seconds` what a first look costs. What each part counts stands below its title, and in docs/explanation/quality.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from overhead import SIZE, Row, Table, Target, as_json, interleaved, photograph, spread, versions, with_one_thread
from peers import (
    Image,
    Labels,
    Predict,
    captum_explain,
    captum_linear,
    dianna_rise,
    lime_explain,
    segment_means,
    shap_explain,
)
from photographs import known_photographs

import limefw
from limefw.evaluation.replay import Replay
from limefw.evaluation.result import Mean
from limefw.statistics import correlation
from limefw_plugins.metrics._maps import as_map
from limefw_plugins.metrics.deletion import deletion
from limefw_plugins.metrics.overlap import overlap
from limefw_plugins.metrics.pointing import pointing
from limefw_plugins.metrics.stability import stability


Floats = NDArray[np.float64]
Explanation = limefw.Explanation


@dataclass(frozen=True)
class Options:
    """How much is measured: so many seeds and at the most so many photographs, none begun after so many minutes."""

    photos: int = 10
    seeds: int = 10
    minutes: float = float("inf")


@dataclass(frozen=True)
class Way:
    """A way to explain: a recipe, and whether its map shows effects per area."""

    recipe: Mapping[str, Any]
    per_area: bool = False

    def __call__(self, image: Image, seed: int, labels: Any = "top:1") -> Explanation:
        return limefw.explain(image, _network(), recipe=self.recipe, seed=seed, labels=labels, what_if=0)


SLIC = {"use": "slic", "n_segments": 50}
WAYS = {
    "lime, 1000": Way({"extends": "lime", "segmenter": SLIC, "samples": 1000}),
    "fast, 500": Way({"extends": "fast", "samples": 500}),
    "quick, 256": Way({"extends": "quick", "samples": 256}),
}
LIME, FAST, QUICK = WAYS
# by turns those that recipes were tuned on and others, so that a short run has of both
TUNED = ("chelsea", "squirrel_cls", "coffee", "butterfly", "motorcycle_left", "chicky_512", "eagle", "giraffe")
OTHERS = ("baboon", "orange", "kite", "fruits", "flower", "rocket", "dog", "basketball1")
JUDGED = 1  # seeds whose deletion is measured: it asks the model of its own


@cache
def _network() -> limefw.Model:
    runtime = "onnxruntime" if find_spec("onnxruntime") else "opencv"
    return limefw.Explainer(
        recipe={"extends": "lime", "model": {"use": "embedded", "threads": 1, "runtime": runtime}}
    ).model


def _photographs(count: int) -> dict[str, Image]:
    found = {path.stem: path for path in known_photographs()}
    names = [name for pair in zip(TUNED, OTHERS, strict=True) for name in pair if name in found]
    return {name: photograph(path=found[name]) for name in names[:count]}


# Planted truths


@dataclass(frozen=True)
class Planted:
    """A black box whose answer is known: two probabilities of a photograph in a grid of segments.

    Args:
        image: the photograph.
        labels: the grid.
        predict: the black box; the second class is the likelier.
        truth: (d,) what each segment adds: its Shapley value, which is its Banzhaf value in all these boxes
            (of the saturated one in log-odds).
        important: which segments a user should be told of.
    """

    image: Image
    labels: Labels
    predict: Predict
    truth: Floats
    important: NDArray[np.bool_]


EDGE, SIDE, CALLS, PROBLEMS = 96, 6, 512, 1
GRID = np.arange(SIDE**2).reshape(SIDE, SIDE).repeat(EDGE // SIDE, axis=0).repeat(EDGE // SIDE, axis=1)
RECIPES = ("lime", "fast", "confident", "shapley", "glime", "baylime", "tree", "quick", "zoom", "rise")
OWN_SEGMENTS = ("zoom", "rise")


def _of_segments(kind: str, rng: np.random.Generator) -> Planted:
    """Return a black box that sees which segments are shown; it looks at one pixel of each.

    Eight segments matter: each by itself ("additive"; "saturated": in log-odds), or two and two by an AND, OR or XOR.
    The others have small effects of their own.
    """
    count, image = SIDE**2, photograph(EDGE)
    spots = np.array([np.flatnonzero(GRID.ravel() == cell)[37] for cell in range(count)])
    means = segment_means(image, GRID).reshape(-1, 3)[spots, 0].astype(float)
    image.reshape(-1, 3)[spots] = np.where(means < 200, 255, 0)[:, None]  # far from all that hides it
    means, whole = (each.reshape(-1, 3)[spots, 0].astype(float) for each in (segment_means(image, GRID), image))
    chosen, alone = rng.choice(count, 8, replace=False), rng.normal(0.0, 0.05, count)
    one, other = chosen[:4], chosen[4:]
    if kind in ("additive", "saturated"):
        alone[chosen] = rng.choice([-1.0, 1.0], 8, p=[0.25, 0.75]) * rng.uniform(0.5, 1.5, 8)
    # a b is an AND; OR is a + b - a b; XOR is a + b - 2 a b
    both = {"and": 1.0, "or": -1.0, "xor": -2.0}.get(kind, 0.0)
    alone[chosen] += {"or": 1.0, "xor": 1.0}.get(kind, 0.0)
    truth = alone.copy()
    truth[chosen] += both / 2
    most = np.abs(alone).sum() + 4 * abs(both)

    def value(shown: Floats) -> Floats:
        return shown @ alone + both * (shown[:, one] * shown[:, other]).sum(axis=1)

    def predict(batch: NDArray[Any]) -> Floats:
        seen = batch.reshape(len(batch), -1, 3)[:, spots, 0].astype(float)
        shown = np.clip((seen - means) / (whole - means), 0.0, 1.0).round(1)
        above = value(shown) - value(np.ones((1, count)))
        p = 1 / (1 + np.exp(-3 - 1.5 * above)) if kind == "saturated" else 0.6 + 0.39 * above / most
        return np.stack([1 - p, p], axis=1)

    return Planted(image, GRID, predict, truth, np.isin(np.arange(count), chosen))


def _watermark(rng: np.random.Generator) -> Planted:
    """Return a linear model of pixels that goes by a watermark: a pattern over parts of several segments."""
    image, side, weights = photograph(EDGE), 24, rng.normal(0.0, 0.02, (EDGE, EDGE))
    top, left = rng.integers(4, EDGE - side - 4, 2)
    pattern = rng.choice([-1.0, 1.0], (side, side))
    patch = (slice(top, top + side), slice(left, left + side))
    weights[patch] += pattern
    image[patch] = (128 + 60 * pattern[..., None]).astype(np.uint8)
    seen = image.mean(axis=2)
    most = float((weights * (seen - 128)).sum())

    def predict(batch: NDArray[Any]) -> Floats:
        p = 0.1 + 0.7 * ((batch.mean(axis=3) - 128) * weights).sum(axis=(1, 2)) / most
        return np.stack([1 - p, p], axis=1)

    hidden = segment_means(image, GRID).mean(axis=2)
    truth = np.bincount(GRID.ravel(), weights=(weights * (seen - hidden)).ravel())
    return Planted(image, GRID, predict, truth, np.isin(np.arange(SIDE**2), GRID[patch]))


CASES: Mapping[str, Callable[[np.random.Generator], Planted]] = {
    **{kind: partial(_of_segments, kind) for kind in ("additive", "saturated", "and", "or", "xor")},
    "watermark": _watermark,
}
Attribute = Callable[[Planted, Predict, int], Floats]
PACKAGES: Mapping[str, tuple[str, Callable[..., Floats]]] = {
    "lime 0.2.0.1": ("lime", lime_explain),
    "captum Lime": ("captum", captum_explain),
    "captum Lime, least squares": ("captum", captum_linear),
    "captum KernelShap": ("captum", partial(captum_explain, method="KernelShap")),
    "shap KernelExplainer": ("shap", shap_explain),
    "shap, l1_reg=False": ("shap", partial(shap_explain, l1_reg=False)),
    "DIANNA RISE": ("dianna", dianna_rise),
}


def planted(options: Options) -> Table:
    """Compare explanations with known answers, at equal calls."""
    found: dict[str, dict[str, list[Mapping[str, float]]]] = {}
    for name in sorted(set(RECIPES) - set(limefw.registry().recipes())):
        print(f"{name} is left out: there is no such recipe", flush=True)
    for name, (package, _) in PACKAGES.items():
        if find_spec(package) is None:
            print(f"{name} is left out: {package} is not installed", flush=True)
    for case, make in CASES.items():
        for number in range(PROBLEMS):
            problem = make(np.random.default_rng(number))
            for who, attribute in _attributions().items():
                got = _agreement(problem, attribute, options.seeds)
                found.setdefault(who, {}).setdefault(case, []).append(got)
        print(f"{case}: done", file=sys.stderr)
    rows = [_planted_row(who, by) for who, by in found.items()]
    counted = (
        f"{SIDE**2} segments, {CALLS} rows, {PROBLEMS} black box(es) of each kind, {options.seeds} seeds, means. "
        "Of each kind: correlation with the truth / part of the important segments among as many strongest. Spread: "
        "median over boxes of a coefficient's spread between seeds, over that between coefficients."
    )

    def agreement(who: str) -> float:
        return float(np.mean([one["correlation"] for case in ("additive", "and", "or") for one in found[who][case]]))

    targets = [Target("correlation of fast, sums and pairs", agreement("fast"), 0.95, least=True)]
    return Table("Planted truths", counted, rows, targets)


def _attributions() -> dict[str, Attribute]:
    """Return all that can be measured here."""
    known = limefw.registry().recipes()
    ways: dict[str, Attribute] = {name: partial(_by_recipe, name) for name in RECIPES if name in known}
    for name, (package, explain) in PACKAGES.items():
        if find_spec(package) is not None:
            ways[name] = partial(_by_package, explain)
    return {
        **ways,
        "random": lambda _problem, _predict, seed: np.random.default_rng(seed).normal(size=SIDE**2),
        "edges": lambda problem, _predict, _seed: edges(problem.image, problem.labels),
    }


def _by_recipe(name: str, problem: Planted, predict: Predict, seed: int) -> Floats:
    def given(_image: Any, _rng: np.random.Generator, /) -> limefw.Segments:
        return limefw.Segments.from_labels(problem.labels)

    own: dict[str, Any] = {} if name in OWN_SEGMENTS else {"segmenter": given}
    one = limefw.explain(
        problem.image, predict, recipe=name, filler="mean_color", labels=[1], samples=CALLS, seed=seed, what_if=0, **own
    )
    shares = np.nan_to_num(as_map(one, per_area=True))
    return np.bincount(problem.labels.ravel(), weights=shares.ravel())


def _by_package(explain: Callable[..., Floats], problem: Planted, predict: Predict, seed: int) -> Floats:
    return explain(problem.image, problem.labels, predict, CALLS, seed)


def _agreement(problem: Planted, attribute: Attribute, seeds: int) -> Mapping[str, float]:
    """Return how well explanations of all seeds agree with the truth and with each other."""
    asked = 0

    def predict(batch: NDArray[Any]) -> Floats:
        nonlocal asked
        asked += len(batch)
        return problem.predict(batch)

    effects = np.stack([attribute(problem, predict, seed) for seed in range(seeds)])
    strongest = np.argsort(-np.abs(effects), axis=1)[:, : problem.important.sum()]
    between = float(effects.mean(axis=0).std())
    return {
        "correlation": float(np.mean([correlation(each, problem.truth, rank=False) for each in effects])),
        "hit": float(problem.important[strongest].mean()),
        "spread": float(np.sqrt(effects.var(axis=0, ddof=1).mean())) / between if between > 0 else float("nan"),
        "calls": asked / seeds,
    }


def _planted_row(who: str, by: Mapping[str, Sequence[Mapping[str, float]]]) -> Row:
    def mean(case: str, figure: str) -> float:
        return float(np.mean([one[figure] for one in by[case]]))

    every = [one for each in by.values() for one in each]
    return {
        "who": who, "calls": f"{np.mean([one['calls'] for one in every]):.0f}",
        **{case: f"{mean(case, 'correlation'):.2f} / {mean(case, 'hit'):.2f}" for case in by},
        "spread": f"{np.median([one['spread'] for one in every]):.2f}",
    }  # fmt: skip


# Photographs


@dataclass
class Runs:
    """Explanations that differ by their seed alone, their CPU seconds, and areas under both maps' deletion curves.

    It answers the metric `stability` as a replay does, with explanations that are there already.
    """

    made: list[Explanation] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    areas: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})

    def again(self, number: int = 0, *, resegment: bool = False) -> Explanation:
        assert not resegment
        return self.made[number]

    @cache  # noqa: B019 - asked when all is made; the process ends soon
    def stability(self, *, per_area: bool) -> Mapping[str, float]:
        rng = np.random.default_rng(0)
        return stability(self.made[0], self, rng, runs=len(self.made), per_area=per_area)  # type: ignore[arg-type]

    __hash__ = object.__hash__


def photos(options: Options) -> Table:
    """Compare maps of photographs between seeds, and hide what they say is strongest."""
    runs: dict[str, dict[str, Runs]] = {who: {} for who in WAYS}
    controls: dict[str, dict[str, float]] = {"random": {}, "edges": {}}
    started = time.monotonic()
    for number, (name, image) in enumerate(_photographs(options.photos).items()):
        if number > 1 and time.monotonic() - started > 60 * options.minutes:
            break
        for who, way in WAYS.items():
            runs[who][name] = _runs(way, image, options.seeds)
        for by, control in _controls(runs[LIME][name].made[0], image).items():
            controls[by][name] = _deletion(control)
        print(f"{name}: done, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return _photo_table(runs, controls, options.seeds)


def _runs(way: Way, image: Image, seeds: int) -> Runs:
    runs = Runs()
    for seed in range(seeds):
        started = time.process_time()
        runs.made.append(way(image, seed=1000 + seed))
        runs.seconds.append(time.process_time() - started)
    for one in runs.made[:JUDGED]:
        for per_area, areas in runs.areas.items():
            areas.append(_deletion(one, per_area=per_area))
    return runs


def _replay(explanation: Explanation, mask: NDArray[np.bool_] | None = None) -> Replay:
    """Return the game of an explanation, with probabilities as its answers, whatever it was made on."""
    recipe = limefw.build("lime", target="probability")
    # not strict: it may have been made on log-odds
    return Replay(explanation, recipe, _network(), limefw.registry(), mask, strict=False)


def _deletion(explanation: Explanation, *, per_area: bool = False) -> float:
    rng = np.random.default_rng(0)
    return deletion(explanation, _replay(explanation), rng, baseline="grey", per_area=per_area)["auc"]


def _controls(explanation: Explanation, image: Image) -> dict[str, Explanation]:
    """Return what knows nothing of the model, on the same segments: chance, and where the photograph has edges."""
    controls = {"random": np.random.default_rng(0).random(explanation.segments.count)}
    controls["edges"] = edges(image, explanation.segments.labels)
    return {by: _with_effects(explanation, effects) for by, effects in controls.items()}


def _with_effects(explanation: Explanation, effects: Floats) -> Explanation:
    fits = {label: replace(fit, effects=effects, covariance=None) for label, fit in explanation.fits.items()}
    return replace(explanation, fits=fits)


def edges(image: Image, labels: Labels) -> Floats:
    """Return how much edge each segment has: the mean of Sobel's operator over it."""
    from scipy.ndimage import sobel

    grey = image.mean(axis=2)
    strength = np.hypot(sobel(grey, axis=0), sobel(grey, axis=1)).ravel()
    return np.bincount(labels.ravel(), weights=strength) / np.bincount(labels.ravel())


def _photo_table(
    runs: Mapping[str, Mapping[str, Runs]], controls: Mapping[str, Mapping[str, float]], rounds: int
) -> Table:
    base = {name: float(np.mean(one.areas[False])) for name, one in runs[LIME].items()}
    rows: list[Row] = []
    for who, by in runs.items():
        for per_area in (False, True):
            calls = {one.provenance["rows"]["predicted"] for each in by.values() for one in each.made}
            more = Mean.of([float(np.mean(each.areas[per_area])) - base[name] for name, each in by.items()])
            rows.append({
                "who": who, "map": "per area" if per_area else "raw", "calls": _range(calls),
                "segments": _range({each.made[0].segments.count for each in by.values()}),
                "CPU s": float(np.median([second for each in by.values() for second in each.seconds])),
                "spread": _middle(by, "spread"), "top-5 Jaccard": _middle(by, "jaccard"),
                "map Spearman": _middle(by, "map_spearman", per_area=per_area),
                "map overlap": _middle(by, "map_overlap", per_area=per_area),
                "deletion AUC": f"{np.median([np.mean(each.areas[per_area]) for each in by.values()]):.3f}",
                "minus lime's": _mean(more),
            })  # fmt: skip
    for who, areas in controls.items():
        more = Mean.of([area - base[name] for name, area in areas.items()])
        found = {"who": who, "deletion AUC": f"{np.median(list(areas.values())):.3f}", "minus lime's": _mean(more)}
        rows.append({column: found.get(column, "-") for column in rows[0]})
    every = ", ".join(f"{name} ({one.made[0].names[one.made[0].labels[0]]})" for name, one in runs[LIME].items())
    counted = (
        f"{rounds} seeds of {len(base)} photographs, {SIZE} pixels, top class: {every}. Medians over photographs and, "
        "in brackets, quartiles; differences are means over photographs with 95 % intervals. Spread: of a coefficient "
        "between seeds, over that between coefficients. Overlap: of the strongest 20 % of the pixels. Deletion: of "
        f"segments, on grey, {min(rounds, JUDGED)} seed(s), probability, the less the better."
    )
    return Table("Photographs", counted, rows, _photo_targets(runs, base))


def _photo_targets(runs: Mapping[str, Mapping[str, Runs]], base: Mapping[str, float]) -> list[Target]:
    def middle(who: str, figure: str) -> float:
        return float(np.median(_each(runs[who], figure, per_area=WAYS[who].per_area)))

    targets = [Target("spread of fast over lime's", middle(FAST, "spread") / middle(LIME, "spread"), 1.0)]
    for figure in ("map_spearman", "map_overlap"):
        least = middle(LIME, figure)
        targets.append(Target(f"{figure} of quick", middle(QUICK, figure), round(least, 3), least=True))
    shown = WAYS[QUICK].per_area
    worse = Mean.of([float(np.mean(each.areas[shown])) - base[name] for name, each in runs[QUICK].items()])
    targets.append(Target("deletion AUC of quick minus lime's, lower end of its 95 % interval", worse.low, 0.0))
    return targets


def _each(by: Mapping[str, Runs], figure: str, *, per_area: bool = False) -> list[float]:
    return [each.stability(per_area=per_area)[figure] for each in by.values()]


def _middle(by: Mapping[str, Runs], figure: str, *, per_area: bool = False) -> str:
    low, middle, high = np.quantile(_each(by, figure, per_area=per_area), (0.25, 0.5, 0.75))
    return f"{middle:.3f} [{low:.2f} {high:.2f}]"


def _range(counts: set[int]) -> str:
    least, most = min(counts), max(counts)
    return str(least) if least == most else f"{least}-{most}"


def _mean(found: Mean) -> str:
    return f"{found.mean:+.3f} ({found.low:+.3f} {found.high:+.3f})"


# Mosaics


def mosaics(options: Options) -> Table:
    """Point at one photograph of four by its class."""
    images = _photographs(options.photos)
    names = list(images)
    found: dict[str, list[Mapping[str, float]]] = {}
    for start in range(0, len(names) - 3, 4):
        four = names[start : start + 4]
        mosaic, masks = _mosaic([images[name] for name in four])
        classes = [int(np.argmax(_network().predict(_rows(images[name]))[0])) for name in four]
        if len(set(classes)) < len(classes):
            continue  # nobody can tell two of one class
        for who, one, per_area in _of_mosaic(mosaic, classes):
            for label, mask in zip(classes, masks, strict=True):
                found.setdefault(who, []).append(_pointed(_of_label(one, label), mask, per_area=per_area))
    rows: list[Row] = [
        {
            "who": who, "hit": _mean_of([one["hit"] for one in each]),
            "mass in the right cell": _mean_of([one["mass"] for one in each]),
            "mass minus lime's": _mean(_beside(found, who)),
        }
        for who, each in found.items()
    ]  # fmt: skip
    counted = (
        f"{len(found.get(LIME, ())) // 4} mosaics of four photographs, one seed; each class in turn is explained. Hit: "
        "the strongest segment lies in the right cell. Mass: the part of all positive effect there (chance: .25 each). "
        "Means with 95 % intervals over classes, which are not independent within a mosaic."
    )
    worse = _beside(found, QUICK)
    targets = [Target("mass of quick minus lime's, upper end of its 95 % interval", worse.high, 0.0, least=True)]
    return Table("Mosaics", counted, rows, targets)


def _mosaic(four: Sequence[Image]) -> tuple[Image, list[NDArray[np.bool_]]]:
    half = SIZE // 2
    small = [image.reshape(half, 2, half, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8) for image in four]
    number = np.arange(4).reshape(2, 2).repeat(half, axis=0).repeat(half, axis=1)
    whole = np.concatenate([np.concatenate(small[:2], axis=1), np.concatenate(small[2:], axis=1)])
    return whole, [number == cell for cell in range(4)]


def _of_mosaic(mosaic: Image, classes: Sequence[int]) -> Iterator[tuple[str, Explanation, bool]]:
    for who, way in WAYS.items():
        one = way(mosaic, seed=1000, labels=list(classes))
        yield who, one, way.per_area
        if who == LIME:
            yield from ((by, control, False) for by, control in _controls(one, mosaic).items())


def _of_label(explanation: Explanation, label: int) -> Explanation:
    """Return the explanation of one of its labels."""
    column = [explanation.labels.index(label)]
    kept = explanation.neighbourhood.take(targets=column)
    return replace(explanation, fits={label: explanation.fits[label]}, neighbourhood=kept)


def _pointed(explanation: Explanation, mask: NDArray[np.bool_], *, per_area: bool) -> Mapping[str, float]:
    replay, rng = _replay(explanation, mask), np.random.default_rng(0)
    # mass always counts effects, not effects x area
    mass = overlap(explanation, replay, rng, per_area=True)["mass"]
    return {"hit": pointing(explanation, replay, rng, tolerance=0.0, per_area=per_area)["hit"], "mass": mass}


def _mean_of(values: list[float]) -> str:
    one = Mean.of(values)
    return f"{one.mean:.2f} ({one.low:.2f} {one.high:.2f})"


def _beside(found: Mapping[str, Sequence[Mapping[str, float]]], who: str) -> Mean:
    pairs = zip(found.get(who, ()), found.get(LIME, ()), strict=True)
    return Mean.of([one["mass"] - other["mass"] for one, other in pairs])


# Seconds


def seconds(_options: Options) -> Table:
    """Time a first look, everything included."""
    image = photograph()
    tasks = {"quick": partial(_look, image, "quick"), "lime (recipe)": partial(_look, image, "lime")}
    if find_spec("lime") is not None:
        tasks["lime 0.2.0.1, defaults"] = partial(_lime_look, image)
    times = interleaved(tasks, 1)
    rows: list[Row] = [
        {"who": who, "CPU": spread([each / 1e3 for each in taken], "s"),
         "of lime's": float(np.median(taken) / np.median(times["lime (recipe)"]))} for who, taken in times.items()
    ]  # fmt: skip
    counted = "Segmenting, drawing, the model on one thread, fitting, the overlay and the page; after a first run."
    share = float(np.median(times["quick"]) / np.median(times["lime (recipe)"]))
    return Table("Seconds", counted, rows, [Target("seconds of quick over those of recipe lime", share, 1 / 3)])


def _look(image: Image, recipe: str) -> None:
    one = limefw.explain(image, _network(), recipe=recipe)
    for renderer in ("overlay", "html"):
        one.render(renderer)


def _rows(image: Image) -> Any:
    """Return a photograph as the embedded network takes it."""
    return np.ascontiguousarray(image[None].transpose(0, 3, 1, 2))


def _lime_look(image: Image) -> None:
    def predict(batch: NDArray[Any]) -> Floats:
        return np.asarray(_network().predict(np.ascontiguousarray(batch.transpose(0, 3, 1, 2))))

    lime_explain(image, None, predict, 1000)


# The run

PARTS = {"planted": planted, "photos": photos, "mosaics": mosaics, "seconds": seconds}


def main() -> int:
    """Measure the parts asked for, print them, and say with --check whether every target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--photos", type=int, default=10, help="photographs at the most; 2 at least")
    parser.add_argument("--seeds", type=int, default=10, help="of each explanation; 2 at least")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="no further photograph of `photos` after these"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if min(given.photos, given.seeds) < 2:
        parser.error("--photos and --seeds are at least 2: one has no spread")
    with_one_thread()
    print(", ".join(f"{name} {number}" for name, number in versions().items()), flush=True)
    options, tables = Options(given.photos, given.seeds, given.minutes), {}
    for name in given.parts or PARTS:
        tables[name] = PARTS[name](options)
        print(f"\n{tables[name].markdown()}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(as_json(tables), indent=1), encoding="utf-8")
    missed = [target for table in tables.values() for target in table.targets if not target.met]
    return int(given.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
