"""What keras.applications ships: which network is in which module, and how that module preprocesses."""

import re
from typing import Literal

from limefw_plugins.models._contract import Preprocessing


KerasPreprocessing = Literal[
    Preprocessing,
    "keras:convnext", "keras:densenet", "keras:efficientnet", "keras:efficientnet_v2", "keras:inception_resnet_v2",
    "keras:inception_v3", "keras:mobilenet", "keras:mobilenet_v2", "keras:mobilenet_v3", "keras:nasnet",
    "keras:resnet", "keras:resnet50", "keras:resnet_v2", "keras:vgg16", "keras:vgg19", "keras:xception",
]  # fmt: skip
"""What a model's input may be called: also ``keras:MODULE``, for that module's ``preprocess_input``."""

MODES = {
    "convnext": "0..255", "densenet": "imagenet", "efficientnet": "0..255", "efficientnet_v2": "0..255",
    "inception_resnet_v2": "-1..1", "inception_v3": "-1..1", "mobilenet": "-1..1", "mobilenet_v2": "-1..1",
    "mobilenet_v3": "0..255", "nasnet": "-1..1", "resnet": "caffe", "resnet50": "caffe", "resnet_v2": "-1..1",
    "vgg16": "caffe", "vgg19": "caffe", "xception": "-1..1",
}  # fmt: skip
"""What ``keras.applications.MODULE.preprocess_input`` makes of RGB pixels in 0..255, by the name in ``_contract``."""

Application = Literal[
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge",
    "DenseNet121", "DenseNet169", "DenseNet201",
    "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3",
    "EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7",
    "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3",
    "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S",
    "InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small",
    "NASNetLarge", "NASNetMobile", "ResNet101", "ResNet101V2", "ResNet152", "ResNet152V2", "ResNet50", "ResNet50V2",
    "VGG16", "VGG19", "Xception",
]  # fmt: skip
"""The networks by the names of their functions."""

_MODULES = (
    (r"ConvNeXt\w+", "convnext"), (r"DenseNet\d+", "densenet"), (r"EfficientNetB\d", "efficientnet"),
    (r"EfficientNetV2\w+", "efficientnet_v2"), (r"InceptionResNetV2", "inception_resnet_v2"),
    (r"InceptionV3", "inception_v3"), (r"MobileNet", "mobilenet"), (r"MobileNetV2", "mobilenet_v2"),
    (r"MobileNetV3(Large|Small)", "mobilenet_v3"), (r"NASNet(Large|Mobile)", "nasnet"), (r"ResNet\d+", "resnet"),
    (r"ResNet\d+V2", "resnet_v2"), (r"VGG16", "vgg16"), (r"VGG19", "vgg19"), (r"Xception", "xception"),
)  # fmt: skip


def module_of(name: str) -> str | None:
    """Return the module of a network by its function's name or by what it calls itself, as ``inception_v3``."""
    # mobilenetv2_1.00_224 says its width and size too, which the others do not
    bare = re.sub(r"[-_]", "", re.sub(r"_\d\.\d+_\d+$", "", name))
    return next((module for pattern, module in _MODULES if re.fullmatch(pattern, bare, re.IGNORECASE)), None)


def mode_of(preprocessing: str) -> str:
    """Return the name in ``_contract`` of what a user asked for: ``keras:vgg16`` is ``caffe``."""
    return MODES.get(preprocessing.removeprefix("keras:"), preprocessing)
