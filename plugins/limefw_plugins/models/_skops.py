"""Files of skops, which run nothing: what limefw takes of them without trust, and what it looks at before it does.

skops knows most of scikit-learn to be harmless. Of decision trees it says that scikit-learn follows the numbers of
their nodes unchecked, so that a crafted file could end the process: here those numbers are checked.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from limefw.errors import MissingDependencyError
from limefw_plugins.models._files import refused


TREE = "sklearn.tree._tree.Tree"
HARMLESS = {TREE, "sklearn.calibration._CalibratedClassifier", "sklearn.calibration._SigmoidCalibration"}
"""Beside what skops itself knows: plain Python objects of numbers and estimators, and trees, once they are checked."""


def load(path: Path, *, trust: bool) -> Any:
    """Return what a file holds.

    Raises:
        MissingDependencyError: without skops.
        UntrustedError: where it holds types that are not known to be harmless, or trees that lead astray.
    """
    try:
        import skops.io
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{path.name} needs 'skops', which is not installed. Run: pip install 'limefw[skops]'"
        ) from error
    unknown = skops.io.get_untrusted_types(file=path)
    if (strange := sorted({*unknown} - HARMLESS)) and not trust:
        raise refused(path, f"it holds types that are not known to be harmless: {', '.join(strange)}")
    found = skops.io.load(path, trusted=unknown)
    if TREE in unknown and not trust and (fault := _fault(found)):
        raise refused(path, f"{fault}, and scikit-learn does not look where it reads")
    return found


def _fault(root: Any) -> str | None:
    """Say what is wrong with the decision trees in an object, if anything is."""
    from sklearn.ensemble._gb import BaseGradientBoosting
    from sklearn.tree import BaseDecisionTree
    from sklearn.tree._tree import Tree

    parts = list(_parts(root))
    if any(isinstance(part, BaseGradientBoosting) for part in parts):
        return "it holds boosted trees, whose number must be that of its classes"
    holders = [part for part in parts if isinstance(part, BaseDecisionTree) and "tree_" in vars(part)]
    # scikit-learn holds what it is given against the holder's number of features
    if {id(part) for part in parts if isinstance(part, Tree)} - {id(holder.tree_) for holder in holders}:
        return "it holds a tree that is no estimator's"
    sound = all(isinstance(holder.tree_, Tree) and _sound(holder.tree_, holder.n_features_in_) for holder in holders)
    return None if sound else "it holds a decision tree with nodes that lead out of it"


def _sound(tree: Any, features: Any) -> bool:
    """Say whether every node asks for a feature that is there, and leads to nodes behind it."""
    if not isinstance(features, int) or tree.node_count < 1:
        return False
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = np.flatnonzero(left != -1)
    ahead = all(((side[inner] > inner) & (side[inner] < tree.node_count)).all() for side in (left, right))
    return bool(ahead and ((feature[inner] >= 0) & (feature[inner] < features)).all())


def _parts(root: Any) -> Iterator[Any]:
    """Yield an object and whatever it holds, each once."""
    seen: set[int] = set()
    left = [root]
    while left:
        part = left.pop()
        if id(part) in seen or isinstance(part, type):
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, Mapping):
            left += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset) or (
            isinstance(part, np.ndarray) and part.dtype == object
        ):
            left += list(part.flat if isinstance(part, np.ndarray) else part)
        left += list(getattr(part, "__dict__", {}).values())
