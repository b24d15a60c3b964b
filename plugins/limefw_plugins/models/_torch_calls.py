"""Calling a network: its mode, device, precision and outputs, and composing where it lives."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from limefw.errors import ModelError, ModelSourceError
from limefw.modalities.compose import PixelComposer
from limefw.types import Contract, Draws, Model
from limefw_plugins.models._torch_files import Network


Precision = Literal["full", "float16", "bfloat16"]
Chunk = Annotated[int, Ge(1)] | None
Output = Annotated[int, Ge(0)] | str | None

CHUNK = 64
"""Rows a call on a device of its own; halved where they do not fit."""


def rows_on_a_cpu(contract: Contract) -> int:
    """Return the rows a call that suit a CPU: 4 at 224 x 224, up to 32 where images are smaller.

    The buffers of more rows are so large that they go back to the system after every layer, to be paged in anew: of
    EfficientNet-Lite0 a row then takes 1.3 to 10 times as long.
    """
    height, width = contract.size or (224, 224)
    return int(np.clip(4 * 224 * 224 * 3 // (height * width * (contract.channels or 3)), 4, 32))


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
    """

    module: Any = field(repr=False)
    device: Any
    dtype: str
    precision: Precision = "full"
    channels_last: bool = False
    output: Output = None
    fixed: int | None = None
    exported: bool = False

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
            found = self._in_parts(tensor) if self.fixed else picked(self.module(tensor), self.output)
            if found.dtype in (torch.float16, torch.bfloat16):
                found = found.float()
            # copied: it may be a view of the input
            return np.array(found.cpu().numpy())

    def _in_parts(self, tensor: Any) -> Any:
        """Ask as many rows at a time as the network was exported for, the last part filled up."""
        import torch

        short = -len(tensor) % (self.fixed or 1)
        whole = torch.cat([tensor, tensor[-1:].expand(short, *tensor.shape[1:])]) if short else tensor
        parts = [picked(self.module(part), self.output) for part in whole.split(self.fixed)]
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


def picked(made: Any, wanted: Output) -> Any:
    """Return the tensor that is meant among what a network returned: "logits" and "out" by themselves.

    Raises:
        ModelError: it is not clear which, or there is none.
    """
    import torch

    if isinstance(made, torch.Tensor) and wanted is None:
        return made
    parts = {name: part for name, part in _parts(made).items() if part is not None}
    known = ", ".join(f"{name}: {_described(part)}" for name, part in parts.items())
    what = f"the network returned {type(made).__name__}" + (f" with {known[:500]}" if known else "")
    if wanted is None:
        found = next((name for name in ("logits", "out") if name in parts), None)
        tensors = [name for name, part in parts.items() if isinstance(part, torch.Tensor)]
        chosen = found if found is not None else tensors[0] if len(tensors) == 1 == len(parts) else None
        if chosen is None and tensors:
            raise ModelError(f"{what}. Say which is meant: use={{'use': 'torch', 'output': {tensors[0]!r}}}")
    else:
        chosen = str(wanted)
        if chosen not in parts:
            raise ModelError(f"{what}, and not the output {chosen!r} that was asked for")
    if chosen is None or not isinstance(parts[chosen], torch.Tensor):
        raise ModelError(f"{what}, which is no tensor. Give a function of a batch that makes an array of it")
    return parts[chosen]


def _parts(made: Any) -> dict[str, Any]:
    import torch

    if isinstance(made, torch.Tensor):
        return {}
    if isinstance(made, Mapping):
        return {str(name): part for name, part in made.items()}
    if isinstance(made, tuple | list):
        names = getattr(made, "_fields", range(len(made)))
        return {str(name): part for name, part in zip(names, made, strict=True)}
    if dataclasses.is_dataclass(made):
        return {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}
    return {name: part for name, part in getattr(made, "__dict__", {}).items() if not name.startswith("_")}


def _described(part: Any) -> str:
    return f"tensor {tuple(part.shape)}" if hasattr(part, "shape") else type(part).__name__


def device_of(name: str, network: Network) -> Any:
    """Return the device that "auto" or a name means: the caller's own module and a program stay where they are.

    Raises:
        ModelSourceError: there is no such device.
    """
    import torch

    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except Exception as error:
            told = str(error).partition("\n")[0][:200]
            raise ModelSourceError(f"device {name!r} cannot be used: {told}. 'cpu' always can") from error
    if network.owned and network.program is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    return next(chain(network.module.parameters(), network.module.buffers(), [torch.empty(0)])).device


def placed(network: Network, device: Any, *, channels_last: bool) -> Any:
    """Return the module on a device and in a memory format; the caller's own is copied where it must change."""
    import torch

    module = network.module
    held = {tensor.device for tensor in (*module.parameters(), *module.buffers())}
    if network.program is not None:
        if held <= {device}:
            return module
        from torch.export.passes import move_to_device_pass

        # it moves what it is given
        return move_to_device_pass(deepcopy(network.program), device).module()
    if held <= {device} and not channels_last:
        return module
    module = module if network.owned else deepcopy(module)
    return module.to(device, memory_format=torch.channels_last if channels_last else torch.preserve_format)


def settled(
    network: Network,
    contract: Contract,
    classes: tuple[str, ...] | None,
    notes: tuple[str, ...],
    *,
    fixed: int | None = None,
    device: str = "auto",
    chunk: Chunk = None,
    precision: Precision = "full",
    channels_last: bool = False,
    output: Output = None,
) -> Model:
    """Return the model that calls a network as its user wishes; on a device of its own it composes there."""
    where = device_of(device, network)
    module = placed(network, where, channels_last=channels_last)
    weight = next((one for one in module.parameters() if one.is_floating_point()), None)
    dtype = contract.dtype or "float32" if weight is None else str(weight.dtype).removeprefix("torch.")
    runner = Runner(module, where, dtype, precision, channels_last, output, fixed, network.program is not None)
    on_cpu = where.type == "cpu"
    rows = chunk or (rows_on_a_cpu(contract) if on_cpu else CHUNK)
    if fixed and not chunk:
        rows = max(fixed, rows // fixed * fixed)
    mark = network.fingerprint and f"{network.fingerprint}:{where.type}:{precision}:{output}"
    bind = None if on_cpu else runner.bind
    return Model(runner.predict, network.name, classes, replace(contract, chunk=rows), mark, notes, bind)
