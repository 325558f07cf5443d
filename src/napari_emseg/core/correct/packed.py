"""Arrays in little memory: of labels and masks little is left when they are compressed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Packed:
    """An array, compressed, so that many can be held."""

    blob: bytes
    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Self:
        """Compress; bools take a bit each."""
        raw = np.packbits(values) if values.dtype == np.bool_ else np.ascontiguousarray(values)
        return cls(zlib.compress(raw.tobytes(), 1), values.shape, values.dtype.str)

    def unpack(self) -> npt.NDArray[Any]:
        """The array again; `ValueError` where the bytes are damaged."""
        try:
            raw = zlib.decompress(self.blob)
        except zlib.error as error:
            raise ValueError(f"damaged: {error}") from error
        count = int(np.prod(self.shape))
        if np.dtype(self.dtype) == np.bool_:
            bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
            return bits.astype(bool).reshape(self.shape)
        return np.frombuffer(raw, self.dtype).reshape(self.shape)


class Packable:
    """An array that is packed when there is time for it; it reads the same before and after.

    Whoever holds it holds the packed one from then on, in whichever thread it was packed.

    Parameters
    ----------
    values : array
        Nobody writes to it any more.
    """

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self._held: npt.NDArray[Any] | Packed = values
        self.shape, self.dtype = values.shape, values.dtype

    def pack(self) -> None:
        """Compress; a large slice takes a while, so leave it to a thread."""
        if isinstance(held := self._held, np.ndarray):
            self._held = Packed.of(held)

    @property
    def is_packed(self) -> bool:
        """Whether it takes little memory already."""
        return isinstance(self._held, Packed)

    def unpack(self) -> npt.NDArray[Any]:
        """The array; not to be written to."""
        held = self._held
        return held if isinstance(held, np.ndarray) else held.unpack()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Numpy's way to `unpack`: so napari's undo history may hold it in place of an array."""
        values = np.asarray(self.unpack(), dtype)
        return values.copy() if copy else values
