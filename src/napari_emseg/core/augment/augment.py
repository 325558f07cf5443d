"""One function that varies a training patch; the preview and the trainer both call it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_emseg.core.augment._artefacts import blank_areas
from napari_emseg.core.augment._geometry import Sampling
from napari_emseg.core.augment._grey_values import vary
from napari_emseg.core.augment._random_streams import RandomStreams
from napari_emseg.core.augment._stains import Tissue
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.errors import ShapeError
from napari_emseg.types import Float32Array

_Patch = tuple[Float32Array, npt.NDArray[np.uint8], Float32Array]


def augment(
    image: Float32Array,
    mask: npt.NDArray[np.uint8],
    weight: Float32Array,
    rng: np.random.Generator,
    config: AugmentConfig,
    *,
    size: int,
    styles: Sequence[Float32Array] = (),
) -> _Patch:
    """Cut one varied patch out of a slice; image, mask and weight move together.

    Crop, flips, turns, rotation, shift, zoom, shear and both elastic deformations are composed into
    a single resampling: linear or cubic for the image, nearest for mask and weight, mirrored at the
    border. Where none of them interpolates, the patch is an exact crop, flipped and turned. What
    else happens to a section or to its picture (its stain, a second section on top, a fold, another
    microscope, blur, gamma, contrast, brightness, a missing section, noise, reversed polarity)
    changes the image alone; blank areas take their weight with them.

    Every transform draws from a random stream of its own, so switching one off leaves the draws of
    all others as they are.

    Parameters
    ----------
    image : (Y, X) or (C, Y, X) float32 array
        A normalised slice; or it and its neighbours, which move alike and whose grey values vary
        each for itself.
    mask : (Y, X) uint8 array
        Its classes; no other values come out than went in.
    weight : (Y, X) float32 array
        Its weights.
    rng : numpy.random.Generator
        Source of all draws; the same state gives the same patch.
    config : AugmentConfig
        Probability and strength of each transform.
    size : int
        Edge of the patch in px.
    styles : sequence of (64,) float32 arrays
        `styles.grey_quantiles` of slices, which this one may take its grey values from.

    Returns
    -------
    tuple of (size, size) arrays
        Image (float32; (C, size, size) where there are several slices), mask (uint8) and weight
        (float32) of the patch.

    Raises
    ------
    ShapeError
        If the three arrays differ in (Y, X), or have other axes.
    """
    _require_one_shape(image, mask, weight)
    sampling = Sampling.draw(mask.shape, size, rng, config)
    classes, weights = sampling.nearest(mask), sampling.nearest(weight)
    sections = [sampling.interpolate(each) for each in image.reshape(-1, *mask.shape)]
    taught = len(sections) // 2
    # the mask is that of the slice in the middle; cells of its neighbours lie a little elsewhere
    tissue = [Tissue.of(classes, weights) if k == taught else None for k in range(len(sections))]
    varied = np.stack([
        vary(section, known, rng, config, styles)
        for section, known in zip(sections, tissue, strict=True)
    ])  # fmt: skip
    streams = RandomStreams(rng, config)
    if streams.take("reversal"):  # of all sections alike: it is the microscope's
        varied = -varied
    for k, section in enumerate(varied):
        if stream := streams.take("gap", k):
            blank = blank_areas(section.shape, stream, config)
            covered = np.isfinite(blank)
            section[covered] = blank[covered]
            if k == taught:  # what is not seen is not taught
                weights = np.where(covered, np.float32(0), weights)
    return varied.reshape(*image.shape[:-2], size, size), classes, weights


def _require_one_shape(
    image: Float32Array, mask: npt.NDArray[np.uint8], weight: Float32Array
) -> None:
    one = image.shape[-2:] == mask.shape == weight.shape
    if not one or mask.ndim != 2 or image.ndim not in (2, 3):
        raise ShapeError(
            f"image, mask, weight: expected one shape (Y, X), received {image.shape}, "
            f"{mask.shape}, {weight.shape}"
        )
