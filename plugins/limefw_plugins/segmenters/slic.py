"""SLIC."""

from typing import Annotated

from annotated_types import Ge, Gt
from numpy.random import Generator

from limefw.types import Image, Segments


def slic(
    image: Image,
    _rng: Generator,
    /,
    *,
    n_segments: Annotated[int, Ge(2)] = 60,
    compactness: Annotated[float, Gt(0)] = 10.0,
    sigma: Annotated[float, Ge(0)] = 1.0,
    max_iterations: Annotated[int, Ge(1)] = 10,
) -> Segments:
    """Compact superpixels of near-equal size (Achanta et al. 2012; scikit-image).

    Args:
        n_segments: about how many; merging of small ones leaves fewer.
        compactness: larger = squarer, smaller = closer to colour edges.
        sigma: width in pixels of the Gaussian smoothing before.
        max_iterations: of k-means.
    """
    from skimage.segmentation import slic

    labels = slic(
        image.unit(), n_segments, compactness, max_num_iter=max_iterations, sigma=sigma,
        convert2lab=image.channels == 3, start_label=0, channel_axis=-1,
    )  # fmt: skip
    return Segments.from_labels(labels)
