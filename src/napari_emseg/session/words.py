"""Numbers as a person reads them."""

from __future__ import annotations

from napari_emseg.core.words import plural as plural
from napari_emseg.types import VoxelSize

V_RAND = "V_rand says how many pairs of pixels are rightly in one cell or in two: 1 is all of them."


def explained(message: str) -> str:
    """A message with what V_rand means behind it, where it speaks of that."""
    return f"{message} {V_RAND}" if "V_rand" in message else message


def duration(seconds: float) -> str:
    """A time such as ``1 min 05 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def left(seconds: float | None) -> str:
    """The end of a sentence, such as ``, 1 min 05 s left``; empty where nobody knows."""
    return "" if seconds is None else f", {duration(seconds)} left"


def voxel(size_nm: VoxelSize | None) -> str:
    """An edge length (Z, Y, X) such as ``50 x 4 x 4 nm``."""
    if size_nm is None:
        return "voxel size unknown"
    return " x ".join(f"{edge:g}" for edge in size_nm) + " nm"
