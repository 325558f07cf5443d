"""The ISBI 2012 slices that benchmarks look at; they are no part of this repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

REPO = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("EMSEG_ISBI_DIR", REPO.parent / "shared" / "data" / "isbi2012"))
IMAGES, LABELS = DATA / "train-volume.tif", DATA / "train-labels.tif"


def require_isbi() -> None:
    """End the program, saying why, where the slices are not there."""
    if not IMAGES.exists():
        sys.exit(f"no ISBI slices in {DATA}; set EMSEG_ISBI_DIR to the folder that has them")


def isbi_slices(slices: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """Grey values (Z, Y, X) float32 in 0..1, and labels, of slices that have both."""
    import numpy as np

    import napari_emseg as em

    require_isbi()
    grey = em.read_stack(IMAGES, kind="image").take([*slices]).data / np.float32(255)
    return grey, em.read_stack(LABELS, kind="labels").take([*slices]).data
