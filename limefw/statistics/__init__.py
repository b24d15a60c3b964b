"""What surrogates, kernels and metrics share: a weighted Gram matrix, ridge, robust covariance, weighted R2."""

from limefw.statistics.errors import sandwich
from limefw.statistics.likeness import correlation, overlap_of, topmost
from limefw.statistics.moments import Gram, blocks, gram, weighted_means, without
from limefw.statistics.ridge import linear_fits, solve_ridge
from limefw.statistics.scores import (
    INTERVAL,
    cosine_to_instance,
    cut_off_normal,
    effective_sample_size,
    rounding,
    unvaried,
    unvarying,
    weighted_r2,
)


__all__ = [
    "INTERVAL",
    "Gram",
    "blocks",
    "correlation",
    "cosine_to_instance",
    "cut_off_normal",
    "effective_sample_size",
    "gram",
    "linear_fits",
    "overlap_of",
    "rounding",
    "sandwich",
    "solve_ridge",
    "topmost",
    "unvaried",
    "unvarying",
    "weighted_means",
    "weighted_r2",
    "without",
]
