"""What each kind of plug-in must return: checked at every call by `explain`, and by ``limefw.testing``.

Each check takes what was returned (and what it must fit) and gives it back, or raises ContractError. They are cheap:
one look at shape and dtype and at most one pass over the array.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ContractError, InputError, ModelError
from limefw.types import Composer, Draws, Fit, Floats, Instance, Model, Rendering, Segments, numbered


MOST_SEGMENTS = 10_000
"""A covariance of that many effects takes 0.8 GB."""


def _require(condition: Any, what: Any, expected: str, got: str) -> None:
    if not condition:
        raise ContractError(f"{what} returned {got}, expected {expected}.")


def _is(value: Any, kind: type | tuple[type, ...], what: Any, expected: str) -> Any:
    _require(isinstance(value, kind), what, expected, type(value).__name__)
    return value


def _weighty(array: Floats) -> bool:
    """Say whether these are finite numbers >= 0."""
    return bool(((array >= 0) & (array < np.inf)).all())


def check_instance(value: Any, what: Any) -> Instance:
    """An instance whose content can be explained, as far as it can say."""
    instance: Instance = _is(value, Instance, what, "an instance such as limefw.Image")
    if (check := getattr(value, "check", None)) is not None:
        check(what)
    return instance


def check_segments(value: Any, shape: tuple[int, ...], what: Any) -> Segments:
    """Labels 0..d-1 without gaps, in the instance's shape, at least 2 of them."""
    segments: Segments = _is(value, Segments, what, "limefw.Segments (use Segments.from_labels)")
    labels, count = segments.labels, segments.count
    _require(labels.dtype.kind == "i", what, "integer labels", f"labels of dtype {labels.dtype}")
    _require(labels.shape == tuple(shape), what, f"labels of shape {shape}", f"labels of shape {labels.shape}")
    if segments.basis is None:
        present = numbered(labels[labels >= 0])[0]
        contiguous = np.array_equal(present, np.arange(count)) and labels.min(initial=-1) == -1
        numbers = f"{len(present)} labels from {labels.min()} to {labels.max()}"
        _require(contiguous, what, f"labels 0..{count - 1} without gaps, one name for each", numbers)
    else:
        expected = (count, *shape)
        _require(segments.basis.shape == expected, what, f"basis {expected}", f"basis {segments.basis.shape}")
    size = " x ".join(str(length) for length in shape)
    if count < 2:
        advice = "Ask for smaller segments, or use another segmenter: -s segmenter=grid, segmenter='grid' in Python."
        raise InputError(
            f"{what} found {count} segment{'s' * (count != 1)} in {size}; an explanation compares at least 2. "
            f"{advice if labels.size > 1 else 'There is nothing to cut.'}"
        )
    if count > MOST_SEGMENTS:
        raise InputError(
            f"{what} found {count} segments in {size}, more than the {MOST_SEGMENTS} that can be told apart "
            "by any affordable number of samples. Ask for larger segments."
        )
    return segments


def check_draws(value: Any, segments: Segments, what: Any, *, first: bool) -> Draws:
    """``(n, d)`` bool or finite float codes with finite importance; the first row of all is the instance."""
    draws: Draws = _is(value, Draws, what, "blocks of limefw.Draws")
    codes = draws.codes
    shape = f"codes of shape (n, {segments.count})"
    _require(codes.ndim == 2 and codes.shape[1] == segments.count, what, shape, f"{codes.shape}")
    expected = "codes of dtype bool, float32 or float64"
    _require(codes.dtype in (np.bool_, np.float32, np.float64), what, expected, str(codes.dtype))
    groups = () if draws.groups is None else (("groups", draws.groups),)
    for name, array in (*groups, ("importance", draws.importance), *draws.values.items()):
        _require(len(array) == len(codes), what, f"{len(codes)} {name}", f"{len(array)}")
    _require(_weighty(draws.importance), what, "finite importance >= 0", "negative or non-finite importance")
    if codes.dtype != np.bool_:
        _require(np.isfinite(codes).all(), what, "finite codes", "NaN or infinite codes")
    # in float64 are standardised values, of which the instance's own may be any
    if first and len(codes) and codes.dtype != np.float64:
        _require((codes[0] == 1).all(), what, "the instance (all True) as its first row", "another first row")
    return draws


def check_composer(value: Any, what: Any) -> Composer:
    """Anything with ``compose(draws)``."""
    composer: Composer = _is(value, Composer, what, "a composer such as limefw.PixelComposer")
    return composer


def check_model(value: Any, what: Any) -> Model:
    """A limefw.Model with a callable predict."""
    model: Model = _is(value, Model, what, "a limefw.Model")
    _require(callable(model.predict), what, "a callable predict", type(model.predict).__name__)
    return model


def check_outputs(value: Any, rows: int, model: Model) -> NDArray[Any]:
    """``(n, ...)`` finite numbers, a row for each input; of what is not ``(n,)`` or ``(n, k)`` the target takes a part.

    Raises:
        ModelError: with what came and what was expected.
    """
    if value is None:
        raise ModelError(f"{model.name} returned None: does the function lack its return statement?")
    if isinstance(value, Mapping):
        names = ", ".join(map(repr, value))
        raise ModelError(f"{model.name} returned a mapping with {names}: give a function that returns one of these.")
    if callable(value) and not hasattr(value, "__array__"):
        kind = type(value).__name__
        raise ModelError(
            f"{model.name} returned {kind}, which is no array. A function that makes a network is given with the "
            "adapter that knows it: limefw.model(function, use='torch')"
        )
    if callable(getattr(value, "detach", None)):
        value = value.detach().cpu()
    try:
        outputs = np.asarray(value)
    except Exception as error:
        raise ModelError(f"{model.name} returned {type(value).__name__}, which is no array: {error}") from error
    if outputs.ndim == 0 or outputs.dtype.kind not in "buif":
        named = outputs.dtype.kind in "OSU" and outputs.size and isinstance(outputs.flat[0], str)
        how = "give what says how sure it is of each, as model.predict_proba"
        hint = f" {str(outputs.flat[0])!r} is a class: {how}." if named else ""
        raise ModelError(
            f"{model.name} returned an array of shape {outputs.shape} and type {outputs.dtype}; "
            f"expected numbers of shape ({rows}, k) or ({rows},), one row for each of the {rows} inputs.{hint}"
        )
    if 0 in outputs.shape[1:]:
        raise ModelError(f"{model.name} returned an array of shape {outputs.shape}: rows without a single output.")
    if len(outputs) != rows:
        raise ModelError(
            f"{model.name} returned {len(outputs)} rows for {rows} inputs (shape {outputs.shape}). "
            "It must take a batch and return one row per input."
        )
    if not np.isfinite(outputs).all():
        bad = int((~np.isfinite(outputs)).any(axis=tuple(range(1, outputs.ndim))).sum())
        raise ModelError(
            f"{model.name} returned NaN or infinity for {bad} of {rows} inputs. See what it makes of an input like "
            "these; of images, check their range "
            "(limefw.model(..., contract=limefw.Contract(value_range=..., mean=..., std=...)))."
        )
    return outputs


def check_target(value: Any, rows: int, what: Any) -> tuple[Floats, tuple[str, ...]]:
    """``(n, t)`` finite floats and t names."""
    pair = isinstance(value, tuple) and len(value) == 2
    _require(pair, what, "(values, names)", type(value).__name__)
    # a tuple is taken at its word: a thousand class names are not read again for every chunk
    try:
        values, names = np.array(value[0], dtype=np.float64), value[1]  # copied: it may be the model's own buffer
    except (TypeError, ValueError):
        _require(False, what, f"numbers, a row for each of {rows} inputs", f"{value[0]!r:.60}")
    names = names if isinstance(names, tuple) else tuple(str(name) for name in names)
    expected = (rows, len(names))
    _require(values.shape == expected, what, f"values of shape {expected}", f"values of shape {values.shape}")
    _require(np.isfinite(values).all(), what, "finite values", "NaN or infinity")
    return values, names


def check_weights(value: Any, rows: int, what: Any) -> Floats:
    """``(n,)`` finite weights >= 0 that are not all zero."""
    weights = np.asarray(value, dtype=np.float64)
    _require(weights.shape == (rows,), what, f"weights of shape ({rows},)", f"shape {weights.shape}")
    _require(_weighty(weights), what, "finite weights >= 0", "negative or non-finite weights")
    _require(weights.any(), what, "at least one weight above 0", "zeros everywhere: widen the kernel")
    return weights


def check_columns(value: Any, targets: int, width: int, what: Any) -> list[NDArray[np.intp]]:
    """One array of distinct column numbers for each target."""
    picks = [np.asarray(columns) for columns in value]
    _require(len(picks) == targets, what, f"{targets} arrays of columns", f"{len(picks)}")
    for columns in picks:
        _require(columns.ndim == 1 and columns.dtype.kind == "i", what, "arrays of column numbers", str(columns.dtype))
        inside = len(columns) > 0 and columns.min() >= 0 and columns.max() < width
        if not inside or len(np.unique(columns)) != len(columns):
            # written out only here: formatting an array costs more than checking it
            _require(False, what, f"distinct columns in 0..{width - 1}, at least one", str(columns))
    return [columns.astype(np.intp) for columns in picks]


def check_fits(value: Any, targets: int, width: int, what: Any) -> list[Fit]:
    """One Fit for each target, with as many finite effects as columns given."""
    fits: Sequence[Fit] = _is(value, (list, tuple), what, "a list of limefw.Fit")
    _require(len(fits) == targets, what, f"{targets} fits", f"{len(fits)}")
    for fit in fits:
        _is(fit, Fit, what, "limefw.Fit")
        _require(fit.effects.shape == (width,), what, f"effects of shape ({width},)", f"shape {fit.effects.shape}")
        figures = np.r_[fit.effects, fit.intercept, fit.local_prediction, fit.score]
        _require(np.isfinite(figures).all(), what, "finite effects", "NaN or infinity")
        if fit.covariance is not None:
            square = (width, width)
            _require(fit.covariance.shape == square, what, f"covariance {square}", f"{fit.covariance.shape}")
    return list(fits)


def check_rendering(value: Any, what: Any) -> Rendering:
    """A Rendering that holds something and has a suffix."""
    rendering: Rendering = _is(value, Rendering, what, "limefw.Rendering")
    _require(rendering.data, what, "data", "an empty rendering")
    _require(rendering.suffix.startswith("."), what, "a suffix such as '.png'", repr(rendering.suffix))
    return rendering


def check_metrics(value: Any, what: Any) -> Mapping[str, float]:
    """A mapping from names to numbers."""
    metrics: Mapping[str, float] = _is(value, Mapping, what, "a mapping from names to numbers")
    return {str(name): float(number) for name, number in metrics.items()}
