"""The plug-in under test, and how its kind is called and judged."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from limefw.errors import ContractError, InputError
from limefw.evaluation.replay import Replay
from limefw.game import Game
from limefw.stage import Plugin, Stage, takes_trust


Data = tuple[Any, ...]
Complaints = Iterator[str]


class Skip(Exception):  # noqa: N818 - no error: the check does not apply
    """The check cannot run, for the reason given."""


def told(error: BaseException) -> str:
    """Say what was raised; a broken contract speaks for itself."""
    return str(error) if isinstance(error, ContractError) else f"it raised {type(error).__name__}: {error}"


@dataclass(slots=True)
class Subject:
    """The plug-in under test, the examples that it is called with and what it made of them.

    Args:
        spec: of its kind.
        stage: the plug-in with all its parameters.
        source: check_plugin's own.
        given: parameters that check_plugin was given.
        cases: examples by name, as the checks that follow are; ``contract`` fills in all but the next two.
        values: what it returned, for those that it took.
        again: digests of what it returned when called once more, by ``inputs untouched``.
        moved: names of examples at which a global random state moved, by ``inputs untouched``.
        changed: names of examples whose data it changed.
        opened: names of examples that left a pyplot figure open.
        altered: settings of the whole process that it changed, by name of the example.
        unsteady: names of examples that ``deterministic`` complained of.
        abroad: what a fresh process saw.
    """

    spec: "Kind"
    stage: Stage
    source: Any
    given: Mapping[str, Any]
    cases: dict[str, Data] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    altered: dict[str, list[str]] = field(default_factory=dict)
    unsteady: list[str] = field(default_factory=list)
    abroad: Any = None

    @property
    def plugin(self) -> Plugin:
        """What is tested."""
        return self.stage.plugin

    def call(self, data: Data, seed: int = 0, stage: Stage | None = None) -> Any:
        """Call the plug-in as `explain` does; a sampler's blocks are put in a list."""
        fresh = [replace(item) if isinstance(item, Game | Replay) else item for item in data]
        chance = [np.random.default_rng(seed)] if self.spec.data.endswith("rng") else []
        trusted = {"trust": True} if takes_trust(self.plugin) else {}
        try:
            value = (stage or self.stage)(*fresh, *chance, **trusted)
            return list(value) if self.stage.kind == "samplers" else value
        except SystemExit as error:
            # it would end the check too, as if nothing were wrong
            raise RuntimeError(f"it tried to end the process: sys.exit({error.code!r})") from error

    def outcome(self, data: Data, seed: int = 0) -> Any:
        """Call it and take what it returned as far as arrays, text or bytes."""
        return self.spec.outcome(self.call(data, seed), data)

    def made(self) -> Iterator[tuple[str, Data, Any]]:
        """Yield name, data and value of every example that it took."""
        if not self.values:
            raise Skip("it took no example" if self.cases else "no source was given")
        return ((name, self.cases[name], value) for name, value in self.values.items())


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is called and judged: names of its data, examples, contract, what to compare, checks of its own."""

    data: str
    examples: Callable[[Subject], dict[str, Data]]
    contract: Callable[[Any, Data, Stage], Any]
    checks: tuple[Callable[[Subject], Complaints], ...] = ()
    outcome: Callable[[Any, Data], Any] = lambda value, _: value
    refusals: tuple[type[Exception], ...] = (InputError,)
