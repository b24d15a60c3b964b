"""What surrogates, kernels and metrics share: a weighted Gram matrix, ridge, robust covariance, weighted R2."""

from limefw.statistics.errors import sandwich
from limefw.statistics.moments import Gram, blocks, gram, weighted_means, without
from limefw.statistics.ridge import linear_fits, solve_ridge
from limefw.statistics.scores import (
    INTERVAL,
    cosine_to_instance,
    cut_off_normal,
    effective_sample_size,
    rounding,
    unvaried,
    weighted_r2,
)


__all__ = [
    "INTERVAL",
    "Gram",
    "blocks",
    "cosine_to_instance",
    "cut_off_normal",
    "effective_sample_size",
    "gram",
    "linear_fits",
    "rounding",
    "sandwich",
    "solve_ridge",
    "unvaried",
    "weighted_means",
    "weighted_r2",
    "without",
]
