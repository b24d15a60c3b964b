"""When enough samples have been drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """How many rows may be drawn, the instance among them.

    Args:
        rows: at the most.
    """

    rows: int

    def left(self, drawn: int) -> int:
        """Return how many more rows may be drawn."""
        return max(0, self.rows - drawn)

    def reason(self, drawn: int, *, exhaustive: bool) -> str:
        """Say in words why drawing ended."""
        if exhaustive:
            return f"all {drawn} combinations were drawn"
        if drawn >= self.rows:
            return f"the budget of {self.rows} samples was reached"
        return f"the sampler ended after {drawn} of {self.rows} samples"
