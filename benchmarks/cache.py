"""What does looking predictions up cost beside asking the model?

The embedded model on one thread, 1000 classes (4 kB a row), in the chunks that it asks for; wall times, as files are
waited for too. Everything is done several times in turn, and the least counts: the machine's other work only adds.

    OMP_NUM_THREADS=1 python benchmarks/cache.py [--rows N] [--times N] [--filled N] [--json FILE]

Promised: a look-up takes less than a tenth of the model's time for a row.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import limefw
from limefw.pipeline import Explainer


CHUNK = 8
SETTINGS = {"segmenter": "grid", "what_if": 0, "labels": [0]}


@contextmanager
def timed(found: list[float]) -> Iterator[None]:
    """Append the seconds that something takes."""
    started = time.perf_counter()
    yield
    found.append(time.perf_counter() - started)


def rows_of(game: int, count: int) -> dict[bytes, np.ndarray]:
    """Return rows as the model's are, of one game."""
    values = np.random.default_rng(game).random((count, 1000)).astype(np.float32)
    return {f"{game:064x}".encode() + at.to_bytes(16, "big"): row for at, row in enumerate(values)}


def chunks(rows: dict[bytes, np.ndarray]) -> Iterator[dict[bytes, np.ndarray]]:
    """Yield rows as the game asks for them."""
    items = list(rows.items())
    for start in range(0, len(items), CHUNK):
        yield dict(items[start : start + CHUNK])


def storing(folder: Path, game: int, count: int) -> tuple[float, float]:
    """Return the seconds a row of storing and of looking up."""
    rows, took = rows_of(game, count), list[float]()
    with limefw.PredictionCache(folder) as cache:
        with timed(took):
            for part in chunks(rows):
                cache.update(part)
        with timed(took):
            for part in chunks(rows):
                assert len(cache.rows(list(part))) == len(part)
    return took[0] / count, took[1] / count


def explaining(model: limefw.Model, folder: Path | None, samples: int, seed: int) -> tuple[float, dict[str, int]]:
    """Return the seconds of a whole explanation, and what it asked."""
    explainer, took = Explainer(model, overrides={**SETTINGS, "samples": samples}), list[float]()
    with timed(took):
        if folder is None:
            found = explainer(limefw.sample(), seed=seed)
        else:
            with limefw.PredictionCache(folder) as cache:
                explainer.cache = cache
                found = explainer(limefw.sample(), seed=seed)
    return took[0], found.provenance["rows"]


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400, help="of each explanation")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--filled", type=int, default=50_000, help="rows that are in the file beforehand")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()

    model = limefw.model(use={"use": "embedded", "threads": 1})
    explaining(model, None, 50, 0)  # what is loaded once
    plain, first, second, store, look, full = ([] for _ in range(6))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with limefw.PredictionCache(folder / "filled") as cache:
            for game in range(given.filled // 1000):
                cache.update(rows_of(game, 1000))
        for turn in range(given.times):
            plain.append(explaining(model, None, given.rows, turn)[0])
            took, asked = explaining(model, folder / "own", given.rows, turn)
            first.append(took)
            took, again = explaining(model, folder / "own", given.rows, turn)
            second.append(took)
            assert (again["predicted"], again["cached"]) == (0, asked["predicted"] + asked["cached"])
            for where, game in (("empty", turn), ("filled", 10**6 + turn)):
                stored, found = storing(folder / where, game, given.rows)
                (look if where == "empty" else full).append(found)
                if where == "filled":
                    store.append(stored)
    figures = {
        "model, ms a row": 1e3 * min(plain) / given.rows,
        "look-up, ms a row": 1e3 * min(look),
        f"look-up among {given.filled:,} rows, ms a row": 1e3 * min(full),
        f"store among {given.filled:,} rows, ms a row": 1e3 * min(store),
        "explanation without a cache, s": min(plain),
        "first with a cache, s": min(first),
        "second, s": min(second),
    }
    figures |= {
        "look-up / model": min(full) / (min(plain) / given.rows),
        "store / model": min(store) / (min(plain) / given.rows),
        "first / without": min(first) / min(plain),
        "second / first": min(second) / min(first),
    }
    for what, value in figures.items():
        print(f"{what:<44}{value:10.4g}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
