"""What adapters share: an input contract from what the model says of itself and what its user says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, doc

from limefw.errors import ModelSourceError, did_you_mean
from limefw.inputs.labels import names_in
from limefw.types import Contract, Outputs


Head = Literal["auto", Outputs]
Layout = Literal["auto", "NHWC", "NCHW"]
Order = Literal["auto", "RGB", "BGR"]
Range = Literal["auto"] | tuple[float, float] | None
Size = Annotated[tuple[Annotated[int, Ge(1)], Annotated[int, Ge(1)]] | None, doc("height and width, as [224, 224]")]
Means = list[float] | float | None
Spreads = list[Annotated[float, Gt(0)]] | Annotated[float, Gt(0)] | None
Resize = Literal["stretch", "crop", "pad"]
OWN_NAMES = "imagenet"
"""For class names: those that come along."""

IMAGENET = {"value_range": (0.0, 1.0), "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "order": "RGB"}
CAFFE = {"value_range": (0.0, 255.0), "mean": (103.939, 116.779, 123.68), "std": (1.0,), "order": "BGR"}
SIGNED = {"value_range": (-1.0, 1.0), "mean": (0.0,), "std": (1.0,), "order": "RGB"}
BYTES = {"value_range": (0.0, 255.0), "mean": (0.0,), "std": (1.0,), "order": "RGB"}
UNIT = {"value_range": (0.0, 1.0), "mean": (0.0,), "std": (1.0,), "order": "RGB"}
NONE = {"value_range": None, "mean": (0.0,), "std": (1.0,), "order": "RGB"}

PREPROCESSING: Mapping[str, Mapping[str, object]] = {
    "none": NONE,
    "0..1": UNIT,
    "0..255": BYTES,
    "-1..1": SIGNED,
    "imagenet": IMAGENET,
    "caffe": CAFFE,
}
"""By name: the pixels as they are, a range, the mean and spread of ImageNet (torchvision), or BGR less its mean."""

Preprocessing = Literal["auto", "none", "0..1", "0..255", "-1..1", "imagenet", "caffe"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user of an adapter says of a model's input; "auto" and None leave it to what the model says."""

    head: Head = "auto"
    preprocessing: str = "auto"
    size: Size = None
    layout: Layout = "auto"
    order: Order = "auto"
    value_range: Range = "auto"
    mean: Means = None
    std: Spreads = None
    resize: Resize = "stretch"

    def applied(self, known: Contract) -> Contract:
        """Return `known` with what was wished.

        Raises:
            ModelSourceError: where mean or std do not fit the number of channels.
        """
        changes: dict[str, object] = {"resize": self.resize}
        if self.preprocessing != "auto":
            changes |= PREPROCESSING[self.preprocessing]
        for name in ("head", "layout", "order", "value_range"):
            if (wish := getattr(self, name)) != "auto":
                changes[name] = wish
        if self.size is not None:
            changes["size"] = self.size
        for name in ("mean", "std"):
            if (wish := getattr(self, name)) is not None:
                changes[name] = _each(wish, name, known.channels)
        return replace(known, **changes)  # type: ignore[arg-type]


def _each(value: list[float] | float, name: str, channels: int | None) -> tuple[float, ...]:
    each = tuple(value) if isinstance(value, list) else (value,)
    if not each or (channels is not None and len(each) not in (1, channels)):
        raise ModelSourceError(f"{name} has {len(each)} values for {channels} channels: give one, or one each")
    return each


def class_names(source: str | None) -> tuple[str, ...] | None:
    """Return the names in a file, for "imagenet" the 1000 that come along, and for None none."""
    if source is None:
        return None
    if source == OWN_NAMES:
        return names_in(Path(__file__).with_name("imagenet_names.txt"))
    hint = did_you_mean(source, [OWN_NAMES])
    if hint and not Path(source).exists():
        raise ModelSourceError(f"there is no file of class names {source}.{hint}")
    return names_in(Path(source))
