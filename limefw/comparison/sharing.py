"""What the variants of a comparison share: stages whose recipes say the same are run once, rows are predicted once."""

import json
import time
from collections.abc import Callable, Hashable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from limefw.game import Cache, Game, found_in
from limefw.pipeline import Outcome, Run, Scene
from limefw.samples import Auto
from limefw.stage import Stage
from limefw.types import Composer, Draws, Model


Made = TypeVar("Made")

PLAYED = ("sampler", "target")
"""Stages that decide, beside what is played on, which rows are asked and what of the answers is kept."""

WEIGHED = ("kernel", "selector", "surrogate", "method")
"""Stages that decide it too where a rule says when to stop, or a method asks by a loop of its own."""


@dataclass(slots=True)
class Spent:
    """What a model was really asked, whoever asked it.

    Args:
        rows: predicted.
        calls: made.
        seconds: that they took.
    """

    rows: int = 0
    calls: int = 0
    seconds: float = 0.0

    def counted(self, model: Model) -> Model:
        """Return the model with its calls counted here."""
        bind = model.bind
        bound = None if bind is None else lambda composer: self._counted(bind(composer))
        return replace(model, predict=self._counted(model.predict), bind=bound)

    def _counted(self, ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def asked(inputs: Any) -> Any:
            started = time.perf_counter()
            try:
                outputs = ask(inputs)
            finally:
                self.seconds += time.perf_counter() - started
            self.calls += 1
            # what is no batch of outputs is told of where it is checked
            self.rows += (
                len(inputs) if isinstance(inputs, Draws) else len(outputs) if hasattr(outputs, "__len__") else 0
            )
            return outputs

        return asked


class Rows(MutableMapping[bytes, NDArray[Any]]):
    """Output rows in memory, in front of a cache that outlives them.

    Args:
        behind: asked for what is not here, told what is new; None: there is none.
        mark: stands for a model that has no fingerprint: these rows live no longer than its object.
    """

    def __init__(self, behind: Cache | None, mark: str) -> None:
        self._rows: dict[bytes, NDArray[Any]] = {}
        self._behind: Cache = {} if behind is None else behind
        self._mark = mark

    @property
    def mark(self) -> str:
        """What tells the model's rows from another's."""
        return self._mark

    def rows(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[Any]]:
        """Return the rows that there are."""
        self._rows |= found_in(self._behind, [key for key in keys if key not in self._rows])
        return {key: self._rows[key] for key in keys if key in self._rows}

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Keep new rows, here and behind."""
        fresh = dict(other, **more)
        self._rows |= fresh
        self._behind.update(fresh)

    def __getitem__(self, key: bytes) -> NDArray[Any]:
        return self.rows([key])[key]

    def __setitem__(self, key: bytes, row: NDArray[Any]) -> None:
        self.update({key: row})

    def __delitem__(self, key: bytes) -> None:
        del self._rows[key]
        self._behind.pop(key, None)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Watched(np.random.Generator):
    """A random stream that notes whether anybody took chance from it, or what more could be made of."""

    def __init__(self, bits: np.random.BitGenerator) -> None:
        super().__init__(bits)
        self._bits, self._begun, self._handed = bits, bits.state, False

    @property
    def bit_generator(self) -> np.random.BitGenerator:
        """What it draws from; whoever asks for it may draw unseen."""
        self._handed = True
        return self._bits

    def spawn(self, n_children: int) -> "list[np.random.Generator]":
        """Make streams of this one, which count as drawn from."""
        self._handed = True
        return super().spawn(n_children)

    @property
    def used(self) -> bool:
        """Whether chance had a part."""
        return self._handed or self._bits.state != self._begun

    @property
    def place(self) -> Any:
        """How far it is."""
        return self._bits.state


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What a stage made, what it took, and its random stream with how far that was: who draws later cannot share."""

    made: Any
    took: dict[str, float]
    stream: Watched | None
    place: Any

    @property
    def settled(self) -> bool:
        """Whether nothing has been drawn since it was made."""
        return self.stream is None or self.stream.place == self.place


@dataclass(slots=True, eq=False)
class Shared:
    """What was computed of one instance by one model.

    Args:
        found: what was cut and prepared, by what says how, and by the seed where chance had a part.
        played: games and how they ended, with their seconds; of one seed, so forgotten with it.
        kept: what keys name by its identity, which must not be another's before the end.
    """

    found: dict[Hashable, _Made] = field(default_factory=dict)
    played: dict[Hashable, tuple[Game, Outcome, dict[str, float]]] = field(default_factory=dict)
    kept: dict[int, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class SharedRun(Run):
    """One of several explanations of an instance: what another one has made in the same way is taken over.

    Its provenance tells what it costs by itself, as if it had been alone.
    """

    shared: Shared = field(default_factory=Shared)
    _streams: dict[str, Watched] = field(default_factory=dict)

    def scene(self, source: Any) -> Scene:
        """Read and cut, or take over what was."""
        key = ("scene", self._kept(source), *self._said("reader", "segmenter"))
        return self._once(key, "segmenters", lambda: Run.scene(self, source))

    def composer(self, scene: Scene) -> Composer:
        """Prepare what hidden parts show, or take over what was."""
        key = ("composer", self._kept(scene.segments), *self._said("filler"))
        return self._once(key, "fillers", lambda: Run.composer(self, scene))

    def begin(self, source: Any) -> tuple[Scene, Game]:
        """Do everything up to the first model call, or take over a game that was played."""
        scene, game = Run.begin(self, source)
        played = self.shared.played.get(self._play_key(game))
        return scene, game if played is None else played[0]

    def play(self, game: Game, scene: Scene) -> Outcome:
        """Spend the model calls, or take over how it ended."""
        key = self._play_key(game)
        if key in self.shared.played:
            _, outcome, took = self.shared.played[key]
            self._charge(took)
            return outcome
        before = dict(self.seconds)
        outcome = Run.play(self, game, scene)
        if not outcome.cautions:  # not cut short
            self.shared.played[key] = game, outcome, self._since(before)
        return outcome

    def stream(self, kind: str) -> np.random.Generator:
        """Return this run's random stream of a kind, and remember where it began."""
        self._streams[kind] = made = Watched(Run.stream(self, kind).bit_generator)
        return made

    def _play_key(self, game: Game) -> Hashable:
        keys: tuple[str, ...] = PLAYED
        if isinstance(self.recipe.samples, Auto) or "method" in self.recipe.stages:
            keys += WEIGHED
        settings = (repr(self.recipe.samples), self.recipe.seed, self.recipe.labels)
        return (self._kept(game.segments), self._kept(game.composer), *settings, *self._said(*keys))

    def _said(self, *keys: str) -> tuple[Hashable, ...]:
        return tuple(_named(self.recipe.stages.get(key)) for key in keys)

    def _kept(self, thing: Any) -> int:
        """Return what tells this very object from others until the end."""
        self.shared.kept[id(thing)] = thing
        return id(thing)

    def _once(self, key: Hashable, kind: str, make: Callable[[], Made]) -> Made:
        """Return what was made under a key, whatever the seed where no chance had a part in it; else make it."""
        for known in ((key, None), (key, self.recipe.seed)):
            found = self.shared.found.get(known)
            if found is not None and found.settled:
                self._charge(found.took)
                return found.made  # type: ignore[no-any-return]
        before = dict(self.seconds)
        self._streams.pop(kind, None)
        made = make()
        stream = self._streams.get(kind)
        place = None if stream is None else stream.place
        seed = self.recipe.seed if stream is not None and stream.used else None
        self.shared.found[key, seed] = _Made(made, self._since(before), stream, place)
        return made

    def _since(self, before: dict[str, float]) -> dict[str, float]:
        """Return the seconds of each stage since then."""
        return {kind: so_far - before.get(kind, 0.0) for kind, so_far in self.seconds.items()}

    def _charge(self, took: dict[str, float]) -> None:
        for kind, seconds in took.items():
            self.seconds[kind] = self.seconds.get(kind, 0.0) + seconds


def _named(stage: Stage | None) -> Hashable:
    """Return what tells a settled stage from others."""
    if stage is None:
        return None
    return stage.name, id(stage.plugin.call), json.dumps(stage.to_mapping(), sort_keys=True, default=str)
