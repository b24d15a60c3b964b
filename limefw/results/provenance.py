"""Where an explanation comes from: what it takes to make it again."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from limefw.discovery import Registry
from limefw.game import Game
from limefw.recipe import Recipe
from limefw.stage import Stage
from limefw.types import Instance, Model


_LIBRARIES = {
    "numpy": "numpy", "skimage": "scikit-image", "sklearn": "scikit-learn", "onnxruntime": "onnxruntime",
    "cv2": "opencv-python-headless", "PIL": "pillow", "torch": "torch", "keras": "keras", "budoux": "budoux",
}  # fmt: skip


def made_by(
    recipe: Recipe, model: Model, photo: Instance, game: Game, seconds: Mapping[str, float], registry: Registry
) -> dict[str, Any]:
    """Return the filled-in recipe, the hashes of model, input, segments and filling, rows, seconds and versions."""
    return {
        "recipe": recipe.described(),
        "model": {
            "name": model.name,
            "fingerprint": model.fingerprint,
            "task": model.task,
            "notes": list(model.notes),
            "contract": asdict(model.contract),
        },
        "input": {"name": photo.name, "sha256": photo.fingerprint()},
        "segments": _hashed(game.segments),
        "filling": _hashed(game.composer),
        "rows": {
            "predicted": game.rows,
            "cached": game.cached,
            "calls": game.calls,
            "chunk": game.chunk_rows,
            **({"before": game.before, "distinct_before": game.distinct_before} if game.before else {}),
        },
        "seconds": {kind: round(took, 6) for kind, took in {**seconds, "model_only": game.seconds}.items()},
        "versions": _versions(recipe.stages.values(), registry),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _hashed(made: Any) -> dict[str, str | None]:
    """Return the hash of what a stage made: a label map or a picture may be a file or an array that nothing names."""
    return {"sha256": made.fingerprint() if hasattr(made, "fingerprint") else None}


@cache
def _version(name: str) -> str | None:
    """Return a distribution's version; reading metadata takes milliseconds, so once for each."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _versions(stages: Iterable[Stage], registry: Registry) -> dict[str, str]:
    """Return versions of Python, limefw, the plug-ins' distributions and the libraries that are loaded."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    loaded = [name for module, name in _LIBRARIES.items() if module in sys.modules]
    found |= {name: number for name in ("limefw", *loaded) if (number := _version(name))}
    for stage in stages:
        if not stage.inline:
            provider = registry.lookup(stage.kind, stage.name).provider
            if provider.version:
                found[provider.distribution] = provider.version
    return found
