"""Image explainers of other packages, and the plain copy they can't beat.

Each function does the work once and returns something small; the caller takes
the time.  `labels` is an (h, w) map of ids 0..d-1 and `predict` takes an NHWC
batch and returns (n, k) probabilities.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray


Image = NDArray[np.uint8]
Labels = NDArray[np.integer[Any]]
Predict = Callable[[NDArray[Any]], NDArray[np.float64]]

BATCH_SIZE = 10


def segment_means(image: Image, labels: Labels) -> Image:
    """Return `image` with every segment painted in its mean colour."""
    flat = labels.ravel()
    sizes = np.bincount(flat)
    sums = [np.bincount(flat, weights=channel.ravel()) for channel in np.moveaxis(image, 2, 0)]
    means = np.stack(sums, axis=1) / sizes[:, None]
    return means.astype(image.dtype)[labels]


def lime_explain(
    image: Image, labels: Labels | None, predict: Predict, samples: int, seed: int = 0
) -> NDArray[np.float64]:
    """Explain the top class with lime; return a coefficient per segment.

    Everything lime leaves to the caller keeps its default, but for the number
    of labels and the progress bar; without `labels` it cuts the image itself, with quickshift.
    """
    from lime import lime_image

    explainer = lime_image.LimeImageExplainer(random_state=seed)
    with mock.patch.object(lime_image, "tqdm", iter):
        explanation = explainer.explain_instance(
            image,
            predict,
            hide_color=None,
            top_labels=1,
            num_samples=samples,
            batch_size=BATCH_SIZE,
            segmentation_fn=None if labels is None else lambda _: labels,
        )
    weights = dict(explanation.local_exp[explanation.top_labels[0]])
    return np.array([weights[segment] for segment in range(len(weights))])


def captum_explain(
    image: Image, labels: Labels, predict: Predict, samples: int, seed: int = 0, method: str = "Lime", **settings: Any
) -> NDArray[np.float64]:
    """Explain the top class with captum; return a coefficient per segment.

    The surrogate and the kernel are captum's defaults, unless said otherwise in `settings`, so the coefficients are
    not on lime's scale.  The batch stays NHWC and uint8, which spares captum copies.

    Raises:
        ImportError: captum or torch is not installed.
    """
    import torch
    from captum import attr

    def forward(batch: torch.Tensor) -> torch.Tensor:
        return torch.tensor(predict(batch.numpy()))

    target = int(np.argmax(predict(image[None])[0]))
    with torch.random.fork_rng(devices=[]), _numpy_seed(seed):
        torch.manual_seed(seed)
        coefficients = getattr(attr, method)(forward, **settings).attribute(
            torch.tensor(image[None]),
            baselines=torch.tensor(segment_means(image, labels)[None]),
            target=target,
            feature_mask=torch.tensor(labels[None, :, :, None].astype(np.int64)),
            n_samples=samples,
            perturbations_per_eval=BATCH_SIZE,
            return_input_shape=False,
        )
    return np.asarray(coefficients[0], dtype=np.float64)


def captum_linear(image: Image, labels: Labels, predict: Predict, samples: int, seed: int = 0) -> NDArray[np.float64]:
    """Explain with captum's Lime and least squares in place of its lasso, which drops most small effects."""
    from captum._utils.models.linear_model import SkLearnLinearRegression

    return captum_explain(image, labels, predict, samples, seed, interpretable_model=SkLearnLinearRegression())


def shap_explain(
    image: Image, labels: Labels, predict: Predict, samples: int, seed: int = 0, **settings: Any
) -> NDArray[np.float64]:
    """Explain the top class with shap's KernelExplainer; return a Shapley value per segment.

    It sees the segments as columns: 1 is shown, 0 is painted in its mean colour.

    Raises:
        ImportError: shap is not installed.
    """
    from shap import KernelExplainer

    hidden, count = segment_means(image, labels), int(labels.max()) + 1
    target = int(np.argmax(predict(image[None])[0]))

    def answer(codes: NDArray[Any]) -> NDArray[np.float64]:
        parts = np.array_split(codes, max(1, len(codes) // 50))
        shown = (part.astype(bool)[:, labels][..., None] for part in parts)
        return np.concatenate([predict(np.where(one, image, hidden))[:, target] for one in shown])

    with _numpy_seed(seed):
        explainer = KernelExplainer(answer, np.zeros((1, count)))
        values = explainer.shap_values(np.ones(count), nsamples=samples, silent=True, **settings)
    return np.asarray(values, dtype=np.float64)


def dianna_rise(image: Image, labels: Labels, predict: Predict, samples: int, seed: int = 0) -> NDArray[np.float64]:
    """Explain the top class with DIANNA's RISE; return the sum of its map over each segment.

    Half of each mask is kept, as in the paper; to find that number out itself, DIANNA asks 900 rows more.

    Raises:
        ImportError: dianna is not installed.
    """
    import dianna

    target = int(np.argmax(predict(image[None])[0]))
    with _numpy_seed(seed), redirect_stderr(io.StringIO()):
        (shown,) = dianna.explain_image(
            predict, image, "RISE", [target], n_masks=samples, p_keep=0.5, axis_labels=["height", "width", "channels"]
        )
    return np.bincount(labels.ravel(), weights=np.asarray(shown).ravel())


@contextmanager
def _numpy_seed(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, from which some packages draw, and put it back."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)


def plain_copy(image: NDArray[Any], samples: int, buffer: NDArray[Any]) -> int:
    """Copy `image` `samples` times into one buffer that is used again; return the bytes."""
    copied = 0
    for start in range(0, samples, len(buffer)):
        part = buffer[: samples - start]
        np.copyto(part, image)
        copied += part.nbytes
    return copied
