"""The game of a finished explanation, taken up again: what metrics ask the model with."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from limefw import contracts
from limefw.caching.keys import game_key
from limefw.discovery import Registry
from limefw.errors import InputError
from limefw.game import Cache, Game, Listener
from limefw.pipeline import Run, cut, derived, stream
from limefw.recipe import Recipe
from limefw.results.explanation import Explanation
from limefw.stage import Plugin, Stage
from limefw.types import Codes, Composer, Draws, Floats, Instance, Model, Segments


WITH_INSTANCE = 3
"""Rows more that a sampler is asked for: the instance, in pairs its complement, and one as pairs come whole."""


@dataclass(slots=True, eq=False)
class Replay:
    """The game of an explanation, for metrics: ``game(draws)``, and what else there is to ask of it.

    Targets are those of the explanation's labels, in its order. All that it asks is counted here, and is no effort of
    the explanation's.

    Args:
        explanation: whose game it is.
        recipe: by which that was made.
        model: which explained it.
        registry: where the plug-ins are.
        mask: True where the thing meant lies, in the instance's own shape; None where nobody said.
        seed: of what is made again.
        chunk: rows per model call.
        listen: told after every chunk.
        strict: see that the model says of the instance what the explanation has.
        cache: of raw output rows, or None.
    """

    explanation: Explanation
    recipe: Recipe
    model: Model
    registry: Registry
    mask: NDArray[np.bool_] | None = None
    seed: int = 0
    chunk: int | None = None
    listen: Listener | None = None
    strict: bool = True
    cache: Cache | None = None
    instance: Instance = field(init=False)
    composer: Composer = field(init=False)
    _games: list[Game] = field(default_factory=list, init=False)
    _made: dict[tuple[int, bool], Explanation] = field(default_factory=dict, init=False)
    _repeats: dict[str, float] = field(default_factory=dict, init=False)
    _coarse: Segments | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        photo, filler = self.explanation.instance, self.recipe.stages["filler"]
        framed = getattr(photo, "framed", None)
        self.instance = photo if framed is None else framed(self.model.contract)[1]
        if self.instance.shape != self.segments.labels.shape:
            sizes = " and ".join(str(shape) for shape in (self.instance.shape, self.segments.labels.shape))
            raise InputError(
                f"{photo.name!r} was explained by a model that sees it otherwise (shapes {sizes}): give the same model"
            )
        made = filler(self.instance, self.segments, stream(self.recipe.seed, "fillers"))
        self.composer = contracts.check_composer(made, filler)
        self._games.append(self._game(self.composer))

    @property
    def segments(self) -> Segments:
        """The explanation's."""
        return self.explanation.segments

    @property
    def filled_alike(self) -> bool:
        """Whether hidden segments show what they did when it was explained, as far as that is known."""
        then = self.explanation.provenance.get("filling", {}).get("sha256")
        held = getattr(self.composer, "fingerprint", None)
        return then is None or held is None or held() == then

    def __call__(self, draws: Draws) -> Floats:
        """Return ``(n, t)`` targets, a row for each draw; the instance is asked first, and equal rows once."""
        return self._asked(self._games[0], draws)

    def shown(self, codes: Codes) -> Floats:
        """Return ``(n, t)`` targets where the segments of each row of codes are shown and the others hidden.

        Where hidden segments may show many things it is the mean over several.

        Raises:
            InputError: the explanation's columns are neither shown nor hidden.
        """
        return self._shown(self._games[0], codes)

    def through(self, composer: Composer) -> Callable[[Codes], Floats]:
        """Return what answers as `shown` does where hidden segments show something else."""
        game = self._game(composer)
        self._games.append(game)
        return lambda codes: self._shown(game, codes)

    def fresh(self, rows: int, rng: Generator) -> tuple[Draws, Floats, Floats]:
        """Return draws that the recipe's own sampler makes anew, their targets and their weights by its kernel.

        The instance, and what comes with it in its group, is among them only where the sampler enumerates all there is:
        it is known beforehand and no part of the law.
        """
        sampler, kernel = self.recipe.stages["sampler"], self.recipe.stages["kernel"]
        blocks, count = list[Draws](), 0
        for block in sampler(self.instance, self.segments, rows + WITH_INSTANCE, rng):
            part = contracts.check_draws(block, self.segments, sampler, first=not blocks)
            blocks.append(part)
            count += len(part)
            if count >= rows + WITH_INSTANCE:
                break
        draws = Draws.join(blocks)
        if getattr(self.composer, "random", False) and "draw" not in draws.values:
            most = getattr(self.composer, "alternatives", 2**64)
            numbers = rng.integers(0, most, size=len(draws), dtype=np.uint64)
            draws = replace(draws, values={**draws.values, "draw": numbers})
        weights = contracts.check_weights(kernel(draws, self.composer), len(draws), kernel)
        groups = np.asarray(draws.groups)
        rest = np.flatnonzero(groups != groups[0])
        own = slice(None) if draws.exhaustive else (rest if len(rest) else np.arange(1, len(draws)))[:rows]
        return draws.take(own), self(draws.take(own)), (weights * draws.importance)[own]

    def again(self, number: int = 0, instance: Instance | None = None, *, resegment: bool = False) -> Explanation:
        """Explain once more, all else being equal; what needs several explanations gets them here.

        Args:
            number: which of the other seeds, 1, 2, ...; 0: the explanation's own.
            instance: another one in its place, such as a slightly changed one.
            resegment: cut it anew instead of taking the same segments; those that a method split are split anew anyhow.
        """
        if number == 0 and instance is None and not resegment:
            return self.explanation
        key = (number, resegment)
        if instance is None and key in self._made:
            return self._made[key]
        self.open()
        stages = dict(self.recipe.stages)
        if not resegment:
            same = self._begun
            stages["segmenter"] = Stage("segmenters", Plugin("same", lambda _i, _r, /: same, summary="-"), {}, True)
        seed = derived(self.seed, number) if number else self.recipe.seed
        recipe = replace(self.recipe, stages=stages, seed=seed, labels=self.explanation.labels, what_if=0)
        run = Run(recipe, self.model, self.registry, self.chunk, self.cache, self.listen)
        made = run.explain(self.explanation.instance if instance is None else instance)
        if made.health.has("interrupted"):
            raise KeyboardInterrupt
        rows, seconds = made.provenance["rows"], made.provenance["seconds"]
        for name, more in (("rows", rows["predicted"]), ("calls", rows["calls"]), ("seconds", seconds["model_only"])):
            self._repeats[name] = self._repeats.get(name, 0) + more
        if instance is None:
            self._made[key] = made
        return made

    @property
    def _begun(self) -> Segments:
        """The segments that playing began with: a method may have split them since, and would split its own again."""
        if self._coarse is None:
            known = "method" not in self.recipe.stages
            whole = self.explanation.instance
            self._coarse = self.segments if known else cut(whole, self.model, self.recipe, self.registry)[1]
        return self._coarse

    @property
    def splits(self) -> bool:
        """Whether a method split segments while it played: explained again, it may split others."""
        return self._begun.fingerprint() != self.segments.fingerprint()

    @property
    def spent(self) -> dict[str, float]:
        """Rows and calls that the model was asked here, and its seconds."""
        totals = {
            name: float(sum(getattr(game, name) for game in self._games)) for name in ("rows", "calls", "seconds")
        }
        return {name: total + self._repeats.get(name, 0.0) for name, total in totals.items()}

    def open(self) -> None:
        """See that the model says of the instance what the explanation has; this costs a row.

        Raises:
            InputError: it says something else.
        """
        if self.explanation.neighbourhood.codes.dtype != np.float64:
            self(Draws(np.ones((1, self.segments.count), dtype=np.bool_)))
            return
        # the instance's own values in units of their spread are known to the sampler, which begins with them
        first = next(iter(self.recipe.stages["sampler"](self.instance, self.segments, 1, stream(0, "samplers"))))
        self._check(self._asked(self._games[0], first.take([0]))[0])

    def _game(self, composer: Composer) -> Game:
        key = None
        if self.cache is not None:
            mark = getattr(self.cache, "mark", None)
            key = game_key(self.model, composer, self.instance, self.segments, mark=mark)
        return Game(
            self.model, composer, self.recipe.stages["target"], self.explanation.labels, 1,
            chunk=self.chunk, listen=self.listen, cache=None if key is None else self.cache, cache_key=key or b"",
            instance=self.instance, segments=self.segments,
        )  # fmt: skip

    def _shown(self, game: Game, codes: Codes) -> Floats:
        if self.explanation.neighbourhood.codes.dtype == np.float64:
            raise InputError(
                "the columns of this explanation are values in units of their spread: nothing can be shown or hidden. "
                "Explain with bins (segmenter='bins' and a sampler of them), or take the metric 'fidelity'"
            )
        hidden = getattr(game.composer, "hidden", None)
        if hidden is None:
            return self._asked(game, Draws(codes))
        several: Draws = hidden(codes)
        answers = self._asked(game, several)
        return np.asarray(answers.reshape(len(codes), -1, answers.shape[1]).mean(axis=1))

    def _asked(self, game: Game, draws: Draws) -> Floats:
        if not game.columns and draws.codes.dtype != np.float64:
            whole = Draws(np.ones((1, draws.codes.shape[1]), dtype=draws.codes.dtype))
            self._check(game(_numbered(whole, game.composer))[0])
        answers = game(_numbered(draws, game.composer))
        # what was asked is not fitted to: kept, it would only take memory
        game.history.clear()
        return answers

    def _check(self, answer: Floats) -> None:
        """Refuse another model than the one that was explained."""
        seen = np.ptp(self.explanation.neighbourhood.targets, axis=0)
        for at, (said, label) in enumerate(zip(answer.tolist(), self.explanation.labels, strict=True)):
            then = self.explanation.prediction(label)
            # half precision and other batches round otherwise
            if self.strict and abs(said - then) > 1e-2 * max(abs(then), float(seen[at])):
                raise InputError(
                    f"this is another model than the one that was explained: it says {said:.4g} of "
                    f"{self.explanation.names[label]!r} in {self.explanation.instance.name!r}, and that one said "
                    f"{then:.4g}: give the same model, and the recipe where it was changed"
                )


def _numbered(draws: Draws, composer: Any) -> Draws:
    """Give each row the number by which a filler makes its choice: one of its codes alone, so that no order matters."""
    if not getattr(composer, "random", False) or "draw" in draws.values or "background" in draws.values:
        return draws
    most = getattr(composer, "alternatives", 2**64)
    rows = np.ascontiguousarray(draws.codes)
    hashes = (int.from_bytes(blake2b(row.tobytes(), digest_size=8).digest()) for row in rows)
    numbers = np.array([number % most for number in hashes], dtype=np.uint64)
    return replace(draws, values={**draws.values, "draw": numbers})
