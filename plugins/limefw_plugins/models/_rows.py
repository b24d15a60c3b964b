"""Batches of a table's rows, with the columns that a model was trained on."""

from collections.abc import Callable, Sequence
from typing import Any

from limefw.errors import ModelError


def matched(names: Sequence[Any] | None, model: str, *, polars: bool = True) -> Callable[[Any], Any]:
    """Return what gives a model the columns that it was trained on, in their order, whatever else a frame has.

    Args:
        names: of these columns; None: it was trained on arrays, or does not say.
        model: its name, for messages.
        polars: it reads frames of polars too.
    """
    known = None if names is None else [str(name) for name in names]

    def feed(batch: Any) -> Any:
        if not is_frame(batch):
            return batch if known is None else _named(batch, known)
        if known is None:
            # of a model that knows no names these would be told of again and again
            return batch.to_numpy()
        there = [str(name) for name in batch.columns]
        found = batch if there == known else batch[_order(there, known, list(batch.columns), model)]
        return found if polars or not type(found).__module__.startswith("polars") else _as_pandas(found)

    return feed


def _as_pandas(batch: Any) -> Any:
    """Return a polars frame as pandas'; polars' own way there would need pyarrow."""
    import pandas as pd

    return pd.DataFrame({name: batch[name].to_numpy() for name in batch.columns})


def is_frame(batch: Any) -> bool:
    """Say whether this is a pandas or polars DataFrame."""
    return type(batch).__name__ == "DataFrame" and hasattr(batch, "columns")


def _order(there: Sequence[str], known: Sequence[str], columns: Sequence[Any], model: str) -> list[Any]:
    """Return a frame's own names of the columns that are known.

    Raises:
        ModelError: which are lacking.
    """
    # LightGBM has underscores for blanks
    own = {**{name.replace(" ", "_"): column for name, column in zip(there, columns, strict=True)},
           **dict(zip(there, columns, strict=True))}  # fmt: skip
    lacking = [name for name in known if name not in own]
    if lacking:
        beyond = [name for name in there if name not in known and name.replace(" ", "_") not in known]
        also = f" The table has {', '.join(beyond[:10])} instead." if beyond else ""
        raise ModelError(
            f"{model} was trained on columns that the table lacks: {', '.join(lacking[:10])}"
            f"{' and more' if len(lacking) > 10 else ''}.{also} Make the table of the data that it was trained on"
        )
    return [own[name] for name in known]


def _named(batch: Any, known: Sequence[str]) -> Any:
    """Return rows of an array as the frame that a model was trained on, where they can be one."""
    if getattr(batch, "ndim", 0) != 2 or batch.shape[1] != len(known):
        return batch
    try:
        import pandas as pd
    except ModuleNotFoundError:
        return batch
    return pd.DataFrame(batch, columns=list(known), copy=False)
