"""scikit-image's segmenters, with their parameters settled."""

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from limefw.compat.lime.utils.generic_utils import has_arg
from limefw.errors import did_you_mean


ALGORITHMS = ("quickshift", "felzenszwalb", "slic")

DEAD = frozenset({"random_seed"})
"""Parameters that scikit-image once had: lime's users still give them, and lime drops them without a word."""


class BaseWrapper:
    """A function and its parameters.

    Args:
        target_fn: the function.
        target_params: what it will be called with.
    """

    def __init__(self, target_fn: Callable[..., Any] | None = None, **target_params: Any) -> None:
        self.target_fn = target_fn
        self.target_params = target_params

    def _check_params(self, parameters: Iterable[str]) -> None:
        """Raise ValueError for a parameter that the function does not take, TypeError for a text in their place."""
        function = self.target_fn
        if function is not None and not callable(function):
            raise AttributeError(f"target_fn is not callable: {function!r}")
        if isinstance(parameters, str):
            raise TypeError("parameters are a list or a dictionary, got a text")
        if function is None:
            if not callable(self):
                raise TypeError("there is nothing to call: give a target_fn")
            function = self.__call__
        for name in parameters:
            if not has_arg(function, name):
                raise ValueError(f"{name} is not a valid parameter of {getattr(function, '__name__', function)}")

    def set_params(self, **params: Any) -> None:
        """Put these parameters in the place of all that were set.

        Raises:
            ValueError: the function does not take one of them.
        """
        self._check_params(params)
        self.target_params = params

    def filter_params(self, fn: Callable[..., Any], override: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return those of the parameters that `fn` takes, with `override` on top."""
        taken = {name: value for name, value in self.target_params.items() if has_arg(fn, name)}
        return {**taken, **(override or {})}


class SegmentationAlgorithm(BaseWrapper):
    """A segmenter of scikit-image: called with an image it returns the label of each pixel.

    Args:
        algo_type: "quickshift", "slic" or "felzenszwalb".
        target_params: its parameters. One that it does not take is left out, as in lime, but with a warning.
    """

    def __init__(self, algo_type: str, **target_params: Any) -> None:
        from skimage import segmentation

        if algo_type not in ALGORITHMS:
            raise ValueError(
                f"algo_type is one of {', '.join(ALGORITHMS)}, got {algo_type!r}.{did_you_mean(algo_type, ALGORITHMS)}"
            )
        self.algo_type = algo_type
        function = getattr(segmentation, algo_type)
        super().__init__(function, **target_params)
        taken = self.filter_params(function)
        for name in target_params.keys() - taken.keys() - DEAD:
            warnings.warn(f"{algo_type} has no parameter {name!r}: it is left out", stacklevel=2)
        self.set_params(**taken)

    def __call__(self, *args: Any) -> Any:
        """Return the labels of an image."""
        assert self.target_fn is not None
        return self.target_fn(args[0], **self.target_params)
