"""The pixels of a stack beside those that a model learned on, and what is said of the two."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.types import VoxelSize


@dataclass(frozen=True)
class PixelFit:
    """How slices are resampled for a model.

    Parameters
    ----------
    resampling : Resampling
        To the pixel size that the model learned on.
    said : str
        Why, in a sentence; empty where pixels are alike, or the model does not know its own.
    """

    resampling: Resampling = AS_IT_IS
    said: str = ""


def fit_pixels(
    stack: VoxelSize | None, model: VoxelSize | None, config: PredictConfig = PredictConfig()
) -> PixelFit:
    """Fit the pixels of a stack to those of a model.

    Parameters
    ----------
    stack : tuple of float, optional
        Edge lengths (Z, Y, X) in nm that the stack records.
    model : tuple of float, optional
        Those that the model learned on.
    config : PredictConfig
        Brings ``pixel_size_nm``, in place of what the stack records, and ``scale``.

    Raises
    ------
    SettingError
        If they differ by more than a factor of 8.
    """
    if by_hand := config.pixel_size_nm:
        stack = (by_hand, by_hand, by_hand)
    resampling = Resampling.between(stack, model, scale=config.scale)
    said = []
    if model is not None and stack is None:
        said.append(
            "The pixel size of the stack is unknown and, unless it is given, taken for the "
            f"model's {in_nm(model)}"
        )
    elif model is not None and stack is not None and resampling != _by(config.scale):
        said.append(f"Pixels are {in_nm(stack)}, the model learned at {in_nm(model)}")
    if config.scale != 1:
        said.append(f"the scale is {config.scale:g}" if said else f"The scale is {config.scale:g}")
    done = f": slices are resampled by {resampling}" if resampling.is_needed else ""
    return PixelFit(resampling, f"{', and '.join(said)}{done}." if said else "")


def _by(scale: float) -> Resampling:
    return Resampling(scale, scale)


def in_nm(size: VoxelSize) -> str:
    """The pixels of a voxel size (Z, Y, X) in words, such as ``4 nm`` or ``4 x 5 nm``."""
    _, down, across = size
    return f"{down:g} nm" if down == across else f"{down:g} x {across:g} nm"
