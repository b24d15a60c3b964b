"""Hugging Face's models: a folder, a pipeline or a model, brought to a model and its image processor."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Outputs
from limefw_plugins.models._files import digest_of, refused


PIPELINE = "transformers.pipelines.image_classification.ImageClassificationPipeline"
MODEL = "transformers.modeling_utils.PreTrainedModel"


def known_as(source: Any) -> str:
    """Return "folder", "pipeline", "model" or nothing, importing nothing."""
    if isinstance(source, os.PathLike):
        said = _json(Path(source) / "config.json")
        return "folder" if {"model_type", "architectures"} & set(said) else ""
    names = {f"{base.__module__}.{base.__qualname__}" for base in type(source).__mro__}
    return "pipeline" if PIPELINE in names else "model" if MODEL in names else ""


def parts_of(source: Any, *, trust: bool) -> tuple[Any, Any, str | None]:
    """Return a model, its image processor or None, and the hash of a folder's files.

    Raises:
        ModelSourceError: where it is no image classifier, or lacks weights.
        UntrustedError: where loading runs code, and `trust` is False.
    """
    what = known_as(source)
    if what == "pipeline":
        return source.model, source.image_processor, None
    if what == "model":
        return source, None, None
    if what != "folder":
        raise ModelSourceError(
            "a model of Hugging Face is a folder with a config.json, an image classification pipeline or a model of "
            f"transformers, got {source if isinstance(source, os.PathLike) else type(source).__name__}"
        )
    folder = Path(source)
    _check_weights(folder, trust=trust)
    try:
        with _no_bars():
            model, processor = _loaded(folder, trust=trust)
    except Exception as error:
        said = (_json(folder / "config.json"), _json(folder / "preprocessor_config.json"))
        if not trust and any("auto_map" in part for part in said):
            raise refused(folder, "it brings Python code of its own, which loading it would run") from error
        text = str(error).partition("\n")[0][:300]
        raise ModelSourceError(f"{folder} cannot be loaded by transformers: {type(error).__name__}: {text}") from error
    return model, processor, _fingerprint(folder)


def _check_weights(folder: Path, *, trust: bool) -> None:
    pickles = sorted(path.name for path in folder.glob("*.bin"))
    if any(folder.glob("*.safetensors")) or (pickles and trust):
        return
    if not pickles:
        raise ModelSourceError(f"{folder} holds no weights: there is no *.safetensors file in it")
    raise refused(
        folder,
        f"its weights are a pickle ({pickles[0]}), which can hold code to run",
        instead="Safer: save it anew as safetensors, with model.save_pretrained",
    )


def _loaded(folder: Path, *, trust: bool) -> tuple[Any, Any]:
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    allowed = {"local_files_only": True, "trust_remote_code": trust}
    safe = True if any(folder.glob("*.safetensors")) else None
    model, told = AutoModelForImageClassification.from_pretrained(
        folder, use_safetensors=safe, dtype=torch.float32, output_loading_info=True, **allowed
    )
    if missing := sorted(told["missing_keys"]):
        raise ModelSourceError(f"the weights lack {', '.join(missing[:3])}: these are not an image classifier's")
    there = any((folder / name).is_file() for name in ("preprocessor_config.json", "processor_config.json"))
    return model, AutoImageProcessor.from_pretrained(folder, **allowed) if there else None


@contextmanager
def _no_bars() -> Iterator[None]:
    """Have transformers show no bar while it loads."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _fingerprint(folder: Path) -> str:
    return digest_of(
        *(one for one in sorted(folder.iterdir()) if one.suffix in (".json", ".safetensors", ".bin", ".py"))
    )


def head_of(config: Any) -> Outputs:
    """Return what the outputs are, as Hugging Face's own pipeline takes them."""
    if config.problem_type == "regression":
        return "values"
    return (
        "sigmoid_logits" if config.problem_type == "multi_label_classification" or config.num_labels == 1 else "logits"
    )


def names_of(config: Any) -> tuple[str, ...] | None:
    """Return the names of the classes, or None where the config only numbers them."""
    names = tuple(str(config.id2label.get(at, at)) for at in range(config.num_labels))
    return None if names == tuple(f"LABEL_{at}" for at in range(len(names))) else names
