"""Settings of the cells of a volume."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting


@dataclass(frozen=True)
class CellsConfig(Config):
    """How the fragments of slices become cells through a volume."""

    link: str = setting(
        "volume",
        "How cells are followed through slices. volume: all at once, so that branches join and "
        "one bad slice parts nothing. slices: from each slice to the next, by overlap, for stacks "
        "that are no volume, such as single sections or slices that are not aligned.",
        choices=("volume", "slices"),
    )
    merging: float = setting(
        0.5,
        "How readily fragments are taken for one cell: above 0.5 more are merged, below it more "
        "stay apart.",
        ge=0,
        le=1,
        step=0.05,
        label="Merge more",
    )
    smallest_cell_um3: float = setting(
        0.005,
        "Smaller cells of a volume join the neighbour that they most likely belong to, unless that "
        "is most unlikely, or they reach the first or the last slice: nobody sees how large those "
        "are.",
        unit="µm³",
        ge=0,
        le=1e6,
        step=0.001,
        label="Smallest cell",
        zero="any",
    )
    fill_membranes: bool = setting(
        True,
        "Cells of a volume meet in the middle of the membranes between them, as in volumes that "
        "people have traced; without it membranes stay 0.",
    )
    fragment_sigma_px: float = setting(
        2.0,
        "Slices are cut into fragments at necks of cells: how strongly distances from membranes "
        "are smoothed before. More gives fewer and larger fragments.",
        unit="px",
        ge=0.3,
        le=20,
        label="Smoothing of fragments",
    )
    smallest_fragment_px: int = setting(
        60,
        "Fragments of fewer pixels go to their neighbours.",
        unit="px",
        ge=1,
        le=100_000,
        label="Smallest fragment",
    )
