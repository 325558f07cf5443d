"""What an image is taken for, in a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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

_NEARLY_ALL = 0.995
"""From this share of tissue on nothing is said of it."""


@dataclass(frozen=True)
class _Seen:
    """What some slices show: whether membranes are bright, and which share is tissue, 0..1."""

    is_bright: bool
    known_share: float


class SourceLook:
    """Says what an image is taken for: numbers, axes, sizes, what was guessed, membranes, tissue.

    The latter two are looked for beside the window, in some of the slices.

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
        self._membranes = "auto"
        self._seen: _Seen | None = None
        self._is_closed = False

    def look(self, image: SourceImage | None) -> None:
        """Take up another image."""
        if self._is_closed:  # layers go after the dock where a viewer is closed
            return
        self._lane.drop()
        self._image, self._seen = image, None
        self._say()
        if image is not None and self._is_stack:
            self._lane.latest(lambda: _look_at(image), self._take, lambda _: None)

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

    def _take(self, seen: _Seen | None) -> None:
        self._seen = seen
        self._say()

    def _say(self) -> None:
        image = self._image
        self.said.emit("" if image is None or not self._is_stack else " ".join(self._words(image)))

    def _words(self, image: SourceImage) -> Iterator[str]:
        z, y, x = image.shape
        size = voxel(image.voxel_size_nm)
        size += " (thickness assumed)" if image.thickness_assumed else ""
        about = f"{np.dtype(image.dtype)}, {plural(z, 'slice')} of {y} x {x} px (Z, Y, X), {size}"
        yield f"{about}{self._about_membranes}{self._about_tissue}."
        yield from image.notes

    @property
    def _about_membranes(self) -> str:
        if self._membranes != "auto":
            return f"; membranes {self._membranes}, as chosen"
        if self._seen is None:
            return ""
        return f"; membranes taken for {'bright' if self._seen.is_bright else 'dark'}"

    @property
    def _about_tissue(self) -> str:
        if self._seen is None or self._seen.known_share >= _NEARLY_ALL:
            return ""
        return f"; about {self._seen.known_share:.0%} of it taken for tissue".replace("%", " %")


def _look_at(image: SourceImage) -> _Seen | None:
    """What three slices show; None where they cannot be read, which the job will say."""
    from napari_emseg.core.known_area import known_area  # OpenCV: beside the window
    from napari_emseg.core.polarity import has_bright_membranes

    count = image.shape[0]
    try:
        slices = [image.slice(z) for z in sorted({count // 4, count // 2, 3 * count // 4})]
    except OSError:
        return None
    known = [known_area(each) for each in slices]
    share = np.mean([1.0 if each is None else each.mean() for each in known])
    return _Seen(has_bright_membranes(map(_middle, slices)), float(share))


def _middle(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    begins = (max(0, (length - _LOOKED_AT_PX) // 2) for length in pixels.shape)
    return pixels[tuple(slice(begin, begin + _LOOKED_AT_PX) for begin in begins)]
