"""What is needed to come to the same scores again: pixels, model, settings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg import __version__
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.model.packages.package import ModelPackage


class PixelHash:
    """SHA-256 over slices, whatever file or layer they come from.

    Of the text ``dtype (Y, X)`` and the bytes of each slice, row by row, in the order given.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, pixels: npt.NDArray[Any]) -> None:
        """Take a slice (Y, X)."""
        self._hash.update(f"{pixels.dtype} {tuple(map(int, pixels.shape))}".encode())
        self._hash.update(np.ascontiguousarray(pixels).data)

    @classmethod
    def of(cls, slices: Iterable[npt.NDArray[Any]]) -> str:
        """The hash of slices as hexadecimal digits."""
        taken = cls()
        for pixels in slices:
            taken.add(pixels)
        return taken.hexdigest()

    def hexdigest(self) -> str:
        """The hash so far as hexadecimal digits."""
        return self._hash.hexdigest()


def about_model(package: ModelPackage) -> dict[str, Any]:
    """Which model it is: its name, folder, threshold, and the hash of its weights."""
    return {
        "name": package.info.name,
        "folder": str(package.folder),
        "threshold": package.info.threshold,
        "weights_sha256": sha256_of(package.weights),
    }


def about_scores(
    *,
    prediction: dict[str, Any],
    truth: dict[str, Any],
    settings: dict[str, Any],
    model: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The block ``about`` of scores that are written to a file."""
    return {
        "napari_emseg": __version__,
        "written": datetime.now().astimezone().isoformat(timespec="seconds"),
        "prediction": prediction,
        "truth": truth,
        "model": model,
        "settings": settings,
    }
