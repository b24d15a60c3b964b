"""Three black boxes of 50 segments, and how much a recipe's coefficients vary from seed to seed on them.

No pictures and no network: an answer is a function of which segments are shown. For tests and for benchmarks.

- smooth: the probability of one of ten classes, a softmax of sums over the segments that are shown, with products of
  two and three of them. At this temperature a sum explains 81 % of its variance under fair coins.
- medium: the same with logits twice as large; a sum explains half.
- saturated: a detector that answers where most of the object's eight segments are shown, and next to nothing elsewhere.
"""

import numpy as np

import limefw
from limefw.pipeline import stream


WIDTH, OBJECT, CLASSES, PRODUCTS = 50, 8, 10, 60


def softmax_of_products(temper, seed=2):
    """Return a black box: class 0 is the object's, the photograph is surely of it, and its parts help each other."""
    rng = np.random.default_rng(seed)
    main = rng.normal(0, 0.35, (CLASSES, WIDTH))
    main[0, :OBJECT] += np.linspace(1.2, 0.3, OBJECT)
    half = PRODUCTS // 2
    parts = []
    for order in (2, 3):
        members = rng.integers(0, WIDTH, (PRODUCTS, order))
        members[:half] = rng.integers(0, OBJECT, (half, order))
        parts.append(members)
    slopes = [rng.normal(0, 0.6, (CLASSES, PRODUCTS)) for _ in parts]
    for slope in slopes:
        slope[0, :half] = np.abs(slope[0, :half]) / 2

    def logits(codes):
        products = [codes[:, members].all(axis=2) @ slope.T for members, slope in zip(parts, slopes, strict=True)]
        return codes @ main.T + sum(products)

    whole = logits(np.ones((1, WIDTH), dtype=bool))[0]
    lead = whole[1:].max() - whole[0] + 3 / temper

    def box(codes):
        scores = logits(codes)
        scores[:, 0] += lead
        odds = np.exp(temper * (scores - scores.max(axis=1, keepdims=True)))
        return odds[:, 0] / odds.sum(axis=1)

    return box


def detector(seed=4, threshold=6.5, sharpness=2.2):
    """Return a black box that answers where enough of the object's segments are shown."""
    slopes = np.empty(WIDTH)
    slopes[:OBJECT] = np.linspace(1.3, 0.7, OBJECT)
    slopes[OBJECT:] = np.random.default_rng(seed).normal(0, 0.12, WIDTH - OBJECT)
    middle = threshold + slopes[OBJECT:].sum() / 2
    return lambda codes: 1 / (1 + np.exp(-sharpness * (codes @ slopes - middle)))


SUITE = {"smooth": softmax_of_products(0.2), "medium": softmax_of_products(0.4), "saturated": detector()}
SEGMENTS = limefw.Segments.from_labels(np.arange(WIDTH)[None])


def around_of(recipe, seed, samples=None, boxes=SUITE):
    """Return the neighbourhood that a recipe's own sampler and kernel make of black boxes, a target for each."""
    recipe = limefw.build(recipe, **({} if samples is None else {"samples": samples}))
    sampler, kernel = recipe.stages["sampler"], recipe.stages["kernel"]
    draws = limefw.Draws.join(list(sampler(None, SEGMENTS, recipe.samples, stream(seed, "samplers"))))
    answers = np.column_stack([box(draws.codes) for box in boxes.values()])
    return limefw.Neighbourhood(draws.codes, answers, kernel(draws, None) * draws.importance, draws.groups)


def effects_of(recipe, seeds, samples=None, boxes=SUITE):
    """Return ``(seeds, boxes, d)`` effects that a recipe finds."""
    surrogate = limefw.build(recipe).stages["surrogate"]
    found = [surrogate(around_of(recipe, seed, samples, boxes), stream(seed, "surrogates")) for seed in range(seeds)]
    return np.array([[fit.effects for fit in fits] for fits in found])


def own_scale_spread(effects):
    """Return (boxes,) the standard deviation between seeds over that between segments, ``(seeds, boxes, d)`` given."""
    between_seeds = effects.var(axis=0, ddof=1).mean(axis=-1)
    return np.sqrt(between_seeds) / effects.mean(axis=0).std(axis=-1)
