"""Hugging Face's models: a folder, a pipeline or a model, brought to a model and its image processor."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limefw.errors import ModelSourceError
from limefw.types import Outputs
from limefw_plugins.models._files import digest_of, refused


PIPELINE = "transformers.pipelines.image_classification.ImageClassificationPipeline"
TEXT_PIPELINE = "transformers.pipelines.text_classification.TextClassificationPipeline"
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model")
MODEL = "transformers.modeling_utils.PreTrainedModel"


def known_as(source: Any) -> str:
    """Return "folder", "pipeline", "model" or nothing, importing nothing."""
    if isinstance(source, os.PathLike):
        said = _json(config := Path(source) / "config.json")
        if not said and config.is_file():
            return "folder"  # to be told what is wrong with it
        return "folder" if {"model_type", "architectures"} & set(said) and not reads_text(source) else ""
    names = {f"{base.__module__}.{base.__qualname__}" for base in type(source).__mro__}
    return "pipeline" if PIPELINE in names else "model" if MODEL in names else ""


def reads_text(source: Any) -> str:
    """Return "folder" or "pipeline" of a text classifier, or nothing; imports nothing."""
    if isinstance(source, os.PathLike):
        built = _json(Path(source) / "config.json").get("architectures")
        names = built if isinstance(built, list) else []
        return "folder" if any(str(name).endswith("ForSequenceClassification") for name in names) else ""
    names = [f"{base.__module__}.{base.__qualname__}" for base in type(source).__mro__]
    return "pipeline" if TEXT_PIPELINE in names else ""


def text_parts_of(source: Any, *, trust: bool) -> tuple[Any, Any, str | None]:
    """Return a text classifier, its tokenizer, and the hash of a folder's files; raises as `parts_of` does."""
    if reads_text(source) == "pipeline":
        return source.model, source.tokenizer, None
    folder = Path(source)
    model, tokenizer = _loaded_from(folder, _loaded_text, trust=trust)
    return model, tokenizer, _fingerprint(folder)


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
        hint = ""
        if isinstance(source, os.PathLike) and re.fullmatch(r"[\w.-]+/[\w.-]+", text := os.fspath(source)):
            hint = f". Download it first, hf download {text} --local-dir FOLDER, and give that folder"
        raise ModelSourceError(
            "a model of Hugging Face is a folder with a config.json, an image classification pipeline or a model of "
            f"transformers, got {source if isinstance(source, os.PathLike) else type(source).__name__}{hint}"
        )
    folder = Path(source)
    if not _json(folder / "config.json"):
        raise ModelSourceError(f"{folder / 'config.json'} is damaged: it holds no object of JSON")
    model, processor = _loaded_from(folder, _loaded, trust=trust)
    return model, processor, _fingerprint(folder)


def _loaded_from(folder: Path, load: Callable[..., tuple[Any, Any]], *, trust: bool) -> tuple[Any, Any]:
    """Return what `load` makes of a folder, if that runs no code that nobody said yes to."""
    _check_weights(folder, trust=trust)
    try:
        with _no_bars():
            return load(folder, trust=trust)
    except Exception as error:
        said = (_json(folder / "config.json"), _json(folder / "preprocessor_config.json"))
        if not trust and any("auto_map" in part for part in said):
            raise refused(folder, "it brings Python code of its own, which loading it would run") from error
        text = str(error).partition("\n")[0][:300]
        raise ModelSourceError(f"{folder} cannot be loaded by transformers: {type(error).__name__}: {text}") from error


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
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    allowed = {"local_files_only": True, "trust_remote_code": trust}
    model = _network(AutoModelForImageClassification, folder, "an image", allowed)
    there = any((folder / name).is_file() for name in ("preprocessor_config.json", "processor_config.json"))
    return model, AutoImageProcessor.from_pretrained(folder, **allowed) if there else None


def _loaded_text(folder: Path, *, trust: bool) -> tuple[Any, Any]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    allowed = {"local_files_only": True, "trust_remote_code": trust}
    if not any((folder / name).is_file() for name in TOKENIZERS):
        # transformers would make an empty one
        raise ModelSourceError(f"there is no tokenizer in it, none of {', '.join(TOKENIZERS)}")
    model = _network(AutoModelForSequenceClassification, folder, "a text", allowed)
    return model, AutoTokenizer.from_pretrained(folder, **allowed)


def _network(kind: Any, folder: Path, what: str, allowed: dict[str, bool]) -> Any:
    """Return a network with all of its weights."""
    import torch

    safe = True if any(folder.glob("*.safetensors")) else None
    model, told = kind.from_pretrained(
        folder, use_safetensors=safe, dtype=torch.float32, output_loading_info=True, **allowed
    )
    if missing := sorted(told["missing_keys"]):
        raise ModelSourceError(f"the weights lack {', '.join(missing[:3])}: these are not {what} classifier's")
    return model


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
    # of a tokenizer too: vocab.txt, merges.txt, spiece.model
    kinds = (".json", ".safetensors", ".bin", ".py", ".txt", ".model")
    return digest_of(*(one for one in sorted(folder.iterdir()) if one.suffix in kinds))


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
