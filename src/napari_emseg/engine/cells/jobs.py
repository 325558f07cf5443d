"""The job that makes the cells of a volume from a probability."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.types import VoxelSize


@dataclass(frozen=True)
class CellsJob:
    """Write the cells of a volume.

    Parameters
    ----------
    source : Path
        Probability of cell, or a mask, or cells of single slices: whatever
        `core.scores.probability.prediction_meaning` reads.
    out : str
        Whatever `napari_emseg.io.write.write_stack` takes.
    model : str
        Whose edge weights say what belongs together.
    rules : MaskConfig
        ``threshold`` and ``least_slices`` count.
    config : CellsConfig
        How fragments become cells.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, in place of what the source records.
    overwrite : bool
        Whether an existing output may be replaced.
    resume : bool
        In blocks: go on where a run into the same output was stopped, or solve its graph again.
    """

    source: Path
    out: str
    model: str = DEFAULT
    rules: MaskConfig = MaskConfig()
    config: CellsConfig = CellsConfig()
    voxel_size_nm: VoxelSize | None = None
    overwrite: bool = False
    resume: bool = False


@dataclass(frozen=True)
class CorrectJob:
    """Correct the cells of a volume that were made in blocks.

    Parameters
    ----------
    cells : str
        The cells: what is written in place.
    corrections : str
        Lines, as `core.proofread.corrections` reads them: all that are to count.
    """

    cells: str
    corrections: str


@dataclass(frozen=True)
class CellsResult:
    """What came of it.

    Parameters
    ----------
    cells : CellCount, optional
        How many cells there are; None where other parts of a run in blocks are missing.
    fragments : int
        Of how many pieces they are put together.
    seconds : float
        How long that took.
    """

    cells: CellCount | None
    fragments: int
    seconds: float
