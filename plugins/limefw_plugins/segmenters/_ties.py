"""Quickshift's densities that are too close to call, exactly as scikit-image computes them."""

import numpy as np
from numpy.typing import NDArray

from limefw.types import Floats
from limefw_plugins.segmenters._plane import Plane


FEW = 4096
"""Fewer pixels than this are sorted at once."""

TERMS = 2**18
"""Of sums that are computed anew at a time."""

STRIPE = 2**14
"""Pixels, about, that are looked through at a time for equal densities."""

SLOTS = 2**17
"""That these are dealt out to, a power of two: few share one by chance, and all stay in the processor's caches."""


def settle(plane: Plane, density: Floats, noise: Floats, doubt: float) -> None:
    """Compute densities that are too close to call anew."""
    inside = plane.inside(density)
    chosen = _too_close(plane, inside, doubt)
    if len(chosen):
        inside[np.divmod(chosen, plane.width)] = exactly(plane, noise, chosen)


@np.errstate(over="ignore")  # squares of huge colours: they are infinitely far
def exactly(plane: Plane, noise: Floats, chosen: NDArray[np.intp]) -> Floats:
    """Return the densities of chosen pixels, every operation in scikit-image's order."""
    found = np.empty(len(chosen))
    rows, columns = np.divmod(chosen, plane.width)
    places = plane.margin + rows * plane.stride + columns
    window = plane.window()
    there = np.zeros(plane.colors.shape[1])
    plane.inside(there)[...] = 1.0
    step = max(1, TERMS // len(window[0]))
    for start in range(0, len(chosen), step):
        some = slice(start, start + step)
        distance = plane.distances(places[some, None], *window)
        # of complex numbers NumPy takes the C library's exponential, as scikit-image: its own differs in a last bit
        terms = np.exp((distance * (-0.5 / plane.kernel_size**2)).astype(np.complex128)).real
        # the border's are next to nothing, and scikit-image has none
        terms *= there.take(places[some, None] + window[0])
        # a running sum adds one after the other, where np.sum adds in pairs; the noise is there before
        found[some] = np.cumsum(np.column_stack([noise.ravel()[chosen[some]], terms]), axis=1)[:, -1]
    return found


def _too_close(plane: Plane, density: Floats, doubt: float) -> NDArray[np.intp]:
    """Return the pixels whose density differs by `doubt` or less from another one's in their window."""
    flat = density.ravel()
    some = np.arange(flat.size) if flat.size < FEW else np.flatnonzero(_perhaps_close(plane, density, doubt))
    some = some[np.argsort(flat[some])]
    close = np.diff(flat[some], prepend=-np.inf, append=np.inf) <= doubt
    suspects = some[close[:-1] | close[1:]]
    if not len(suspects):
        return suspects
    ordered, (row, column) = flat[suspects], np.divmod(suspects, plane.width)
    found = np.zeros(len(suspects), dtype=np.bool_)
    for lag in range(1, len(suspects)):
        pair = np.flatnonzero(ordered[lag:] - ordered[:-lag] <= doubt)
        if not len(pair):
            break
        high, wide = np.abs(row[pair] - row[pair + lag]), np.abs(column[pair] - column[pair + lag])
        pair = pair[(high <= plane.down) & (wide <= plane.right)]
        found[pair] = found[pair + lag] = True
    return suspects[found]


def _perhaps_close(plane: Plane, density: Floats, doubt: float) -> NDArray[np.bool_]:
    """Mark (h * w,) all pixels whose density is as close to another one's in their window, and some others.

    They are dealt out to slots by value, in less time than they can be sorted in: close ones meet in a slot, unless the
    border of two slots lies between them. So all near a border are marked as well.
    """
    marked = np.zeros(density.shape, dtype=np.bool_)
    step = 2.0 ** np.ceil(np.log2(64 * doubt))
    last_in, lines = np.empty(SLOTS, dtype=np.int32), max(1, 4 * plane.down, STRIPE // plane.width)
    for top in range(0, plane.height, lines):
        stripe = density[top : top + lines + plane.down].ravel()
        scaled = stripe / step
        whole = np.floor(scaled)
        slot = whole.astype(np.int64) & (SLOTS - 1)
        numbers = np.arange(len(stripe), dtype=np.int32)
        last_in[slot] = numbers
        last = last_in[slot]
        scaled -= whole
        found = (last != numbers) | (np.abs(scaled - 0.5) >= 0.5 - 1 / 64)
        found[last[found]] = True
        marked[top : top + lines + plane.down] |= found.reshape(-1, plane.width)
    return marked.ravel()
