"""Hugging Face's text classifiers."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import ModelError, ModelSourceError
from limefw.types import Contract, Model
from limefw_plugins.models._contract import Head, class_names
from limefw_plugins.models._pretrained import head_of, names_of, reads_text, text_parts_of


def is_transformers_text(source: Any) -> bool:
    """Say whether this is a text classification pipeline of theirs, or a folder that save_pretrained wrote of one."""
    return bool(reads_text(source))


def transformers_text(
    source: Any,
    /,
    *,
    head: Head = "auto",
    classes: str | None = None,
    device: str = "auto",
    max_length: Annotated[int, Ge(1)] | None = None,
    chunk: Annotated[int, Ge(1)] = 32,
    trust: bool = False,
) -> Model:
    """A text classifier of Hugging Face with its tokenizer: a local folder, or a text classification pipeline.

    Args:
        head: what its outputs mean; "auto" is what its config says.
        classes: a file of class names; by default the config's own.
        device: "auto" is the first of cuda, mps and cpu; a pipeline stays where it is.
        max_length: tokens that are read at the most, the rest being cut off; None: as many as the tokenizer says.
        chunk: texts a call.
        trust: allow weights that are pickles, and folders with Python code of their own.
    """
    if not reads_text(source):
        told = source if isinstance(source, os.PathLike) else type(source).__name__
        raise ModelSourceError(
            "a text classifier of Hugging Face is a folder with a config.json and a tokenizer, or a text "
            f"classification pipeline of transformers, got {told}"
        )
    network, tokenizer, fingerprint = text_parts_of(source, trust=trust)
    place = _device(network, device, own=fingerprint is None)
    length = min(max_length or tokenizer.model_max_length, _longest(network.config))
    mark = fingerprint and f"{fingerprint}:{length}:{getattr(place, 'type', place)}"
    contract = Contract(head=head_of(network.config) if head == "auto" else head, chunk=chunk)
    named = class_names(classes) or names_of(network.config)
    name = Path(source).name if isinstance(source, os.PathLike) else type(network).__name__
    return Model(_caller(network, tokenizer, place, length), name, named, contract, mark, modality="text")


def _longest(config: Any) -> int:
    """Return how many tokens a network has places for."""
    places = getattr(config, "max_position_embeddings", None)
    # RoBERTa's first two places are for padding
    return 10**9 if not places or places < 0 else int(places) - (2 if "roberta" in config.model_type else 0)


def _device(network: Any, device: str, *, own: bool) -> Any:
    """Return where the network lives; one that was loaded here is brought to the device wanted."""
    import torch

    if own and device == "auto":
        return network.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        network.to(torch.device(device))
    except Exception as error:
        raise ModelSourceError(f"device {device!r} cannot be used: {str(error).partition(chr(10))[0]}") from error
    return network.device


def _caller(network: Any, tokenizer: Any, device: Any, length: int) -> Callable[[Sequence[str]], NDArray[Any]]:
    import torch

    def predict(texts: Sequence[str]) -> NDArray[Any]:
        """Answer texts that are padded to the longest of them, in evaluation mode."""
        given = tokenizer(list(texts), padding=True, truncation=length < 10**9, max_length=length, return_tensors="pt")
        training = [part for part in network.modules() if part.training]
        for part in training:
            part.training = False
        try:
            with torch.inference_mode():
                logits = getattr(network(**given.to(device)), "logits", None)
        finally:
            for part in training:
                part.training = True
        if logits is None:
            raise ModelError(f"{type(network).__name__} returns no logits: it is no classifier")
        found: NDArray[Any] = logits.float().cpu().numpy()
        return found

    return predict
