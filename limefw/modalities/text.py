"""Texts: the instance, how it is cut into segments, and the composer that its fillers share."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise, product
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ContractError, InputError
from limefw.types import Draws, Segments, digest, freeze, frozen


Span = tuple[int, int]
"""Where a part of a text begins and, exclusively, ends, counted in code points as Python does."""


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A text.

    Args:
        string: it, with at least one character.
        name: for titles and file names.
    """

    modality: ClassVar[str] = "text"

    string: str
    name: str = "text"

    def __post_init__(self) -> None:
        if not isinstance(self.string, str):
            raise InputError(f"a text is a str, got {type(self.string).__name__}")
        if not self.string:
            raise InputError("the text is empty: there is nothing to explain")

    @property
    def shape(self) -> tuple[int]:
        """The number of characters (code points): each has a place in the label map."""
        return (len(self.string),)

    def fingerprint(self) -> str:
        """Return a hash of the string."""
        return digest(self.string)


@dataclass(frozen=True, slots=True, eq=False)
class Parts(Segments):
    """Segments of a text that know their parts: equal ones of a bag may stand side by side, with nothing between.

    Args:
        starts: (p,) where parts begin, in order.
    """

    starts: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        freeze(self, {"labels": None, "parents": None, "basis": None, "starts": np.intp})

    def fingerprint(self) -> str:
        """Return a hash of the labels and of where parts begin: each shows by itself what stands for it."""
        return digest(self.labels, () if self.starts is None else self.starts)


def segments_of(
    text: Text, spans: Iterable[Span], what: str = "word", *, bag: bool = True, ignore_case: bool = False
) -> Parts:
    """Make segments of parts of a text; whatever is in none of them (separators) is always kept.

    Args:
        text: it.
        spans: where the parts are, in order and without overlaps; empty ones are left out.
        what: one part is called, for messages.
        bag: parts with equal letters are one segment, shown and hidden together; else each is one by itself.
        ignore_case: in a bag "Good" and "good" are equal.

    Raises:
        InputError: where there are fewer than two segments.
    """
    labels = np.full(len(text.string), -1)
    known: dict[Any, int] = {}
    names: list[str] = []
    starts: list[int] = []
    for start, end in spans:
        if start == end:
            continue
        starts.append(start)
        part = text.string[start:end]
        label = known.setdefault((part.casefold() if ignore_case else part) if bag else start, len(names))
        if label == len(names):
            names.append(part)
        labels[start:end] = label
    _check_number(text, names, what)
    return Parts(labels, unique(names), starts=np.array(starts))


def _check_number(text: Text, names: Sequence[str], what: str) -> None:
    if len(names) < 2:
        found = f"only one {what}, {names[0][:60]!r}," if names else f"no {what}s,"
        raise InputError(
            f"{text.name!r} has {found} and an explanation compares at least 2: give a longer text, or cut it "
            "into smaller parts (-s segmenter=characters, segmenter='characters' in Python)"
        )


LONGEST_NAME = 80

_NUMBER = re.compile(r" \(\d+\)")
"""What tells the second "good" from the first."""


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Return names that all differ: the second "good" is "good (2)"; long ones are cut."""
    found: dict[str, None] = {}
    times: dict[str, int] = {}
    for name in names:
        fresh = short = _short(name)
        while fresh in found:
            times[short] = times.get(short, 1) + 1
            fresh = f"{short} ({times[short]})"
        found[fresh] = None
    return tuple(found)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def identities(text: Text, segments: Segments) -> list[str]:
    """Return what makes segments of several texts one feature: all their letters, or a name that a segmenter gave.

    Their own names will not do: they are cut and numbered within one text, and lines alike for long would be one.
    """
    pieces, owners = pieces_of(text.string, segments)
    letters = dict(zip(owners[::-1].tolist(), reversed(pieces), strict=True))
    return [letters[at] if _is_name_of(letters[at], name) else name for at, name in enumerate(segments.names)]


def _is_name_of(letters: str, name: str) -> bool:
    short = _short(letters)
    return name == short or (name.startswith(short) and _NUMBER.fullmatch(name, len(short)) is not None)


def pieces_of(string: str, segments: Segments) -> tuple[list[str], NDArray[np.intp]]:
    """Return a text, or the beginning of one, as the parts of its segments and what is between, each with its label.

    Where segments do not know their parts, a part is as long as the label stays the same.
    """
    labels, starts = segments.labels[: len(string)], getattr(segments, "starts", None)
    cuts = np.flatnonzero(np.diff(labels)) + 1
    if starts is not None:
        cuts = np.union1d(cuts, starts[(starts > 0) & (starts < len(string))])
    ends = [0, *cuts.tolist(), len(string)]
    return [string[start:end] for start, end in pairwise(ends)], labels[ends[:-1]]


ROWS = 256
"""Rows composed at a time: what they are made of is held in memory meanwhile."""

MANY = 20_000
"""Pieces above which their combinations would take more memory than they save time."""


@dataclass(frozen=True, slots=True, eq=False)
class TextComposer:
    """Shows a text where a code keeps its segment, and something else where it hides it.

    Args:
        head: what is kept before the first piece.
        pieces: p parts of segments, each shown or hidden by itself where equal ones stand side by side.
        tails: what is kept behind each, up to the next.
        owners: (p,) the segment of each.
        fills: what stands for each where it is hidden.
        choices: what may stand for a hidden piece instead, one drawn for each piece of each row; empty: `fills` do.
    """

    head: str
    pieces: tuple[str, ...]
    tails: tuple[str, ...]
    owners: NDArray[np.intp]
    fills: tuple[str, ...]
    choices: tuple[str, ...] = ()
    row_bytes: int = field(init=False, repr=False)
    _several: NDArray[Any] = field(init=False, repr=False)
    _apart: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owners", frozen(self.owners, np.intp))
        # what a model may need for one text at a guess, by which chunks are cut: far more than its letters
        letters = len(self.head) + sum(map(len, self.pieces)) + sum(map(len, self.tails))
        object.__setattr__(self, "row_bytes", 8_000 + 32 * letters)
        both = [
            (hidden + tail, shown + tail)
            for shown, hidden, tail in zip(self.pieces, self.fills, self.tails, strict=True)
        ]
        both += [("", "")] * (-len(both) % self._at_once)
        several = [
            list(map("".join, product(*both[at : at + self._at_once]))) for at in range(0, len(both), self._at_once)
        ]
        object.__setattr__(self, "_several", np.array(several, dtype=object))
        object.__setattr__(self, "_apart", not self.choices and self._one_to_one())

    @property
    def _at_once(self) -> int:
        """How many pieces that stand side by side are put together beforehand, in all combinations."""
        return 4 if len(self.pieces) <= MANY else 1

    @classmethod
    def of(
        cls, text: Text, segments: Segments, fill: str | Callable[[str], str] = "", choices: Sequence[str] = ()
    ) -> Self:
        """Make one of a text and its segments.

        Args:
            text: it.
            segments: of it.
            fill: what a hidden piece shows; a function is given the piece.
            choices: words of which each hidden piece shows one, drawn anew in each row.
        """
        if segments.basis is not None:
            raise InputError("segments of a text are hard: a character is in one of them or in none")
        runs, labels = pieces_of(text.string, segments)
        kept, pieces, owners = [""], list[str](), list[int]()
        for run, label in zip(runs, labels.tolist(), strict=True):
            if label < 0:
                kept[-1] = run
            else:
                pieces.append(run)
                owners.append(label)
                kept.append("")
        fills = tuple(fill(piece) if callable(fill) else fill for piece in pieces)
        return cls(kept[0], tuple(pieces), tuple(kept[1:]), np.array(owners), fills, tuple(choices))

    @property
    def random(self) -> bool:
        """Whether hidden pieces show what is drawn for them: rows then have a number in ``values["draw"]``."""
        return bool(self.choices)

    def compose(self, draws: Draws) -> list[str]:
        """Return a text for each draw."""
        if draws.codes.dtype != np.bool_:
            raise ContractError(f"a word is shown or hidden, and these codes are {draws.codes.dtype}: draw bool codes")
        return self._drawn(draws) if self.choices else self._joined(draws)

    def _joined(self, draws: Draws) -> list[str]:
        """Return texts put together from several pieces at once, which takes a third of the time."""
        side_by_side, combinations = self._at_once, self._several.shape[1]
        starts = np.arange(len(self._several)) * combinations
        found: list[str] = []
        for start in range(0, len(draws), ROWS):
            kept = draws.codes[start : start + ROWS, self.owners]
            shown = np.zeros((len(kept), len(starts) * side_by_side), dtype=np.uint8)
            shown[:, : kept.shape[1]] = kept
            number = starts + sum(
                shown[:, at::side_by_side].astype(np.intp) << side_by_side - 1 - at for at in range(side_by_side)
            )
            found += [self.head + "".join(texts) for texts in self._several.take(number).tolist()]
        return found

    def _drawn(self, draws: Draws) -> list[str]:
        """Return texts whose hidden pieces show drawn words."""
        found: list[str] = []
        shown, tails = (np.array(texts, dtype=object) for texts in (self.pieces, self.tails))
        for start in range(0, len(draws), ROWS):
            part = draws.take(slice(start, start + ROWS))
            texts = (np.where(part.codes[:, self.owners], shown, self._chosen(part)) + tails).tolist()
            found += [self.head + "".join(text) for text in texts]
        return found

    def _chosen(self, draws: Draws) -> NDArray[Any]:
        """Return a word for each piece of each row: drawn by the row's number and the piece's place alone."""
        index = random_bits(draws.values["draw"][:, None], np.arange(len(self.pieces), dtype=np.uint64))
        chosen: NDArray[Any] = np.array(self.choices, dtype=object)[index % np.uint64(len(self.choices))]
        return chosen

    def keys(self, draws: Draws) -> list[bytes]:
        """Return bytes of each text: deleting one or the other of two equal words may make the same text."""
        if self._apart:
            return [row.tobytes() for row in np.packbits(draws.codes, axis=1)]
        return [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in self.compose(draws)]

    def _one_to_one(self) -> bool:
        """Say whether different codes always make different texts, so that none has to be composed to know.

        Two texts are equal up to the first piece that one of them shows and the other hides. They differ there where
        the piece and what stands for it begin differently, or where nothing does, what is kept behind it.
        """
        last = len(self.pieces) - 1
        for at, (piece, fill, tail) in enumerate(zip(self.pieces, self.fills, self.tails, strict=True)):
            instead = fill or tail
            if instead[:1] == piece[:1] or not (instead or at == last):
                return False
        return True

    def fingerprint(self) -> str:
        """Return a hash of everything that texts are composed of."""
        return digest(self.head, self.pieces, self.tails, self.owners, self.fills, self.choices)


def random_bits(numbers: NDArray[np.uint64], places: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return random bits for each number and place, the same ones always (the finaliser of SplitMix64)."""
    with np.errstate(over="ignore"):
        bits = numbers + (places + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(bits ^ (bits >> np.uint64(31)))


def by_tokens(tokenizer: Any, *, bag: bool = False) -> Callable[..., Segments]:
    """Return a segmenter that cuts a text as a model's own tokenizer does: ``segmenter=limefw.by_tokens(tokenizer)``.

    Args:
        tokenizer: a fast tokenizer of Hugging Face's transformers or a ``tokenizers.Tokenizer`` (both say where in the
            text each token is), or a function from a text to its tokens in order, or to (start, end) of each.
        bag: equal tokens are one segment, shown and hidden together; else each is one by itself.
    """

    def tokens(text: Text, _rng: Any, /) -> Segments:
        return segments_of(text, token_spans(tokenizer, text.string), "token", bag=bag)

    return tokens


def token_spans(tokenizer: Any, string: str) -> list[Span]:
    """Return where in a text its tokens are, in order; those that overlap (the bytes of one character) as one.

    Raises:
        InputError: where the tokenizer does not say where its tokens are, and they do not occur in the text.
    """
    if hasattr(tokenizer, "is_fast"):
        if not tokenizer.is_fast:
            raise InputError(
                f"{type(tokenizer).__name__} does not say where its tokens are: load the fast one (use_fast=True)"
            )
        found = tokenizer(string, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    elif hasattr(tokenizer, "encode") and not callable(tokenizer):
        found = tokenizer.encode(string, add_special_tokens=False).offsets
    elif callable(tokenizer):
        found = list(tokenizer(string))
    else:
        raise InputError(
            f"a tokenizer is a fast one of Hugging Face, a tokenizers.Tokenizer or a function from a text to its "
            f"tokens, got {type(tokenizer).__name__}"
        )
    if all(isinstance(token, str) for token in found):
        return _placed(found, string)
    return _merged([(int(start), int(end)) for start, end in found], len(string))


def _placed(tokens: Iterable[str], string: str) -> list[Span]:
    """Find tokens in a text, each behind the one before it."""
    spans, at = [], 0
    for token in tokens:
        start = string.find(token, at)
        if start < 0:
            raise InputError(
                f"the tokenizer made {token[:60]!r}, which does not occur in the text from character {at} on: tokens "
                "must be parts of the text, in order and unchanged (not in lower case, say)"
            )
        at = start + len(token)
        spans.append((start, at))
    return spans


def _merged(spans: Sequence[Span], length: int) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if start < 0 or end > length:
            raise InputError(f"the tokenizer says that a token is at {start} to {end} of a text of {length} characters")
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
