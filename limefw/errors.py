"""Every error that a user of limefw meets.

    LimefwError
    ├── InputError            the instance: not an image, NaN pixels, too few superpixels      (ValueError)
    ├── ModelError            the model: NaN, wrong number of rows, wrong shape                (ValueError)
    │   └── ModelSourceError      it cannot be loaded from what was given
    ├── LabelError            no such label; lists those there are                             (LookupError)
    ├── RecipeError           all problems of a recipe at once, each with file and key         (ValueError)
    │   └── UnknownPluginError    a name that no plug-in has, with a suggestion                (LookupError)
    ├── PluginError           a plug-in could not be used
    │   ├── BrokenPluginError     it failed while it was loaded
    │   ├── PluginConflictError   two distributions provide one name
    │   ├── MissingDependencyError  a library it needs is not installed                        (ImportError)
    │   └── ContractError         it returned something other than its kind promises           (TypeError)
    ├── UntrustedError        loading would run code, and nobody said trust=True
    └── StoreError            a saved explanation, or a cache, that cannot be read or written  (OSError)

An exception raised inside a plug-in or a model keeps its own type and gains a note (PEP 678) that names the stage.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class LimefwError(Exception):
    """The base of limefw's own errors: each message says what, which and what next."""


class InputError(LimefwError, ValueError):
    """The instance cannot be explained as it is."""


class ModelError(LimefwError, ValueError):
    """The model, or what it returned, cannot be used."""


class ModelSourceError(ModelError):
    """The model cannot be loaded from what was given."""


class LabelError(LimefwError, LookupError):
    """The label asked for does not exist."""


class RecipeError(LimefwError, ValueError):
    """A recipe is not valid; ``problems`` holds every fault found, each as one sentence."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownPluginError(RecipeError, LookupError):
    """No plug-in of that kind has that name."""


class PluginError(LimefwError):
    """A plug-in cannot be used."""


class BrokenPluginError(PluginError):
    """A plug-in failed while it was loaded."""


class PluginConflictError(PluginError):
    """Two distributions provide a plug-in of the same kind and name."""


class MissingDependencyError(PluginError, ImportError):
    """A plug-in needs a library that is not installed."""


class ContractError(PluginError, TypeError):
    """A plug-in returned something other than what its kind promises."""


class UntrustedError(LimefwError):
    """Loading this would run code that came with it, and ``trust=True`` was not given."""


class StoreError(LimefwError, OSError):
    """A saved explanation, or a cache of predictions, cannot be read or written."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'slic'?`` for the nearest known word, or an empty string."""
    names = {name.lower(): name for name in known}  # compared without regard to capitals, shown with them
    nearest = get_close_matches(word.lower(), list(names), n=1, cutoff=0.6)
    return f" Did you mean {names[nearest[0]]!r}?" if nearest else ""
