"""Model adapters: from what a user has to something limefw can call."""

from collections.abc import Iterator

from limefw.hookspecs import hookimpl
from limefw.stage import Plugin
from limefw_plugins.models.embedded import embedded, is_none
from limefw_plugins.models.function import any_callable
from limefw_plugins.models.keras import is_keras, keras
from limefw_plugins.models.keras_applications import keras_applications
from limefw_plugins.models.lightgbm import is_lightgbm, lightgbm
from limefw_plugins.models.onnx import is_onnx, onnx
from limefw_plugins.models.opencv_dnn import is_network, opencv_dnn
from limefw_plugins.models.sklearn import is_sklearn, sklearn
from limefw_plugins.models.timm import is_timm, timm
from limefw_plugins.models.torch import is_torch, torch
from limefw_plugins.models.torchvision import torchvision
from limefw_plugins.models.transformers import is_transformers, transformers
from limefw_plugins.models.transformers_text import is_transformers_text, transformers_text
from limefw_plugins.models.xgboost import is_xgboost, xgboost


@hookimpl
def limefw_models() -> Iterator[Plugin]:
    """Yield the adapters."""
    yield Plugin("callable", any_callable, accepts=callable, fallback=True)
    yield Plugin("embedded", embedded, modality="image", accepts=is_none)
    yield Plugin("keras", keras, accepts=is_keras, requires=("keras",))
    yield Plugin("keras_applications", keras_applications, modality="image", requires=("keras",))
    yield Plugin("lightgbm", lightgbm, modality="table", accepts=is_lightgbm, requires=("lightgbm",))
    yield Plugin("onnx", onnx, accepts=is_onnx, requires=("onnxruntime",))
    yield Plugin("sklearn", sklearn, accepts=is_sklearn)
    yield Plugin(
        "transformers", transformers, modality="image", accepts=is_transformers, requires=("torch", "transformers")
    )
    yield Plugin(
        "transformers_text",
        transformers_text,
        modality="text",
        accepts=is_transformers_text,
        requires=("torch", "transformers"),
    )
    yield Plugin("timm", timm, modality="image", accepts=is_timm, requires=("timm", "torch", "torchvision"))
    yield Plugin("torch", torch, modality="image", accepts=is_torch, requires=("torch",))
    yield Plugin("torchvision", torchvision, modality="image", requires=("torchvision", "torch"))
    yield Plugin("xgboost", xgboost, modality="table", accepts=is_xgboost, requires=("xgboost",))
    yield Plugin("opencv_dnn", opencv_dnn, accepts=is_network)
