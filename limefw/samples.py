"""How many samples a recipe asks for: a number of them, or as many as the answer needs."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


FIRST_LOOK = 128
"""Samples before which nothing is decided."""

LEAST = 2
_RULE = re.compile(r"top([1-9][0-9]{0,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Auto:
    """Samples until the strongest segments are stable: ``samples = "auto"``.

    Args:
        max: samples at the most; the instance counts.
        stop: "top5": the five strongest segments shall be the same ones in another run; any number may stand there.
        confidence: how alike two runs' strongest segments shall be (mean Jaccard index), between 0 and 1, whatever the
            effects may really be but for two of a thousand cases.
    """

    max: int = 2000
    stop: str = "top5"
    confidence: float = 0.9

    @property
    def top(self) -> int:
        """How many of the strongest segments the rule looks at."""
        return int(self.stop.removeprefix("top"))

    def to_mapping(self) -> dict[str, Any]:
        """Return the filled-in form."""
        return asdict(self)


Samples = int | Auto


def samples_at_most(samples: Samples) -> int:
    """Return how many rows may be drawn."""
    return samples.max if isinstance(samples, Auto) else samples


def read_samples(value: Any) -> tuple[Samples, list[str]]:
    """Return what a recipe says of samples, and every fault of it."""
    if value == "auto":
        return Auto(), []
    if isinstance(value, Mapping):
        return _read_auto({str(key): item for key, item in value.items()})
    if not _whole(value) or value < LEAST:
        text = f"must be a whole number of at least {LEAST} or 'auto', got {value!r}"
        return LEAST, [text]
    return value, []


def _read_auto(said: dict[str, Any]) -> tuple[Samples, list[str]]:
    faults = [f"has no {key!r}; there are max, stop, confidence" for key in said if key not in asdict(Auto())]
    settings = {**asdict(Auto()), **said}
    most, stop, confidence = settings["max"], settings["stop"], settings["confidence"]
    if not _whole(most) or most < FIRST_LOOK:
        faults.append(
            f"max must be a whole number of at least {FIRST_LOOK}, where the first look is, got {most!r}; for fewer "
            "samples give their number: samples = 100"
        )
    if not isinstance(stop, str) or _RULE.fullmatch(stop) is None:
        faults.append(f'stop must be "top" and a number, such as "top5", got {stop!r}')
    number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    if not number or not 0 < confidence < 1:
        faults.append(f"confidence must be above 0 and below 1, such as 0.9, got {confidence!r}")
    return (LEAST, faults) if faults else (Auto(most, stop, float(confidence)), [])


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
