"""What a comparison's page shows of each instance, once, and where the segments lie, once for each way to cut it."""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from limefw.letters import visible
from limefw.modalities.image import Image
from limefw.modalities.series import Series
from limefw.modalities.table import Row
from limefw.modalities.text import Text, pieces_of
from limefw.results.explanation import Explanation
from limefw.types import Labels
from limefw_plugins.renderers._data_uri import data_uri
from limefw_plugins.renderers._photo import at_size
from limefw_plugins.renderers._picture import labels_at, view_of
from limefw_plugins.renderers._words import printable


LONGEST = 320
"""Pixels of a picture's longer side."""

FINENESS = (320, 240, 180, 150, 128, 112, 96, 80, 64)
LEVEL = 7
"""Of zlib: 9 takes three times as long and saves a hundredth."""

LETTERS = 2000
"""Of a text that are shown."""

STEPS = 320
"""Of a series that are drawn."""


def packed(data: bytes) -> str:
    """Return bytes as letters: deflated, then base64."""
    return base64.b64encode(zlib.compress(data, LEVEL)).decode()


def seen_of(explanation: Explanation) -> dict[str, Any]:
    """Return what there is to see of an instance."""
    instance = explanation.instance
    if isinstance(instance, Image):
        view = view_of(explanation, longest=LONGEST)
        height, width = view.size
        least = [min(own, shown) for own, shown in zip(instance.shape, view.size, strict=True)]
        picture = data_uri(at_size(instance, least)) if least[0] * least[1] < height * width else data_uri(view.pixels)
        return {"kind": "picture", "src": picture, "w": width, "h": height, "sharp": max(least) < max(view.size)}
    if isinstance(instance, Text):
        return {"kind": "text", "more": max(0, len(instance.string) - LETTERS)}
    if isinstance(instance, Series):
        steps = _steps(len(instance.values))
        values = np.asarray(instance.values, dtype=np.float64)[steps].T
        low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
        level = np.where(high > low, (values - low) / np.where(high > low, high - low, 1.0), 0.5)
        return {"kind": "series", "channels": [printable(name) for name in instance.channels],
                "values": np.rint(1000 * level).astype(int).tolist(), "w": LONGEST, "h": 84 * len(values)}  # fmt: skip
    if isinstance(instance, Row):
        values = zip(instance.names, instance.texts, strict=True)
        return {"kind": "bars", "values": [f"{printable(name)} = {printable(text)}" for name, text in values]}
    return {"kind": "bars", "values": []}


def _steps(many: int) -> Any:
    return np.unique(np.linspace(0, many - 1, min(many, STEPS)).astype(int))


class Cuts:
    """Every way in which an instance is cut, each once: variants and seeds share them."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}
        self._prints: dict[int, tuple[object, str]] = {}
        self._firsts: list[Explanation] = []
        self._sizes: list[Sequence[int]] = []

    def number(self, instance: int, explanation: Explanation, size: Sequence[int]) -> int:
        """Return the number of the cut that an explanation has; `size` is that of its picture."""
        segments = explanation.segments
        if id(segments) not in self._prints:
            # kept, so that nothing else can have its id
            self._prints[id(segments)] = segments, segments.fingerprint()
        key = instance, f"{self._prints[id(segments)][1]} {explanation.frame!r}"
        if key not in self._numbers:
            self._numbers[key] = len(self._firsts)
            self._firsts.append(explanation)
            self._sizes.append(size)
        return self._numbers[key]

    def told(self, room: int) -> list[dict[str, Any]]:
        """Return all of them, pictures' maps as fine as there is room for: so many letters."""
        for longest in FINENESS:
            found = [_cut(one, size, longest) for one, size in zip(self._firsts, self._sizes, strict=True)]
            if sum(len(one.get("map", "")) for one in found) <= room:
                break
        return found if self._firsts else []


def _cut(explanation: Explanation, size: Sequence[int], longest: int) -> dict[str, Any]:
    segments, instance = explanation.segments, explanation.instance
    plain = all(name == f"superpixel {at}" for at, name in enumerate(segments.names))
    names = None if plain else [printable(name) for name in segments.names]
    found: dict[str, Any] = {"count": segments.count, "names": names}
    if isinstance(instance, Text):
        pieces, owners = pieces_of(instance.string[:LETTERS], segments)
        starts = np.cumsum([0, *map(len, pieces)])[:-1].tolist()
        return found | {"pieces": list(map(visible, pieces)), "owners": owners.tolist(), "starts": starts}
    labels = _map(explanation, size, longest)
    return found | {"w": labels.shape[1], "h": labels.shape[0], "map": packed(_bytes(labels))}


def _map(explanation: Explanation, size: Sequence[int], longest: int) -> Labels:
    """Return a map of two axes."""
    labels, instance = explanation.segments.labels, explanation.instance
    if isinstance(instance, Image):
        scale = min(1.0, longest / max(size))
        return labels_at(explanation, [max(1, round(side * scale)) for side in size])
    if isinstance(instance, Series):
        return np.atleast_2d(labels.reshape(len(instance.values), -1)[_steps(len(instance.values))].T)
    return labels.reshape(1, -1)


def _bytes(labels: Labels) -> bytes:
    """Return each number and one more as two bytes in two planes, each row less the one above: mostly zeros."""
    above = np.diff(labels.astype(np.int64) + 1, axis=0, prepend=0)
    whole = above.astype(np.uint16)
    return (whole & 255).astype(np.uint8).tobytes() + (whole >> 8).astype(np.uint8).tobytes()


def whole_numbers(values: Sequence[float], decimals: int) -> list[int | None]:
    """Return figures as whole numbers of the last decimal; None for what is not finite."""
    return [round(value * 10.0**decimals) if np.isfinite(value) else None for value in values]
