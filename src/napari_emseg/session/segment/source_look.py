"""What an image is taken for, in a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_emseg.errors import EmsegError
from napari_emseg.session.executor import Executor
from napari_emseg.session.prediction.layers import SourceImage
from napari_emseg.session.words import plural, voxel

_LOOKED_AT_PX = 1024
"""Edge of the middle of a slice that shows what membranes look like."""


class SourceLook:
    """Says what an image is taken for: numbers, sizes, what was guessed, and its membranes.

    Membranes are looked for beside the window, in some of the slices.

    Parameters
    ----------
    executor : Executor
        Gives the lane.

    Attributes
    ----------
    said : psygnal.Signal
        Emitted with the line; empty where there is no image, or none that can be segmented.
    """

    said = Signal(str)

    def __init__(self, executor: Executor) -> None:
        self._lane = executor.lane("source")
        self._image: SourceImage | None = None
        self._membranes, self._is_bright = "auto", False
        self._is_known = self._is_closed = False

    def look(self, image: SourceImage | None) -> None:
        """Take up another image."""
        if self._is_closed:  # layers go after the dock where a viewer is closed
            return
        self._lane.drop()
        self._image, self._is_known = image, False
        self._say()
        if image is not None and self._is_stack:
            self._lane.latest(lambda: _is_bright(image), self._take, lambda _: None)

    def choose_membranes(self, membranes: str) -> None:
        """A person says what they look like: ``dark`` or ``bright``; or ``auto``."""
        self._membranes = membranes
        self._say()

    def close(self) -> None:
        """Look at nothing any more."""
        self._is_closed = True
        self._lane.stop()

    @property
    def _is_stack(self) -> bool:
        try:
            return self._image is not None and bool(self._image.shape)
        except EmsegError:
            return False

    def _take(self, is_bright: bool | None) -> None:
        self._is_known, self._is_bright = is_bright is not None, bool(is_bright)
        self._say()

    def _say(self) -> None:
        image = self._image
        self.said.emit("" if image is None or not self._is_stack else " ".join(self._words(image)))

    def _words(self, image: SourceImage) -> Iterator[str]:
        z, y, x = image.shape
        size = voxel(image.voxel_size_nm)
        size += " (thickness assumed)" if image.thickness_assumed else ""
        about = f"{np.dtype(image.dtype)}, {plural(z, 'slice')} of {y} x {x} px, {size}"
        yield f"{about}{self._about_membranes}."
        yield from image.notes

    @property
    def _about_membranes(self) -> str:
        if self._membranes != "auto":
            return f"; membranes {self._membranes}, as chosen"
        if not self._is_known:
            return ""
        return f"; membranes taken for {'bright' if self._is_bright else 'dark'}"


def _is_bright(image: SourceImage) -> bool | None:
    """Whether membranes are bright; None where slices cannot be read, which the job will say."""
    from napari_emseg.core.polarity import has_bright_membranes  # OpenCV: beside the window

    count = image.shape[0]
    try:
        return has_bright_membranes(
            _middle(image.slice(z)) for z in sorted({count // 4, count // 2, 3 * count // 4})
        )
    except OSError:
        return None


def _middle(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    begins = (max(0, (length - _LOOKED_AT_PX) // 2) for length in pixels.shape)
    return pixels[tuple(slice(begin, begin + _LOOKED_AT_PX) for begin in begins)]
