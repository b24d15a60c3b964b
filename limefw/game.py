"""The game: from draws to targets, and the only way in which anything spends model calls."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.caching.keys import row_keys
from limefw.contracts import check_outputs, check_segments, check_target
from limefw.errors import ContractError, InputError, LimefwError, ModelError
from limefw.inputs.labels import resolve_labels
from limefw.recipe import Label
from limefw.stage import Stage
from limefw.types import Composer, Draws, Event, Floats, Instance, Model, Segments


CHUNK_BYTES = 8_000_000
CALLED_ON_A_BATCH = (
    "a model is called on a batch of inputs; of a function that makes a network say which library's: use='torch' or "
    "use='keras', on the command line -s model.use=torch"
)
Listener = Callable[[Event], None]
Cache = MutableMapping[bytes, NDArray[Any]]


@dataclass(slots=True, eq=False)
class Game:
    """Cuts draws into chunks, composes each into a reused buffer, asks the model once per distinct row.

    A model that is bound to the composer composes by itself, from the codes. A chunk that does not fit in memory is
    halved, and so are all that follow.

    Args:
        model: whose calls are spent.
        composer: draws to inputs.
        target: what of the outputs is explained.
        labels: which targets; resolved on the instance, the first row that is asked for.
        total: rows expected at the most, for progress.
        chunk: rows per model call, or None: the model's wish, or as many as fill 8 MB.
        listen: told after every chunk.
        cache: raw output rows by key, or None.
        cache_key: of everything a row depends on but its codes and values.
        instance: what it is played on, in the model's frame; for methods with a loop of their own.
        segments: of the instance.
        again: makes a fresh game like this one on other segments; None: it cannot be refined.
        stream: gives the run's random numbers of a kind ("samplers", "filler draws"), from their beginning, for methods
            with a loop of their own; None: there is no run.
    """

    model: Model
    composer: Composer
    target: Stage
    labels: Sequence[Label]
    total: int
    chunk: int | None = None
    listen: Listener | None = None
    cache: Cache | None = None
    cache_key: bytes = b""
    instance: Instance | None = None
    segments: Segments | None = None
    again: Callable[[Segments], "Game"] | None = None
    stream: Callable[[str], np.random.Generator] | None = None

    rows: int = field(default=0, init=False)
    calls: int = field(default=0, init=False)
    cached: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    names: tuple[str, ...] = field(default=(), init=False)
    prediction: Floats = field(default_factory=lambda: np.empty(0), init=False)
    columns: tuple[int, ...] = field(default=(), init=False)
    history: list[tuple[Draws, Floats]] = field(default_factory=list, init=False)
    too_many: int | None = field(default=None, init=False)
    like_probabilities: bool = field(default=True, init=False)
    finer: "Game | None" = field(default=None, init=False)
    before: int = field(default=0, init=False)
    distinct_before: int = field(default=0, init=False)
    _seen: dict[bytes, int] = field(default_factory=dict, init=False)
    _targets: Floats = field(default_factory=lambda: np.empty((0, 0)), init=False)
    _ready: Composer = field(init=False)
    _bound: Callable[[Draws], Any] | None = field(default=None, init=False)
    _buffer: NDArray[Any] | None = field(default=None, init=False)
    _started: float = field(default_factory=time.perf_counter, init=False)

    def __post_init__(self) -> None:
        prepared = getattr(self.composer, "prepared", None)
        self._ready = self.composer if prepared is None else prepared(self.model.contract)
        if self.model.bind is not None and getattr(self._ready, "bindable", False):
            self._bound = self.model.bind(self._ready)
        if self.chunk is not None and (not isinstance(self.chunk, int) or self.chunk < 1):
            raise InputError(f"chunk must be a whole number of at least 1, got {self.chunk!r}")

    def __call__(self, draws: Draws) -> Floats:
        """Return ``(n, t)`` targets, a row for each draw; what an exception interrupts stays in `history`."""
        if not len(draws):
            return np.empty((0, len(self.columns)))
        if self.finer is not None:
            raise ContractError("a game that was refined is over: ask the one that refined() returned")
        if not self._seen:
            self._open(draws)
        index, fresh = self._distinct(draws)
        try:
            done = 0
            while done < len(fresh):
                rows = fresh[done : done + self.chunk_rows]
                try:
                    targets = self._to_targets(self._ask(draws, rows))
                except Exception as error:
                    if len(rows) == 1 or not is_out_of_memory(error):
                        raise
                    self._halve(len(rows))
                    continue
                self._targets[index[rows]] = targets[:, self.columns]
                done += len(rows)
                self._tell()
        finally:
            self._remember(draws, index)
        return self.history[-1][1]

    def refined(self, segments: Segments) -> "Game":
        """Return the game on other segments of the same instance; this one is then over.

        Both share the model, the cache, what the model said of the instance and the count of rows. The composer is made
        anew, so that what has been asked is no part of what is asked now. An explanation is made of the last game.
        """
        if self.again is None or self.segments is None or not self._seen:
            raise ContractError("a game can be refined once it has been asked for the instance, and in an explanation")
        check_segments(segments, self.segments.labels.shape, "a refinement of the segments")
        shared = ("chunk", "listen", "rows", "calls", "cached", "seconds", "names", "prediction", "columns", "too_many",
                  "like_probabilities", "_started")  # fmt: skip
        known = {name: getattr(self, name) for name in shared}
        finer = self.finer = self.again(segments)
        # the instance is not counted again
        counts = {"before": self.before + self.asked, "distinct_before": self.distinct_before + self.distinct - 1}
        for name, value in {**known, **counts, "_targets": self._targets[:1]}.items():
            setattr(finer, name, value)
        return finer

    @property
    def last(self) -> "Game":
        """The game that this one was refined to in the end."""
        return self if self.finer is None else self.finer.last

    @property
    def chunk_rows(self) -> int:
        """Rows per model call."""
        if self.chunk is not None:
            return self.chunk
        if self.model.contract.chunk is not None:
            return self.model.contract.chunk
        size = getattr(self._ready, "row_bytes", CHUNK_BYTES // 64)
        return int(np.clip(CHUNK_BYTES // max(size, 1), 1, 1024))

    def _halve(self, rows: int) -> None:
        """Ask fewer rows at once from now on: so many were too many."""
        self.too_many = self.too_many or rows
        self.chunk = rows // 2
        self._buffer = None

    def _open(self, draws: Draws) -> None:
        """Predict the instance by itself: a model that does not fit fails here, before anything else is paid for."""
        if draws.codes.dtype != np.float64 and not (draws.codes[0] == 1).all():
            raise ContractError("the first row that a game is asked for must be the instance itself: every code 1")
        if not self.columns:
            outputs = self._ask(draws, [0])
            targets = self._to_targets(outputs)
            self.prediction = targets[0]
            self.columns = resolve_labels(
                self.labels, self._answers(outputs, targets), self.names, self._ranks(outputs, targets)
            )
            self._targets = targets[:, self.columns]
        key = self.keys(draws.take(slice(0, 1)))[0]
        self._seen[key] = 0
        self._tell()

    def _ranks(self, outputs: NDArray[Any], targets: Floats) -> NDArray[np.intp]:
        """Return the targets' columns, the strongest first; where they tie (log-odds are cut off) outputs decide."""
        raw = outputs.reshape(len(outputs), -1)[0].astype(np.float64)
        second = raw if len(raw) == targets.shape[1] else targets[0]
        return np.lexsort((-second, -targets[0]))

    def _answers(self, outputs: NDArray[Any], targets: Floats) -> Floats:
        """Return what the model says of each label, for messages: in log-odds it tells few people anything."""
        with suppress(ModelError):
            values = self.model.head.columns(outputs)
            if values.shape[1] == targets.shape[1]:
                targets = values
        return np.asarray(targets[0])

    def outlook(self, count: int) -> Mapping[str, float]:
        """Return the `count` strongest targets of the instance by name."""
        order = np.argsort(-self.prediction, kind="stable")[:count].tolist()
        shown = [self.names[at] for at in order]
        unique = [f"{name} ({at})" if shown.count(name) > 1 else name for at, name in zip(order, shown, strict=True)]
        return dict(zip(unique, self.prediction[order].tolist(), strict=True))

    def keys(self, draws: Draws) -> list[bytes]:
        """Return a key for each row; rows with one key are one model input, and the model is asked once."""
        own = getattr(self.composer, "keys", None)
        if own is None:
            return _row_keys(draws)
        keys: list[bytes] = own(draws)
        if len(keys) != len(draws):
            raise ContractError(f"{type(self.composer).__name__} has {len(keys)} keys for {len(draws)} draws")
        return keys

    def _distinct(self, draws: Draws) -> tuple[NDArray[np.intp], list[int]]:
        """Return each row's place among all distinct rows so far, and the rows not predicted yet."""
        index = np.empty(len(draws), dtype=np.intp)
        fresh: list[int] = []
        for row, key in enumerate(self.keys(draws)):
            place = self._seen.setdefault(key, len(self._seen))
            index[row] = place
            if place >= len(self._targets) + len(fresh):
                fresh.append(row)
        grown = np.full((len(fresh), len(self.columns)), np.nan)
        self._targets = np.concatenate([self._targets, grown])
        # rows that an earlier, interrupted call left open
        waiting = np.isnan(self._targets[index, 0])
        first = np.unique(index[waiting], return_index=True)[1]
        return index, sorted(int(row) for row in np.flatnonzero(waiting)[first])

    def _remember(self, draws: Draws, index: NDArray[np.intp]) -> None:
        targets = self._targets[index]
        open_rows = np.flatnonzero(np.isnan(targets[:, 0]))
        done = int(open_rows[0]) if len(open_rows) else len(draws)
        if done:
            # picked by indices, so copied: a sampler may use its buffer again for the next block
            self.history.append((draws.take(np.arange(done)), targets[:done]))

    def _ask(self, draws: Draws, rows: Sequence[int]) -> NDArray[Any]:
        """Return the raw outputs of some rows, from the cache or the model."""
        part = draws.take(np.asarray(rows))
        if self.cache is None:
            return self._predict(part)
        keys = row_keys(self.cache_key, self.keys(part))
        found = found_in(self.cache, keys)
        missing = [at for at, key in enumerate(keys) if key not in found]
        self._check_alike(found.values())
        if missing:
            outputs = self._predict(part.take(np.asarray(missing)))
            fresh = {keys[at]: np.array(row) for at, row in zip(missing, outputs, strict=True)}
            self._check_alike([*found.values(), *fresh.values()])
            self.cache.update(fresh)
            found |= fresh
        self.cached += len(rows) - len(missing)
        return np.stack([found[key] for key in keys])

    def _check_alike(self, rows: Iterable[NDArray[Any]]) -> None:
        """Refuse rows of several models that were given one name."""
        if len({(row.shape, row.dtype) for row in rows}) > 1:
            raise ModelError(
                f"the cache holds rows of another shape or type than {self.model.name} returns: two models must not "
                "share a model_id. Give this one another (limefw.model(..., model_id=...)), or clear the cache"
            )

    def _predict(self, part: Draws) -> NDArray[Any]:
        # bound it can show and hide segments, not mix them
        bound = self._bound if part.codes.dtype == np.bool_ else None
        ask, inputs = (self.model.predict, self._compose(part)) if bound is None else (bound, part)
        started = time.perf_counter()
        try:
            outputs = ask(inputs)
        except LimefwError:
            raise
        except SystemExit as error:
            raise ModelError(f"{self.model.name} tried to end the process: sys.exit({error.code!r})") from error
        except Exception as error:
            error.add_note(f"raised by {self.model.name}, given {_described(inputs, len(part))}")
            if _refuses_one_argument(error):
                error.add_note(CALLED_ON_A_BATCH)
            if len(part) == 1 and is_out_of_memory(error):
                error.add_note("not even one row at a time fits in memory: free some, or take a smaller model or input")
            raise
        finally:
            self.seconds += time.perf_counter() - started
        checked = check_outputs(outputs, len(part), self.model)
        self.rows += len(part)
        self.calls += 1
        return checked

    def _compose(self, part: Draws) -> Any:
        ready: Any = self._ready
        if hasattr(ready, "buffer"):
            if self._buffer is None or len(self._buffer) < len(part):
                self._buffer = ready.buffer(min(self.chunk_rows, max(len(part), self.total)))
            return ready.compose(part, self._buffer)
        made = ready.compose(part)
        if hasattr(made, "__len__") and len(made) != len(part):
            raise ContractError(f"{type(ready).__name__} composed {len(made)} inputs for {len(part)} draws")
        preprocessed = getattr(self.instance, "preprocessed", None)
        if preprocessed is None or hasattr(self.composer, "prepared"):
            return made
        return preprocessed(made, self.model.contract)

    def _to_targets(self, outputs: NDArray[Any]) -> Floats:
        if self.like_probabilities:
            self.like_probabilities = _like_probabilities(outputs)
        values, names = check_target(self.target(outputs, self.model.head), len(outputs), self.target)
        if self.names and len(names) != len(self.names):
            raise ModelError(
                f"{self.model.name} returned {len(names)} columns, and {len(self.names)} before: "
                "it must return the same number for every batch"
            )
        self.names = names
        return values

    def _tell(self) -> None:
        if self.listen is not None:
            self.listen(
                Event(
                    "models",
                    self.before + self.distinct,
                    self.total,
                    time.perf_counter() - self._started,
                    finished=False,
                )
            )

    @property
    def distinct(self) -> int:
        """How many different rows were answered."""
        return len(self._targets) - int(np.isnan(self._targets[:, :1]).sum())

    @property
    def asked(self) -> int:
        """How many rows were asked for and answered."""
        return sum(len(draws) for draws, _ in self.history)

    @property
    def exhaustive(self) -> bool:
        """Whether the rows so far are the sampler's whole law."""
        return all(draws.exhaustive for draws, _ in self.history)

    def not_exhaustive(self) -> None:
        """Say that the rows so far are not the sampler's whole law."""
        self.history = [(replace(draws, exhaustive=False), targets) for draws, targets in self.history]

    def drawn(self) -> tuple[Draws, Floats]:
        """Return everything asked so far, in order; it is kept joined, and not twice."""
        draws, targets = zip(*self.history, strict=True)
        self.history = [(Draws.join(draws), np.concatenate(targets))]
        return self.history[0]


def found_in(cache: Cache, keys: Sequence[bytes]) -> dict[bytes, NDArray[Any]]:
    """Return the rows that a cache has: by one look-up where it can."""
    at_once = getattr(cache, "rows", None)
    if at_once is not None:
        return dict(at_once(keys))
    got = ((key, cache.get(key)) for key in keys)
    return {key: row for key, row in got if row is not None}


def _described(inputs: Any, rows: int) -> str:
    """Say what a model was given, for notes."""
    if isinstance(inputs, Draws):
        return f"the codes of {rows} rows, to compose by itself"
    return f"a batch of shape {getattr(inputs, 'shape', (rows,))} and type {getattr(inputs, 'dtype', type(inputs))}"


_NO_MEMORY = re.compile(
    r"out of memory|can't allocate memory|not enough memory|failed to allocate|insufficient memory|bad[ _]alloc|"
    r"OOM when allocating|RESOURCE_EXHAUSTED|(CUDNN|CUBLAS)_STATUS_ALLOC_FAILED",
    re.IGNORECASE,
)
_NO_MEMORY_TYPES = {"MemoryError", "OutOfMemoryError", "ResourceExhaustedError"}
"""Of Python and NumPy, PyTorch, TensorFlow; ONNX Runtime, OpenCV, JAX and drivers say it in words alone."""


def _refuses_one_argument(error: Exception) -> bool:
    """Say whether a model could not even be called on a batch; from inside of it there is a frame more."""
    trace = error.__traceback__
    called = trace is not None and trace.tb_next is None
    return called and isinstance(error, TypeError) and "argument" in str(error)


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an exception of any framework means that memory ran out, by its class's name or its words."""
    return bool({kind.__name__ for kind in type(error).__mro__} & _NO_MEMORY_TYPES or _NO_MEMORY.search(str(error)))


def _like_probabilities(outputs: NDArray[Any]) -> bool:
    """Say whether these are two or more numbers a row, none below 0, that sum to 1 as far as they are exact."""
    if outputs.ndim != 2 or outputs.shape[1] < 2 or outputs.dtype.kind != "f":
        return False
    close = 1e-2 if outputs.dtype.itemsize < 4 else 1e-4
    return bool((outputs >= 0).all() and (np.abs(outputs.sum(axis=1, dtype=np.float64) - 1) < close).all())


def _row_keys(draws: Draws) -> list[bytes]:
    """Return for each row the bytes of its codes and values, which a composer without keys of its own goes by.

    They begin with what these are: "background" 1 and "draw" 1 may mean different inputs.
    """
    kinds = [(name, draws.values[name].dtype.str, draws.values[name].shape[1:]) for name in sorted(draws.values)]
    what = blake2b(repr((draws.codes.dtype.str, draws.codes.shape[1:], kinds)).encode(), digest_size=4).digest()
    packed = np.packbits(draws.codes, axis=1) if draws.codes.dtype == np.bool_ else np.ascontiguousarray(draws.codes)
    parts = [packed.reshape(len(draws), -1).view(np.uint8)]
    for name in sorted(draws.values):
        values = np.ascontiguousarray(draws.values[name])
        parts.append(values.reshape(len(draws), -1).view(np.uint8))
    joined = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    size, data = joined.shape[1], joined.tobytes()
    return [what + data[start : start + size] for start in range(0, len(data), size)]
