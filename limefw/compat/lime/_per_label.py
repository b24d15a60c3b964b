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


class Prediction(np.float64):
    """A number that is an array of one as well: ``local_pred[label]`` is a number or ``local_pred[label][0]`` is."""

    def __reduce__(self) -> Any:
        return type(self), (float(self),)

    def __getitem__(self, key: Any) -> Any:
        return np.array([float(self)])[key]

    def __iter__(self) -> Iterator[np.float64]:
        return iter(np.array([float(self)]))

    def __len__(self) -> int:
        return 1


class LocalPrediction(np.ndarray[Any, Any]):
    """What the surrogate predicts for the instance: an array of one number, of the label that was fitted last.

    ``local_pred[label]`` is that of each label explained; of a 0 that was not, ``local_pred[0]`` is that number. It is
    a number wherever one is needed: NumPy's own arrays no longer are.
    """

    _by_label: dict[int, float]

    def __new__(cls, by_label: Mapping[int, Any]) -> Self:
        """Keep the predictions in the order in which their labels were fitted."""
        # surrogates answer with an array of one
        numbers = {label: float(np.ravel(value)[0]) for label, value in by_label.items()}
        made = np.array([list(numbers.values())[-1]]).view(cls)
        made._by_label = numbers  # noqa: SLF001 - its own
        return made

    def __array_finalize__(self, other: Any, /) -> None:
        self._by_label = {}

    def __reduce__(self) -> Any:
        return (type(self), (self._by_label,)) if self._by_label else super().__reduce__()

    def __deepcopy__(self, memo: Any, /) -> Any:
        return type(self)(self._by_label) if self._by_label else super().__deepcopy__(memo)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int | np.integer) and key in self._by_label:
            return Prediction(self._by_label[int(key)])
        return np.asarray(self)[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(np.asarray(self))

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
