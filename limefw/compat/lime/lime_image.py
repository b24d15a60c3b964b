"""Explanations of images."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limefw.compat.lime import lime_base
from limefw.compat.lime._support import (
    DEFAULT_LABELS,
    ask,
    distances_of,
    exponential_kernel,
    fill,
    random_state_of,
    refuse_many,
    stage,
)
from limefw.errors import InputError
from limefw.game import Listener
from limefw.modalities.compose import PixelComposer
from limefw.modalities.image import Image
from limefw.types import Draws, Event, numbered


LEAST = 8
"""Of an image that is cut into fewer superpixels nothing can be learned; lime finds 2 in 28 x 28 pixels."""


class ImageExplanation:
    """What was found for an image.

    Args:
        image: ``(h, w, c)``.
        segments: ``(h, w)`` the label of each pixel.
    """

    def __init__(self, image: Any, segments: Any) -> None:
        self.image = image
        self.segments = segments
        self.intercept: dict[int, float] = {}
        self.local_exp: dict[int, list[tuple[int, float]]] = {}
        self.local_pred: Any = None
        self.score: Any = None

    def get_image_and_mask(
        self,
        label: int,
        positive_only: bool = True,
        negative_only: bool = False,
        hide_rest: bool = False,
        num_features: int = 5,
        min_weight: float = 0.0,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a picture of the strongest superpixels, and a mask of them for skimage's ``mark_boundaries``.

        Args:
            label: which label.
            positive_only: only what speaks for it.
            negative_only: only what speaks against it. With neither, what speaks for it is green and 1 in the mask,
                what speaks against it red and -1.
            hide_rest: all else black.
            num_features: how many superpixels.
            min_weight: weaker ones are left out.

        Raises:
            KeyError: the label was not explained.
            ValueError: both `positive_only` and `negative_only`.
        """
        if label not in self.local_exp:
            raise KeyError(f"label {label} is not in the explanation, which has {list(self.local_exp)}")
        if positive_only and negative_only:
            raise ValueError("positive_only and negative_only cannot both be true")
        found = self.local_exp[label]
        if positive_only or negative_only:
            sign = 1 if positive_only else -1
            strong = [(at, weight) for at, weight in found if sign * weight > max(0.0, min_weight)][:num_features]
        else:
            strong = [(at, weight) for at, weight in found[:num_features] if abs(weight) >= min_weight]
        picture = np.zeros(self.image.shape) if hide_rest else self.image.copy()
        if not (positive_only or negative_only) and picture.shape[2] == 1:
            picture = np.repeat(picture, 3, axis=2)
        mask = np.zeros(self.segments.shape, self.segments.dtype)
        for at, weight in strong:
            inside = self.segments == at
            picture[inside] = self.image[inside]
            mask[inside] = 1 if positive_only or negative_only or weight >= 0 else -1
            if not (positive_only or negative_only):
                picture[inside, 0 if weight < 0 else 1] = np.max(self.image)
        return picture, mask


class LimeImageExplainer:
    """Explains predictions on images.

    Args:
        kernel_width: of the kernel.
        kernel: from distances and the width to weights; None: an exponential one.
        verbose: print what the linear model predicts for the instance.
        feature_selection: "auto", "forward_selection", "highest_weights", "lasso_path" or "none"; see LimeBase.
        random_state: a number, a RandomState, or None for NumPy's global one.
    """

    def __init__(
        self,
        kernel_width: float = 0.25,
        kernel: Callable[..., Any] | None = None,
        verbose: bool = False,
        feature_selection: str = "auto",
        random_state: Any = None,
    ) -> None:
        kernel_fn = partial(kernel or exponential_kernel, kernel_width=float(kernel_width))
        self.random_state = random_state_of(random_state)
        self.feature_selection = feature_selection
        self.base = lime_base.LimeBase(kernel_fn, verbose, random_state=self.random_state)

    def explain_instance(
        self,
        image: Any,
        classifier_fn: Callable[[Any], Any],
        labels: Sequence[int] = DEFAULT_LABELS,
        hide_color: Any = None,
        top_labels: int | None = 5,
        num_features: int = 100000,
        num_samples: int = 1000,
        batch_size: int = 10,
        segmentation_fn: Callable[[Any], Any] | None = None,
        distance_metric: str = "cosine",
        model_regressor: Any = None,
        random_seed: int | None = None,
        progress_bar: bool = True,
    ) -> ImageExplanation:
        """Explain one image.

        Args:
            image: ``(h, w, c)``, or ``(h, w)``, which is repeated for three channels.
            classifier_fn: from ``(n, h, w, c)`` to ``(n, k)`` outputs.
            labels: what to explain where `top_labels` is None.
            hide_color: what a hidden superpixel shows, in the image's own units; None: its mean colour.
            top_labels: explain so many of the strongest outputs.
            num_features: how many superpixels at the most.
            num_samples: rows to draw; the image itself counts.
            batch_size: images a call of the model.
            segmentation_fn: from the image to ``(h, w)`` labels; None: quickshift.
            distance_metric: of scikit-learn, between rows of 0 and 1.
            model_regressor: see LimeBase.
            random_seed: not used any more than by lime with today's scikit-image; where it is None a number is drawn
                in its place, as lime does.
            progress_bar: show how far the model is.
        """
        image = np.asarray(image)
        if image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=2)
        if random_seed is None:
            self.random_state.randint(0, high=1000)
        segments = np.asarray((segmentation_fn or _quickshift)(image))
        fudged = _fudged(image, segments, hide_color)
        data, outputs = self.data_labels(
            image, fudged, segments, classifier_fn, num_samples, batch_size=batch_size, progress_bar=progress_bar
        )
        distances = distances_of(data, distance_metric, on=True)
        explanation = ImageExplanation(image, segments)
        around = data, outputs, distances
        fill(explanation, self, around, labels, top_labels, num_features, model_regressor)
        # superpixels by their own labels, whatever these begin with
        values = np.unique(segments).tolist()
        for label, pairs in explanation.local_exp.items():
            explanation.local_exp[label] = [(values[at], weight) for at, weight in pairs]
        return explanation

    def data_labels(
        self,
        image: Any,
        fudged_image: Any,
        segments: Any,
        classifier_fn: Callable[[Any], Any],
        num_samples: int,
        batch_size: int = 10,
        progress_bar: bool = True,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Draw which superpixels are hidden together and ask the model, once for equal images.

        Args:
            image: ``(h, w, c)``.
            fudged_image: the same with all superpixels hidden.
            segments: ``(h, w)`` labels, any integers.
            classifier_fn: the model.
            num_samples: rows to draw.
            batch_size: images a call.
            progress_bar: show how far the model is.

        Returns:
            ``(n, d)`` of 0 (hidden) and 1, the superpixels in the order of their labels, and ``(n, k)`` outputs.
        """
        values, places = numbered(np.asarray(segments))
        refuse_many(len(values), "superpixels")
        data = self.random_state.randint(0, 2, num_samples * len(values)).reshape(num_samples, len(values))
        data[0, :] = 1
        composer = PixelComposer(image, np.asarray(fudged_image)[None], places, (0.0, 1.0))

        def predict(batch: Any) -> Any:
            # its own: the model may keep or change what it is given
            return classifier_fn(batch.copy())

        with _progress(show=progress_bar) as listen:
            outputs = ask(composer, Draws(data.astype(np.bool_)), predict, chunk=batch_size, listen=listen)
        return data, outputs


def _quickshift(image: NDArray[Any]) -> NDArray[np.intp]:
    """Cut as lime does by default: by the range of the image's values, small images more finely, flat ones evenly."""
    try:
        photo = stage("readers", "image_array", layout="HWC")(image)
    except InputError:  # of no usual range
        photo = Image(image, (float(image.min()), float(image.max())))
    flat = bool((photo.pixels == photo.pixels[0, 0]).all())
    segmenter = stage("segmenters", "grid") if flat else stage("segmenters", "quickshift", least=LEAST)
    labels: NDArray[np.intp] = segmenter(photo, np.random.default_rng(0)).labels
    return labels


def _fudged(image: NDArray[Any], segments: NDArray[Any], hide_color: Any) -> NDArray[Any]:
    """Return the image with everything hidden: in one colour, or each segment in its mean, computed as lime does."""
    fudged = image.copy()
    if hide_color is not None:
        fudged[:] = hide_color
        return fudged
    _, places = numbered(segments)
    order = np.argsort(places, axis=None, kind="stable")
    sizes = np.bincount(places.ravel())
    # in the image's own precision and channel by channel: float32 sums depend on both
    parts = np.split(image.reshape(-1, image.shape[2])[order], np.cumsum(sizes)[:-1])
    means = np.array([[np.mean(part[:, channel]) for channel in range(image.shape[2])] for part in parts])
    fudged[...] = means[places]
    return fudged


@contextmanager
def _progress(*, show: bool) -> Iterator[Listener | None]:
    """Show a bar on standard error while the model is asked."""
    if not show:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking the model")

        def listen(event: Event) -> None:
            bar.update(task, completed=event.done, total=event.total)

        yield listen
