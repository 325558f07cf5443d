"""The labelled stacks of several tissues that benchmarks look at; no part of this repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isbi import REPO

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari_emseg as em

DATA = Path(os.environ.get("EMSEG_DATA_DIR", REPO.parent / "shared" / "data"))


@dataclass(frozen=True)
class Tissue:
    """A labelled stack; of ``slices`` none taught or chose the models that ship.

    ``classes`` are labels of membrane, cell and mitochondrion, as scribbles, where there are any.
    """

    images: str
    labels: str
    voxel_size_nm: tuple[float, float, float]
    slices: tuple[int, ...]
    classes: str = ""

    @property
    def is_there(self) -> bool:
        """Whether it has been fetched."""
        return (DATA / self.images).exists()

    def spread(self, count: int) -> list[int]:
        """So many slices, at most, from the first to the last."""
        import numpy as np

        import napari_emseg as em

        last = len(em.read_stack(DATA / self.images, kind="image")) - 1
        return np.unique(np.linspace(0, last, count).round().astype(int)).tolist()

    def read(self, slices: Sequence[int], labels: str = "") -> tuple[em.Stack, em.Stack]:
        """Images and labels of some slices."""
        import napari_emseg as em

        image = em.read_stack(DATA / self.images, kind="image").take([*slices])
        truth = em.read_stack(DATA / (labels or self.labels), kind="labels").take([*slices])
        return em.Stack(image.data, self.voxel_size_nm, name=image.name), truth


TISSUES = {
    "ISBI 2012, fly larva, ssTEM 4 nm": Tissue(
        "isbi2012/train-volume.tif", "isbi2012/train-labels.tif", (50, 4, 4), (24, 25, 26)
    ),
    "VNC, fly larva, ssTEM 4.6 nm": Tissue(
        "vnc/train-images.tif",
        "vnc/train-membranes.tif",
        (50, 4.6, 4.6),
        (9,),
        "vnc/train-classes.tif",
    ),
    "EPFL, mouse hippocampus, FIB-SEM 5 nm": Tissue(
        "epfl/train-images.tif",
        "epfl/train-membranes.tif",
        (5, 5, 5),
        (10, 52),
        "epfl/train-classes.tif",
    ),
    "SNEMI3D, mouse cortex, ssSEM 6 nm": Tissue(
        "snemi3d/train-input.tif", "snemi3d/train-labels.tif", (30, 6, 6), (82, 88, 94)
    ),
}
