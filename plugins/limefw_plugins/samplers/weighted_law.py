"""From the kernel's own law."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Gt
from numpy.random import Generator

from limefw.errors import InputError
from limefw.types import Draws, Floats, Instance, Segments
from limefw_plugins.kernels.cosine_exponential import cosine_exponential
from limefw_plugins.kernels.hamming import hamming
from limefw_plugins.kernels.l2 import l2
from limefw_plugins.kernels.symmetric import symmetric
from limefw_plugins.samplers._law import fits
from limefw_plugins.samplers._sizes import by_size, enumerated_by_size, log_coins


_KERNELS: dict[str, Any] = {
    "cosine_exponential": cosine_exponential, "hamming": hamming, "l2": l2, "symmetric": symmetric,
}  # fmt: skip


def weighted_law(
    _instance: Instance,
    segments: Segments,
    budget: int,
    rng: Generator,
    /,
    *,
    kernel: Literal["cosine_exponential", "hamming", "l2", "symmetric"] = "l2",
    width: Annotated[float, Gt(0)] = 0.75,
    relative: bool = True,
    enumerate_small: bool = True,
) -> Iterator[Draws]:
    """Draw as often as the kernel would weigh, so that all draws count alike (GLIME: Tan, Tian & Li 2023).

    A code that shows s of d segments is drawn in proportion to w(s), the weight of a kernel that knows the size alone;
    its importance is 1 / w(s). So give the recipe the same kernel: both cancel, the fit is unweighted, and its limit is
    that of fair coins under the kernel. (Under another kernel the limit is that kernel's, at the price of uneven
    weights.) Worth it where the kernel is narrow; lime's own at .25 leaves it 4 to 19 % to gain. A very narrow law
    hides each segment so seldom that intervals are too short until it was hidden some ten times.

    Args:
        kernel: whose law.
        width: of the kernel.
        relative: of kernel `l2`.
        enumerate_small: where all combinations fit the budget take each once; the kernel then weighs them.
    """
    count = segments.count
    if enumerate_small and fits(count, budget):
        yield enumerated_by_size(count, np.ones(count + 1))
        return
    weights = _by_size(kernel, {"width": width, **({"relative": relative} if kernel == "l2" else {})}, count)
    law = np.exp(log_coins(count) + np.log(weights, out=np.full(count + 1, -np.inf), where=weights > 0))
    if not law.sum() > 0:
        raise InputError(f"kernel {kernel!r} of width {width} leaves no weight on {count} segments: take a wider one")
    importance = np.divide(1.0, weights, out=np.zeros(count + 1), where=weights > 0)
    yield from by_size(count, budget, rng, law / law.sum(), importance)


def _by_size(kernel: str, params: dict[str, Any], count: int) -> Floats:
    """Return the kernel's weight of each size, 0 where its inverse would be no number."""
    sizes = np.append(count, np.arange(count))  # the instance first, from which distances are measured
    stairs = Draws(np.arange(count) < sizes[:, None])
    weights = np.roll(_KERNELS[kernel](stairs, None, **params), -1)
    return np.where(weights > 1e-300, weights, 0.0)
