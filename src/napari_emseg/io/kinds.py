"""Is it grey values or labels, and which labels: guessed from the name and from the values."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError
from napari_emseg.io.layout.texture import is_piecewise_constant
from napari_emseg.types import ArrayLike, StackKind

LABEL_WORDS = frozenset(
    {
        "label", "labels", "lbl", "lbls", "mask", "masks", "seg", "segs", "segmentation",
        "segmentations", "truth", "groundtruth", "gt", "annotation", "annotations", "scribbles",
    }
)  # fmt: skip


def words_of(stem: str) -> list[str]:
    """The words of a file's name in lower case.

    Examples
    --------
    >>> words_of("train-labels_2"), words_of("cellMask"), words_of("unlabelled")
    (['train', 'labels'], ['cell', 'mask'], ['unlabelled'])
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)
    return re.findall(r"[^\W\d_]+", spaced.lower())


def is_named_labels(stem: str) -> bool:
    """Whether a word of the name says that the file holds labels."""
    return not LABEL_WORDS.isdisjoint(words_of(stem))


def guess_kind(data: ArrayLike, stem: str) -> StackKind:
    """Whether a stack holds grey values or labels.

    Labels are: bool; integers of 32 bits and more that look like ids (Gatan writes grey values so);
    whole numbers in a file that is named so; and two values, one of them 0. Of a lazy stack the
    first, the middle and the last slice are looked at. A constant stack that is not named so is an
    image.

    Parameters
    ----------
    data : (Z, Y, X) array
        Numpy or lazy.
    stem : str
        Name of the file without its ending.
    """
    if data.dtype.kind == "b":
        return "labels"
    looked_at = slices_to_look_at(data)
    if data.dtype.kind in "iu" and data.dtype.itemsize >= 4:
        return "labels" if all(is_piecewise_constant(each) for each in looked_at) else "image"
    if is_named_labels(stem) and all(_is_whole(each) for each in looked_at):
        return "labels"
    return "labels" if _holds_two_values(looked_at) else "image"


def normalised_labels(data: ArrayLike) -> ArrayLike:
    """Labels as integers of the machine's byte order.

    A mask, which is bool or holds only 0 and its dtype's greatest value (255, 65535), becomes uint8
    with 1 = cell, 0 = membrane. All other ids stay, so that scribbles of only 2 do not become 1.
    Whole numbers in floats become integers.

    Raises
    ------
    ReadError
        If a float is not a whole number of 0 and above. Of a lazy stack this shows when the slice
        is loaded.
    """
    if data.dtype.kind == "f":
        data = _mapped(whole_numbers, data, np.dtype(np.uint32))
    if is_mask_on_disk(data):
        return _mapped(_nonzero, data, np.dtype(np.uint8))
    return data


def is_mask_on_disk(data: ArrayLike) -> bool:
    """Whether labels are bool or hold 0 and 255 (or 65535) only."""
    if data.dtype.kind == "b":
        return True
    looked_at = slices_to_look_at(data)
    tops = (255, 65535)
    return any(all(_holds_only(each, 0, top) for each in looked_at) for top in tops) and any(
        bool(each.any()) for each in looked_at
    )


def as_shown(data: ArrayLike) -> ArrayLike:
    """Pixels of which low values are shown bright (MinIsWhite), with low values dark.

    Of unsigned integers the greatest value becomes 0; floats from 0 to 1 stay there.
    """
    dtype = np.dtype(data.dtype)
    if dtype.kind == "f":
        top = 1 if all(_is_from_0_to_1(each) for each in slices_to_look_at(data)) else 0
        return _mapped(partial(_from, dtype.type(top)), data, dtype)
    return _mapped(np.invert, data, dtype)


def _from(top: Any, block: npt.NDArray[Any]) -> npt.NDArray[Any]:
    shown: npt.NDArray[Any] = top - block
    return shown


def _is_from_0_to_1(values: npt.NDArray[Any]) -> bool:
    finite = values[np.isfinite(values)]
    return bool(finite.size) and finite.min() >= 0 and finite.max() <= 1


def slices_to_look_at(data: ArrayLike) -> list[npt.NDArray[Any]]:
    """All slices of a loaded stack; the first, the middle and the last of a lazy one."""
    n = int(data.shape[0])
    lazy = not isinstance(data, np.ndarray) or isinstance(data, np.memmap)
    chosen = sorted({0, n // 2, n - 1}) if lazy and n else range(n)
    return [np.asarray(data[z]) for z in chosen]


def whole_numbers(block: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """Floats that are whole numbers, as uint32.

    Raises
    ------
    ReadError
        If one is not, or is negative or too large.
    """
    if block.size and not _is_whole(block):
        raise ReadError(
            "labels: expected whole numbers of 0 and above, received fractions (as a probability "
            "has them); threshold them first, or read the file as an image"
        )
    return block.astype(np.uint32)


def _is_whole(values: npt.NDArray[Any]) -> bool:
    if values.dtype.kind != "f":
        return True
    # a NaN compares false, and so is no whole number
    return bool(np.all((values >= 0) & (values < 2**32) & (values == np.floor(values))))


def _holds_only(values: npt.NDArray[Any], first: float, second: float) -> bool:
    return bool(np.all((values == first) | (values == second)))


def _holds_two_values(slices: list[npt.NDArray[Any]]) -> bool:
    """Whether the slices hold 0 and one other, whole number."""
    tops = {values.max().item() for values in slices if values.size}
    top = max(tops, default=0)
    if not top > 0 or not float(top).is_integer():
        return False
    return all(_holds_only(values, 0, top) for values in slices) and any(
        bool((values == 0).any()) for values in slices
    )


def _nonzero(block: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    cells: npt.NDArray[np.uint8] = (block != 0).astype(np.uint8)
    return cells


def _mapped(function: Any, data: ArrayLike, dtype: np.dtype[Any]) -> ArrayLike:
    """Apply to a loaded array now, to a lazy one block by block."""
    if isinstance(data, np.ndarray) and not isinstance(data, np.memmap):
        return function(data)
    from napari_emseg.io.layout.arrays import as_dask

    return as_dask(data).map_blocks(function, dtype=dtype)
