"""Calling a network of PyTorch: its mode, device, precision and outputs, and composing where it lives."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limefw.errors import ModelError
from limefw.modalities.compose import PixelComposer
from limefw.types import Draws
from limefw_plugins.models._files import OTHERS
from limefw_plugins.models._torch_outputs import Output, picked


_MISFIT = re.compile(r"shape|channels|dimension|reduction dim|size of tensor|kernel size", re.IGNORECASE)
"""What PyTorch says of tensors that do not fit its layers."""

Precision = Literal["full", "float16", "bfloat16"]


@dataclass(frozen=True, slots=True, eq=False)
class Runner:
    """A network where it lives.

    Args:
        module: what is called on a tensor.
        device: of its weights.
        dtype: that it computes in, by name; floating-point inputs are brought into it.
        precision: of layers that may be computed in less.
        channels_last: how 4-dimensional inputs lie in memory.
        output: which of several things that it returns is meant.
        fixed: the only number of rows that it takes, or None.
        exported: a torch.export program, which has no training mode.
        entry: the name of its input, or None: the first.
    """

    module: Any = field(repr=False)
    device: Any
    dtype: str
    precision: Precision = "full"
    channels_last: bool = False
    output: Output = None
    fixed: int | None = None
    exported: bool = False
    entry: str | None = None

    def predict(self, batch: NDArray[Any]) -> NDArray[Any]:
        """Return the raw outputs of a batch."""
        import torch

        # a view of the batch, unless that is read-only or strided
        tensor = torch.from_numpy(np.require(batch, requirements=("C", "W")))
        try:
            return self.ask(self._brought(tensor))
        except ModelError:
            raise
        except Exception as error:
            low, high = (batch.min(), batch.max()) if batch.size else (0, 0)
            error.add_note(f"it was given a {tensor.dtype} tensor with values from {low:.6g} to {high:.6g}")
            if isinstance(error, TypeError) and "missing" in str(error):
                error.add_note(f"an image model takes one input. {OTHERS}")
            raise

    def bind(self, composer: PixelComposer) -> Callable[[Draws], NDArray[Any]]:
        """Return a function from draws to raw outputs that composes on the device: masks alone travel."""
        import torch

        shown = self._brought(torch.tensor(composer.pixels))
        hidden = self._brought(torch.tensor(composer.backgrounds))
        # 0 stands for label -1, which is always shown
        index = torch.tensor(composer.labels + 1).to(self.device)

        def outputs(draws: Draws) -> NDArray[Any]:
            codes = torch.tensor(np.insert(draws.codes, 0, True, axis=1)).to(self.device)
            masks = codes[:, index].unsqueeze(1 if composer.planar else -1)
            below = hidden if len(hidden) == 1 else hidden[torch.tensor(composer.chosen(draws)).to(self.device)]
            return self.ask(torch.where(masks, shown, below))

        return outputs

    def _brought(self, tensor: Any) -> Any:
        """Return a tensor on the device, in the network's own type where both are floating-point."""
        import torch

        dtype = getattr(torch, self.dtype) if tensor.is_floating_point() else tensor.dtype
        return tensor.to(self.device, dtype)

    def ask(self, tensor: Any) -> NDArray[Any]:
        """Return the outputs of a tensor on the device: in evaluation and inference mode, as an array of its own."""
        import torch

        if self.channels_last and tensor.ndim == 4:
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        mode = nullcontext() if self.exported else evaluating(self.module)
        lower = self.precision != "full"
        cast = torch.autocast(self.device.type, getattr(torch, self.precision)) if lower else nullcontext()
        with torch.inference_mode(), mode, cast:
            found = self._in_parts(tensor) if self.fixed else self._answer(tensor)
            if found.device.type == "meta":
                raise ModelError(
                    "the network is on the device 'meta', which holds no numbers: load its weights, on 'cpu' or another"
                )
            if found.dtype in (torch.float16, torch.bfloat16):
                found = found.float()
            # copied: it may be a view of the input
            return np.array(found.cpu().numpy())

    def _answer(self, tensor: Any) -> Any:
        try:
            made = self.module(tensor) if self.entry is None else self.module(**{self.entry: tensor})
        except RuntimeError as error:
            if _MISFIT.search(str(error)):
                error.add_note(
                    f"The network was given a batch of shape {tuple(tensor.shape)}. Where it takes another size or "
                    "order of axes, say so in its settings: size=[height, width], or layout (on the command line: -s "
                    "'model.size=[HEIGHT, WIDTH]'); where it takes other channels, give it an image that has them"
                )
            raise
        return picked(made, self.output)

    def _in_parts(self, tensor: Any) -> Any:
        """Ask as many rows at a time as the network was exported for, the last part filled up."""
        import torch

        short = -len(tensor) % (self.fixed or 1)
        whole = torch.cat([tensor, tensor[-1:].expand(short, *tensor.shape[1:])]) if short else tensor
        parts = [self._answer(part) for part in whole.split(self.fixed)]
        return torch.cat(parts)[: len(tensor)]


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """Put a module into evaluation mode, and each of its parts back into its own, whatever happens."""
    modes = [(part, getattr(part, "training", None)) for part in module.modules()]
    if not any(training for _, training in modes):
        yield
        return
    top = module.training
    module.eval()
    try:
        yield
    finally:
        # by `train`, as some do more than set a flag there; then what each one's own was
        module.train(top)
        for part, training in modes:
            if training is not None:
                part.training = training
