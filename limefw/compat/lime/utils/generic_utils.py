"""What a callable takes."""

import inspect
from collections.abc import Callable
from typing import Any


def has_arg(fn: Callable[..., Any], arg_name: str) -> bool:
    """Say whether `fn` takes an argument of this name by keyword; ``**kwargs`` does not count."""
    try:
        signature = inspect.signature(fn)
    except ValueError:  # of compiled functions
        signature = inspect.signature(type(fn).__call__)
    parameter = signature.parameters.get(arg_name)
    return parameter is not None and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
