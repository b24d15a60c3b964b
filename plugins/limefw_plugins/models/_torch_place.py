"""Where a network of PyTorch lives and in which form, and the model that calls it there."""

from copy import deepcopy
from dataclasses import replace
from itertools import chain
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from limefw.errors import ModelSourceError
from limefw.types import Contract, Model
from limefw_plugins.models._torch_calls import Precision, Runner
from limefw_plugins.models._torch_network import Network
from limefw_plugins.models._torch_outputs import Output


Chunk = Annotated[int, Ge(1)] | None

CHUNK = 64
"""Rows a call on a device of its own; halved where they do not fit."""


def rows_on_a_cpu(contract: Contract) -> int:
    """Return the rows a call that suit a CPU: 4 at 224 x 224, up to 32 where images are smaller.

    The buffers of more rows are so large that they go back to the system after every layer, to be paged in anew: of
    EfficientNet-Lite0 a row then takes 1.3 to 10 times as long.
    """
    height, width = contract.size or (224, 224)
    return int(np.clip(4 * 224 * 224 * 3 // (height * width * (contract.channels or 3)), 4, 32))


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
    exported = network.program is not None
    runner = Runner(module, where, dtype, precision, channels_last, output, fixed, exported, network.entry)
    on_cpu = where.type == "cpu"
    rows = chunk or (rows_on_a_cpu(contract) if on_cpu else CHUNK)
    if fixed and not chunk:
        rows = max(fixed, rows // fixed * fixed)
    mark = network.fingerprint and f"{network.fingerprint}:{where.type}:{precision}:{output}:{channels_last}"
    bind = None if on_cpu else runner.bind
    return Model(runner.predict, network.name, classes, replace(contract, chunk=rows), mark, notes, bind)
