"""Colours of labels, each chosen for its value."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from napari.layers import Labels
from napari.utils.colormap_backend import ColormapBackend, set_backend
from napari.utils.colormaps import DirectLabelColormap

if TYPE_CHECKING:
    from collections.abc import Mapping

_Colormap = TypeVar("_Colormap")

MASK_COLORS = {None: "orange", 0: "transparent", 1: "deepskyblue"}
"""Cell is blue, membrane stays bare, and what a person paints with another label shows too."""


def label_colors(colors: Mapping[int | None, Any]) -> DirectLabelColormap:
    """A colormap for uint8 labels that is ready to be drawn.

    With numba, which ``napari[all]`` brings, napari compiles a function for the first colormap of
    this kind in each process, and the window hangs for one second or more. It keeps what that
    function gives for the 256 values of uint8, so here they are asked for without numba.

    Parameters
    ----------
    colors : mapping
        Colour of each label, and of all others under None.
    """
    return _ready(DirectLabelColormap(color_dict=dict(colors)))


def same_colors(colormap: _Colormap) -> _Colormap:
    """A copy of any colormap of labels, for another layer."""
    copied = deepcopy(colormap)
    if isinstance(copied, DirectLabelColormap):
        _ready(copied)
    return copied


@cache
def prepare_ids() -> None:
    """Have napari compile what it draws ids of 32 bits with; for a thread.

    It does so for the first layer of them, for seconds: with numba, and the first time after an
    installation. A layer that is in no viewer has the same compiled.
    """
    Labels(np.zeros((1, 2, 2), np.uint32))


def make_ready(colormap: DirectLabelColormap, dtype: np.dtype[Any]) -> None:
    """Have napari prepare what it draws labels of a type with; for a thread.

    For each colormap of many labels it fills a table, and for the first one it compiles, for
    seconds.
    """
    colormap._data_to_texture(np.zeros((1, 1), dtype))


def _ready(colormap: DirectLabelColormap) -> DirectLabelColormap:
    before = set_backend(ColormapBackend.pure_python)
    try:
        colormap.map(np.zeros(1, np.uint8))
    finally:
        set_backend(before)
    return colormap
