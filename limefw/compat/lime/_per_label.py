"""Figures that are one number in lime 0.2.0.1 and a mapping from labels in its last version: both at once."""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self

import numpy as np


class Score(float):
    """The fit's R2: ``score[label]`` of each label explained; by itself the one of the label fitted last."""

    _by_label: dict[int, float]

    def __new__(cls, by_label: Mapping[int, float]) -> Self:
        """Keep the scores in the order in which their labels were fitted."""
        made = super().__new__(cls, list(by_label.values())[-1])
        made._by_label = dict(by_label)
        return made

    def __reduce__(self) -> Any:
        return type(self), (self._by_label,)

    def __getitem__(self, label: int) -> float:
        return self._by_label[label]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_label)

    def __len__(self) -> int:
        return len(self._by_label)

    def __contains__(self, label: object) -> bool:
        return label in self._by_label

    def get(self, label: int, default: float | None = None) -> float | None:
        """Return a label's score, or `default`."""
        return self._by_label.get(label, default)

    def keys(self) -> KeysView[int]:
        """Return the labels."""
        return self._by_label.keys()

    def values(self) -> ValuesView[float]:
        """Return the scores."""
        return self._by_label.values()

    def items(self) -> ItemsView[int, float]:
        """Return labels and scores."""
        return self._by_label.items()


class LocalPrediction(np.ndarray[Any, Any]):
    """What the surrogate predicts for the instance: an array of one number, of the label that was fitted last.

    ``local_pred[label]`` is that of each label explained. It is a number wherever one is needed: NumPy's own arrays no
    longer are.
    """

    _by_label: dict[int, float]

    def __new__(cls, by_label: Mapping[int, float]) -> Self:
        """Keep the predictions in the order in which their labels were fitted."""
        made = np.array([list(by_label.values())[-1]], dtype=np.float64).view(cls)
        made._by_label = dict(by_label)  # noqa: SLF001 - its own
        return made

    def __array_finalize__(self, other: Any, /) -> None:
        self._by_label = {}

    def __reduce__(self) -> Any:
        return (type(self), (self._by_label,)) if self._by_label else super().__reduce__()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int | np.integer) and key in self._by_label:
            return np.array([self._by_label[int(key)]]).view(type(self))
        return np.asarray(self)[key]

    def __float__(self) -> float:
        return float(self.item())

    def __format__(self, spec: str, /) -> str:
        return format(self.item(), spec) if spec and self.size == 1 else super().__format__(spec)

    def keys(self) -> KeysView[int]:
        """Return the labels."""
        return self._by_label.keys()

    def items(self) -> list[tuple[int, Any]]:
        """Return labels and predictions."""
        return [(label, self[label]) for label in self._by_label]
