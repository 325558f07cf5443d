"""What is needed to come to the same scores again: pixels, model, settings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg import __version__
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.types import Stack


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


@dataclass(frozen=True)
class StackRecord:
    """Which pixels were scored.

    Parameters
    ----------
    name : str
        Of the stack.
    dtype : str
        Of its pixels.
    pixels_sha256 : str
        As `PixelHash` makes it.
    shape : tuple of int, optional
        (Z, Y, X); None where the settings say which part of the stack it was.
    """

    name: str
    dtype: str
    pixels_sha256: str
    shape: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, stack: Stack) -> StackRecord:
        """Of a whole stack, whose slices are read one by one."""
        pixels = PixelHash.of(stack.slice(z) for z in range(len(stack)))
        return cls(stack.name, str(stack.data.dtype), pixels, stack.shape)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        shape = {} if self.shape is None else {"shape": list(self.shape)}
        pixels = {"dtype": self.dtype, "pixels_sha256": self.pixels_sha256}
        return {"name": self.name, **shape, **pixels}


@dataclass(frozen=True)
class ModelRecord:
    """Which model made a prediction: its name, folder, threshold, and the hash of its weights."""

    name: str
    folder: str
    threshold: float
    weights_sha256: str

    @classmethod
    def of(cls, package: ModelPackage) -> ModelRecord:
        """Of a model package."""
        info, weights = package.info, sha256_of(package.weights)
        return cls(info.name, str(package.folder), info.threshold, weights)


@dataclass(frozen=True)
class Provenance:
    """What is needed to come to the same scores again.

    Parameters
    ----------
    prediction, truth : StackRecord
        What was scored.
    settings : dict
        How, in plain values.
    model : ModelRecord, optional
        What made the prediction, where that is known.
    version : str
        Of napari-emseg.
    written : str
        When, in the form of ISO 8601.
    """

    prediction: StackRecord
    truth: StackRecord
    settings: Mapping[str, Any]
    model: ModelRecord | None = None
    version: str = __version__
    written: str = field(
        default_factory=lambda: datetime.now().astimezone().isoformat(timespec="seconds")
    )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "napari_emseg": self.version,
            "written": self.written,
            "prediction": self.prediction.to_dict(),
            "truth": self.truth.to_dict(),
            "model": None if self.model is None else asdict(self.model),
            "settings": dict(self.settings),
        }
