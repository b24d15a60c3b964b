"""The values that flow from stage to stage.

Each is a frozen dataclass of read-only arrays: a stage can neither change what it was given nor be surprised by
what others keep. Comparison is by identity (``eq=False``), as comparing arrays has no truth value.

Letters in shapes: ``h, w, c`` rows, columns, channels of an image; ``d`` interpretable columns (superpixels);
``n`` drawn rows; ``t`` targets.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, ClassVar, Literal, Protocol, Self, get_args, get_origin, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ContractError, ModelError, did_you_mean
from limefw.forms import among, form_of, linear


Codes = NDArray[Any]
"""``(n, d)``: bool, True where the column keeps the instance's own value; float32 shares where a sampler is not binary;
float64 where columns are values in units of their spread, so that the instance's own need not be 1."""

Labels = NDArray[np.intp]
"""A label map in the instance's shape: ``0..d-1``, and -1 for what is in no segment and is always kept."""

Floats = NDArray[np.float64]

Outputs = Literal["probabilities", "logits", "sigmoid", "sigmoid_logits", "scores", "values"]
"""What a model's raw outputs can be."""


def frozen(array: Any, dtype: Any = None) -> NDArray[Any]:
    """Return a read-only view of `array` (a copy only where the dtype differs); the caller's own stays writeable."""
    view: NDArray[Any] = np.asarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view


class ReadOnly(dict[str, Any]):
    """A mapping that no one changes, and that can be copied and pickled (types.MappingProxyType cannot)."""

    def _refuse(self, *_args: Any) -> Any:
        raise TypeError("this mapping is read-only")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


def freeze(value: Any, dtypes: Mapping[str, Any]) -> None:
    """Make arrays of a dataclass read-only, each in its dtype (None: its own); what is None stays None."""
    for name, dtype in dtypes.items():
        if (array := getattr(value, name)) is not None:
            object.__setattr__(value, name, frozen(array, dtype))


def as_dtype(array: NDArray[Any], dtype: np.dtype[Any], *, truncate: bool) -> NDArray[Any]:
    """Return `array` in another dtype: cut off at an integer type's ends, and rounded (or truncated) into it."""
    if array.dtype == dtype or dtype.kind == "f":
        return array.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    whole = np.trunc(array) if truncate else np.rint(array)
    exact: NDArray[Any] = np.clip(whole, limits.min, limits.max).astype(dtype)
    return exact


def digest(*parts: Any) -> str:
    """Return a SHA-256 of arrays (with shape and dtype) and strings, as hex."""
    state = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"{part.dtype.str}{part.shape}".encode())
            state.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
        else:
            state.update(repr(part).encode())
        state.update(b"\0")
    return state.hexdigest()


@runtime_checkable
class Instance(Protocol):
    """What is explained: each of ``limefw.modalities`` is one.

    It may also offer what follows, and does without where its modality needs none:

    - ``check(what)`` raises where its content cannot be explained; `what` made it;
    - ``copied()``: one that the caller's later changes do not reach;
    - ``framed(contract) -> (View or None, instance)``: how a model sees it, and it as the model sees it;
    - ``preprocessed(inputs, contract)``: inputs of a composer that is not ``prepared``, as the model reads them;
    - ``masked(kept)``: its content, nothing where a mask of its shape says False;
    - ``notes``: what was assumed about it, as sentences; each becomes a caution.
    """

    modality: ClassVar[str]

    @property
    def name(self) -> str:
        """What to call it in titles and file names."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its label map."""

    def fingerprint(self) -> str:
        """A hash of everything that a model or a segmenter can see of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The interpretable parts of an instance.

    Args:
        labels: in the instance's shape, ``0..d-1`` contiguous, -1 = in no segment and always kept.
        names: d names, for people.
        parents: (d,) index in the coarser segments that these were split from, or None.
        basis: (d, ...) each segment's share of every pixel where segments are soft or overlap, or None.
        notes: what whoever looks at them should know, as sentences; each becomes a caution.
    """

    labels: Labels
    names: tuple[str, ...]
    parents: NDArray[np.intp] | None = None
    basis: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, {"labels": None, "parents": None, "basis": None})

    @property
    def count(self) -> int:
        """The number of segments, d."""
        return len(self.names)

    @classmethod
    def from_labels(cls, labels: Any, name: str = "superpixel", keep: int | None = None) -> Self:
        """Number any integer label map ``0..d-1`` in order of its values.

        scikit-image's SLIC starts at 1 and SEEDS leaves gaps; lime 0.2.0.1 then never hides the last segment.

        Args:
            labels: any integers.
            name: what one segment is called.
            keep: a label that stands for "in no segment" (becomes -1), e.g. -1.

        Raises:
            ContractError: where they are no integers.
        """
        array = np.asarray(labels)
        if array.dtype.kind not in "iub":
            raise ContractError(f"a label map holds integers, got {array.dtype}: number the segments 0, 1, 2, ...")
        inside = np.full(array.shape, True) if keep is None else array != keep
        labels = np.full(array.shape, -1)
        values, labels[inside] = numbered(array[inside])
        return cls(labels, tuple(f"{name} {index}" for index in range(len(values))))

    def sizes(self) -> Floats:
        """Return the number of pixels of each segment, ``(d,)``.

        Pixels that several hard segments share count for each; of soft segments each pixel counts by its share.
        """
        if self.basis is None:
            return np.bincount(self.labels[self.labels >= 0].ravel(), minlength=self.count).astype(np.float64)
        flat = self.basis.reshape(self.count, -1)
        inside = flat > 0
        # hard segments that overlap have equal shares of a pixel
        hard = np.allclose(flat * inside.sum(axis=0), inside, atol=1e-5)
        return np.asarray((inside if hard else flat).sum(axis=1, dtype=np.float64))

    def areas(self, chosen: Sequence[int] | None = None) -> NDArray[np.bool_]:
        """Return where some segments (None: all) lie, ``(len(chosen), ...)``, also where they are soft or overlap.

        A soft one lies where it has at least half as much as the one with most; its faint rim is left out. None is
        empty: one that others outdo everywhere lies where its share is more than half of its largest.
        """
        chosen = range(self.count) if chosen is None else chosen
        found = np.empty((len(chosen), *self.labels.shape), dtype=np.bool_)
        if self.basis is None:
            for at, segment in enumerate(chosen):
                found[at] = self.labels == segment
            return found
        most, cover = self.basis.max(axis=0), self.basis.sum(axis=0)
        for at, segment in enumerate(chosen):
            share = self.basis[segment]
            own = share > 0
            area = own & (share >= 0.5 * most) & (cover >= 0.5 * cover.max(where=own, initial=0.0))
            found[at] = area if area.any() else own & (share > 0.5 * share.max())
        return found

    def fingerprint(self) -> str:
        """Return a hash of the labels and the basis."""
        return digest(self.labels, () if self.basis is None else self.basis)


@runtime_checkable
class View(Protocol):
    """How an instance lies in the form that a model sees, and the way back: an image's frame is one."""

    @property
    def size(self) -> tuple[int, ...]:
        """The shape of what the model sees."""

    def trimmed(self, segments: Segments) -> Segments:
        """Take what the model sees beside the instance (padding) out of all segments."""

    def shares(self, sizes: Floats) -> Floats:
        """Return which part of the instance each segment covers, by its size in what the model sees."""

    def to_photo(self, shown: NDArray[Any], outside: float = -1) -> NDArray[Any]:
        """Return what is said of each place that the model sees for each place of the instance."""

    def shows(self, instance: Instance) -> bool:
        """Say whether it can be a view of this instance at all: a file may claim anything."""


def numbered(labels: NDArray[Any]) -> tuple[NDArray[Any], Labels]:
    """Return the values that occur in any label map, sorted, and each pixel's place among them."""
    low, high = (int(labels.min()), int(labels.max())) if labels.dtype.kind in "iu" and labels.size else (0, -1)
    if not (0 <= high - low <= labels.size and max(abs(low), abs(high)) < 2**62):
        values, inverse = np.unique(labels, return_inverse=True)
        return values, inverse.reshape(labels.shape).astype(np.intp)
    # counting is ten times as fast as sorting
    shifted = np.subtract(labels, low, dtype=np.intp, casting="unsafe")
    counts = np.bincount(shifted.ravel())
    if np.count_nonzero(counts) == len(counts):
        return np.arange(low, high + 1), shifted
    return np.flatnonzero(counts) + low, (np.cumsum(counts > 0) - 1)[shifted]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """A block of perturbations.

    Args:
        codes: ``(n, d)`` bool, float32 where not binary, or float64 standardised values.
        values: name -> ``(n, ...)`` array of all else that the composer needs (which background, table rows).
        groups: (n,) rows with one number belong together, in whatever blocks, as complementary pairs do; None: each
            row alone. Those of negative numbers are not drawn independently of the others, and standard errors leave
            them out: as rows that any other run has too. Where all are, there are no standard errors.
        importance: (n,) probability of the row under the law wanted / under the law drawn from; by default 1.
        exhaustive: True where these rows are the sampler's whole law, so that nothing was left to chance.
    """

    codes: Codes
    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    groups: NDArray[np.intp] | None = None
    importance: Floats = None  # type: ignore[assignment]  # ones
    exhaustive: bool = False

    def __post_init__(self) -> None:
        importance = np.ones(len(self.codes)) if self.importance is None else self.importance
        object.__setattr__(self, "importance", importance)
        freeze(self, {"codes": None, "groups": np.intp, "importance": np.float64})
        values = {name: frozen(array) for name, array in self.values.items()}
        object.__setattr__(self, "values", ReadOnly(values))

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Any) -> Self:
        """Return some rows (a slice, a mask or indices); fewer than all of a law are no longer exhaustive."""
        every = np.arange(len(self))
        return type(self)(
            self.codes[rows],
            {name: array[rows] for name, array in self.values.items()},
            None if self.groups is None else self.groups[rows],
            self.importance[rows],
            self.exhaustive and np.array_equal(every[rows], every),
        )

    @classmethod
    def join(cls, blocks: Sequence["Draws"]) -> "Draws":
        """Put blocks one after the other; in the result every row has a group."""
        return cls(
            np.concatenate([block.codes for block in blocks]),
            {name: np.concatenate([block.values[name] for block in blocks]) for name in blocks[0].values},
            _joined_groups(blocks),
            np.concatenate([block.importance for block in blocks]),
            all(block.exhaustive for block in blocks),
        )


def all_luck(blocks: Iterable[Draws]) -> Iterator[Draws]:
    """Yield a sampler's draws without negative groups, for a filler that draws: it makes luck of what every run has.

    A design that begins with a negative group stays as it is: nothing is known of its errors.
    """
    known = True
    for at, block in enumerate(blocks):
        groups = block.groups
        known = known and not (at == 0 and groups is not None and int(groups[0]) < 0)
        yield replace(block, groups=2 * np.abs(groups) + (groups < 0)) if known and groups is not None else block


def _joined_groups(blocks: Sequence[Draws]) -> NDArray[np.intp]:
    """Return each row's group; a row of a block without groups is alone, so it gets a number that no other has."""
    fresh = 1 + max((int(block.groups.max(initial=-1)) for block in blocks if block.groups is not None), default=-1)
    parts = []
    for block in blocks:
        parts.append(np.arange(fresh, fresh + len(block)) if block.groups is None else block.groups)
        fresh += len(block)
    return np.concatenate(parts)


@runtime_checkable
class Composer(Protocol):
    """Turns draws into what a model reads: a pure function of each row alone, with no random choice.

    It may also offer what follows:

    - ``prepared(contract)``: the composer that makes what a model of this contract reads;
    - ``fingerprint()``: a hash of everything that an input depends on but its code and values, so that outputs can
      be kept between runs: where it has ``keys``, equal ones of composers with equal fingerprints mean equal inputs;
    - ``row_bytes``: the size of one input; ``buffer(rows)``: an array that ``compose(draws, buffer)`` fills;
    - ``random``: True where a row needs a number ``values["draw"]``, below ``alternatives`` where there is such an end;
    - ``bindable``: True where a model may compose by itself;
    - ``hides_nothing``: True where hidden segments look as they did before;
    - ``keys(draws) -> list[bytes]``: where different draws may compose to one input, as when one of two equal words is
      deleted; equal keys mean equal inputs, of which the model is asked one, and each key is of its row alone. Without
      it, rows with the same codes and values are one input;
    - ``hidden(codes) -> Draws``: where hidden segments may show many things, several draws for each row of codes, in
      groups of one size; what the model says without some segments is then a mean over them.
    """

    def compose(self, draws: Draws) -> Any:
        """Return one model input per row."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What a model's raw outputs mean.

    Args:
        kind: "probabilities" (n, k); "logits" (n, k), softmax applies; "sigmoid" (n,) or (n, k) independent
            probabilities; "sigmoid_logits" the same before the sigmoid; "scores" (n, k) of a classifier that has no
            probabilities, the higher the likelier; "values" (n,) or (n, k) of a regressor.
        classes: k names, or None.
        adapter: the model plug-in in whose settings the kind is said, or None: in the contract.
    """

    kind: Outputs = "probabilities"
    classes: tuple[str, ...] | None = None
    adapter: str | None = None

    def columns(self, outputs: NDArray[Any]) -> Floats:
        """Return the outputs as float64 ``(n, k)``, activated; one lone sigmoid becomes (1 - p, p).

        Raises:
            ModelError: where the outputs are of another shape, what should be probabilities is not within 0..1, or a
                lone logit or score has no other class to be held against.
        """
        if np.ndim(outputs) not in (1, 2):
            rows = len(outputs)
            raise ModelError(
                f"the model returned an array of shape {outputs.shape} and type {outputs.dtype}; "
                f"expected numbers of shape ({rows}, k) or ({rows},), one row for each of the {rows} inputs. Say which "
                "part is meant: target={'use': 'element', 'index': [...]}, or a function of the outputs as the target."
            )
        # a copy in C order: the model may use its array again, and sums over a row must not depend on its layout
        values = np.array(outputs, dtype=np.float64, order="C")
        values = values[:, None] if values.ndim == 1 else values
        if self.kind in ("probabilities", "sigmoid") and values.size:
            self._check_probabilities(values)
        if self.kind in ("logits", "scores") and values.shape[1] == 1:
            raise ModelError(self._alone())
        if self.kind == "logits":
            values = np.exp(values - values.max(axis=1, keepdims=True))
            return np.asarray(values / values.sum(axis=1, keepdims=True))
        if self.kind == "sigmoid_logits":
            values = 0.5 * (1.0 + np.tanh(0.5 * values))
        if self.kind in ("probabilities", "sigmoid", "sigmoid_logits") and values.shape[1] == 1:
            values = np.concatenate([1.0 - values, values], axis=1)
        return values

    def names(self, count: int) -> tuple[str, ...]:
        """Return a name for each of `count` columns; a lone class name names a lone sigmoid's second column.

        Raises:
            ModelError: where there are class names, but not `count` of them.
        """
        if self.classes is not None:
            if len(self.classes) == 1 and count == 2:
                return f"not {self.classes[0]}", self.classes[0]
            if len(self.classes) != count:
                raise ModelError(f"the model has {count} outputs and {len(self.classes)} class names were given")
            return self.classes
        if self.kind == "values":
            return ("value",) if count == 1 else _numbered("value", count)
        return _numbered("class", count)

    def _alone(self) -> str:
        reason = {"logits": "softmax makes 1 of whatever it is", "scores": "there is no other class"}[self.kind]
        return (
            f"the model returned one number a row and its head is {self.kind!r}: {reason}. Say what the number is: of "
            "one class against the rest 'sigmoid_logits' (before the sigmoid) or 'sigmoid' (after it), of a regressor "
            f"'values': {self.said('sigmoid_logits')}"
        )

    def _check_probabilities(self, values: Floats) -> None:
        low, high = float(values.min()), float(values.max())
        if low < -1e-6 or high > 1 + 1e-6:
            raise ModelError(
                f"the model returned values from {low:.3g} to {high:.3g}, which are no probabilities. Say what they "
                "are: of a regressor limefw.model(model, task='regression'), on the command line -s model.use=callable "
                "-s model.head=values; of a classifier 'logits' (before the "
                f"softmax) or 'scores' (where it has no probabilities): {self.said('logits')}"
            )

    def said(self, kind: Outputs) -> str:
        """Say where the kind of a head is said: an adapter's setting leaves all else that it read as it is."""
        if self.adapter is None:
            return f"in its contract, limefw.Contract(..., head={kind!r})"
        return (
            f"limefw.model(model, use={{'use': {self.adapter!r}, 'head': {kind!r}}}), on the command line "
            f"-s model.use={self.adapter} -s model.head={kind}"
        )


@cache
def _numbered(word: str, count: int) -> tuple[str, ...]:
    """Return names where there are none: the same ones for every chunk, as a thousand take longer than a chunk."""
    return tuple(f"{word} {index}" for index in range(count))


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """What a model wants its input to be.

    Args:
        size: (height, width), or None for any.
        channels: number of channels, or None for any.
        layout: "NHWC" or "NCHW".
        order: "RGB" or "BGR"; of three channels alone.
        value_range: what black and white are to the model before `mean` and `std`, or None: the pixels as they are.
        mean: subtracted, per channel in the model's own `order`, or one for all.
        std: divided by, alike.
        dtype: of the array that the model reads; None: float32 where values are rescaled, else the image's own.
        resize: how a photograph gets to `size`: "stretch", "crop" the middle, or "pad" with the mean colour.
        head: what its raw outputs mean.
        chunk: rows a call that suit the model, or None for no wish.
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    layout: Literal["NHWC", "NCHW"] = "NHWC"
    order: Literal["RGB", "BGR"] = "RGB"
    value_range: tuple[float, float] | None = None
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    dtype: str | None = None
    resize: Literal["stretch", "crop", "pad"] = "stretch"
    head: Outputs = "probabilities"
    chunk: int | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            value, allowed = getattr(self, item.name), get_args(item.type)
            if get_origin(item.type) is Literal and value not in allowed:
                hint = did_you_mean(str(value), allowed)
                raise ModelError(f"a contract's {item.name} is one of {', '.join(allowed)}, got {value!r}.{hint}")
        counts = (*(self.size or ()), *(number for number in (self.channels, self.chunk) if number is not None))
        if any(number < 1 for number in counts) or (self.size is not None and len(self.size) != 2):
            raise ModelError("a contract's size is (height, width), and it, channels and chunk are at least 1")
        if not all(part > 0 for part in self.std):
            raise ModelError(f"a contract's std is above 0, got {self.std}")
        for name in ("mean", "std"):
            if (given := len(getattr(self, name))) not in (1, self.channels or given):
                raise ModelError(f"a contract's {name} has {given} values for {self.channels} channels")
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            raise ModelError(f"a contract's value_range is (black, white) with black < white, got {self.value_range}")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model as limefw calls it.

    Args:
        predict: from a batch as `contract` says to raw outputs, a row per input.
        name: for titles.
        classes: names, or None.
        contract: what the input must be.
        fingerprint: a hash of the file or the user's own model_id; None = nothing is cached between processes.
        notes: what was assumed about it, as sentences.
        bind: where the model composes by itself, as on a GPU: given a ``bindable`` composer (a PixelComposer) that has
            been prepared for `contract`, it returns a function from draws with bool codes to raw outputs. They are
            those of `predict`.
        modality: the instances it is for ("image", "text", ...), or None for any; by default its adapter's.
        adapter: the plug-in whose settings say what its outputs mean, for messages; None: its contract does.
        columns: how many features it says it was trained on; None: it does not say.
        column_names: their names in order, where it says them.
        assumed_head: that one of `notes` which falls where the caller says what the outputs are.
        runtime: what runs it, with versions: another one may round otherwise, so nothing is kept from one to the other.
    """

    predict: Callable[[Any], Any]
    name: str = "model"
    classes: tuple[str, ...] | None = None
    contract: Contract = field(default_factory=Contract)
    fingerprint: str | None = None
    notes: tuple[str, ...] = ()
    bind: Callable[[Any], Callable[[Draws], Any]] | None = None
    modality: str | None = None
    adapter: str | None = None
    columns: int | None = None
    column_names: tuple[str, ...] = ()
    assumed_head: str = ""
    runtime: str = ""

    @property
    def task(self) -> Literal["classification", "regression"]:
        """Follows from the contract's head."""
        return "regression" if self.contract.head == "values" else "classification"

    @property
    def head(self) -> Head:
        """What its outputs mean."""
        return Head(self.contract.head, self.classes, self.adapter)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """Everything a surrogate is fitted to: one entry per drawn row, the instance first.

    Args:
        codes: ``(n, d)``.
        targets: ``(n, t)``.
        weights: (n,) kernel x importance.
        groups: (n,) rows that belong together.
        exhaustive: True where the rows are the sampler's whole law: standard errors are then 0.
        filled_by_chance: True where the filler draws what hidden parts show: the same codes may be answered otherwise.
        known: what `limefw.statistics` has found out about these rows and columns, while an explanation is made; None:
            nothing is kept.
    """

    codes: Codes
    targets: Floats
    weights: Floats
    groups: NDArray[np.intp]
    exhaustive: bool = False
    filled_by_chance: bool = False
    known: dict[str, Any] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        freeze(self, {"codes": None, "targets": None, "weights": None, "groups": None})

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Any = slice(None), columns: Any = slice(None), targets: Any = slice(None)) -> Self:
        """Return some rows, columns (in the order given) and targets."""
        taken = replace(
            self,
            codes=self.codes[rows][:, columns],
            targets=self.targets[rows][:, targets],
            weights=self.weights[rows],
            groups=self.groups[rows],
        )
        every = isinstance(rows, slice) and isinstance(columns, slice) and rows == columns == slice(None)
        return taken.knowing(self.known if every else None)

    def knowing(self, known: dict[str, Any] | None) -> Self:
        """Return this with a place for what is found out about its rows and columns, which is then not done twice."""
        twin = replace(self)
        object.__setattr__(twin, "known", known)
        return twin


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A surrogate fitted to one target.

    Args:
        effects: (d,) the coefficient where linear, else g(instance) - g(instance without column j); 0 where dropped.
        intercept: g where every column is off.
        score: weighted R2 on the neighbourhood it was fitted to.
        local_prediction: g(instance).
        columns: as the selector picked them, the first first; a surrogate leaves it None, the pipeline fills it in.
        covariance: (d, d) of the effects, or None where not known. Its intervals go by Student's law, with the
            degrees of freedom of least squares or those of ``detail["freedom"]``; None there: it is a posterior's, by
            the normal law.
        detail: JSON values and arrays; where `predict` is not linear (see ``limefw.forms``) ``{"form": "tree", ...}``
            (nodes), ``{"form": "rule", "columns": (k,), "value": float, "otherwise": float, ...}`` or
            ``{"form": "logistic", "coefficients": (d,), "intercept": float}``, on the scale of log-odds. A sentence as
            ``"caution"`` becomes one of the explanation's.
    """

    effects: Floats
    intercept: float
    score: float
    local_prediction: float
    columns: NDArray[np.intp] | None = None
    covariance: Floats | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self, {"effects": np.float64, "columns": np.intp, "covariance": np.float64})
        object.__setattr__(self, "detail", ReadOnly(dict(self.detail)))

    @property
    def standard_errors(self) -> Floats | None:
        """(d,) of the effects: what another draw of as many samples would change, nothing else; or a posterior's."""
        return None if self.covariance is None else np.sqrt(np.clip(np.diag(self.covariance), 0.0, None))

    @property
    def is_posterior(self) -> bool:
        """Whether its covariance says what is not known if g is right, and not what another draw would change."""
        return "freedom" in self.detail and self.detail["freedom"] is None

    def predict(self, codes: Codes) -> Floats:
        """Return g for each row of ``(n, d)`` codes."""
        form = form_of(self.detail)
        return linear(codes, self.effects, self.intercept) if form is None else form.predict(self.detail, codes)

    def widened(self, columns: NDArray[np.intp], width: int) -> Self:
        """Put a fit on some columns back among all `width` of them."""
        form, effects = form_of(self.detail), among(self.effects, columns, width)
        detail = self.detail if form is None else form.widened(self.detail, columns, width)
        covariance = None if self.covariance is None else among(self.covariance, columns, width)
        return replace(self, effects=effects, columns=columns, covariance=covariance, detail=detail)


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What a renderer made; it writes no file itself.

    Args:
        data: the bytes, or the text.
        media_type: e.g. "image/png".
        suffix: of a file that holds it, e.g. ".png".
        figure: the live matplotlib figure where there is one, for notebooks.
    """

    data: bytes | str
    media_type: str
    suffix: str
    figure: Any = None

    def save(self, path: Any) -> Any:
        """Write to `path` (whole or not at all) and return it.

        Raises:
            InputError: where its suffix promises another format (none at all is fine).
            StoreError: where it cannot be written.
        """
        from limefw._files import check_suffix, write_whole

        check_suffix(path, self.suffix, self.media_type)
        return write_whole(path, self.data.encode() if isinstance(self.data, str) else self.data)

    def _repr_html_(self) -> str | None:
        return str(self.data) if self.media_type == "text/html" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.media_type == "image/png" and isinstance(self.data, bytes) else None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the way: told to ``on_progress`` and to the ``limefw_stage_done`` hook.

    Args:
        stage: the kind of the stage ("segmenters", "models", ...).
        done: rows predicted, or 1 where a stage has no rows.
        total: rows to predict at the most.
        seconds: what the stage has taken so far.
        finished: True once for each stage, at its end.
    """

    stage: str
    done: int
    total: int
    seconds: float
    finished: bool
