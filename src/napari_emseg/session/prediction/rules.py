"""What is shown of a prediction, and how it is made: what a person moves."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig

Kinds: TypeAlias = tuple[str, ...]
"""``mask``, ``cells``, ``classes`` or several of them."""


class Rules(NamedTuple):
    """What is shown of a prediction, and how it is made.

    Parameters
    ----------
    kinds : tuple of str
        What is shown.
    mask : MaskConfig
        How slices are made.
    cells : CellsConfig
        How cells are followed through them.
    """

    kinds: Kinds
    mask: MaskConfig
    cells: CellsConfig = CellsConfig()
