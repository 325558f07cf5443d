"""Jobs that take a stack through a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.core.segment.tiling import Region
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.types import VoxelSize, What


@dataclass(frozen=True)
class WarmUpJob:
    """Load the libraries and a model, so that the next job need not wait for them.

    Its result is an `CostEstimate`, or None without a shape.

    Parameters
    ----------
    shape : (int, int), optional
        Shape (Y, X) of the slices to come, to compile the network for.
    voxel_size_nm : tuple of float, optional
        Of their stack: edge lengths (Z, Y, X) in nm.
    """

    model: str = DEFAULT
    device: str = "auto"
    config: PredictConfig = PredictConfig()
    shape: tuple[int, int] | None = None
    voxel_size_nm: VoxelSize | None = None


@dataclass(frozen=True)
class PredictJob:
    """Fill ``out``, a float32 ``.npy`` file (Z, Y, X), with the probability of cell.

    Parameters
    ----------
    source : Path
        Image stack (Z, Y, X), a ``.npy`` file of which only the slices seen are read.
    out : Path
        An existing ``.npy`` file of the stack's shape.
    within_cells : Path, optional
        Another one, of uint8, to fill with the most likely class of each pixel provided that it is
        no membrane (`core.classes.class_within_cells`).
    class_doubt : Path, optional
        Likewise, with how unsure that class is (`core.classes.class_doubt`).
    slices : tuple of int, optional
        Which slices, in the order wanted; all by default.
    region : (slice, slice), optional
        Rows and columns to predict; the rest of ``out`` stays as it is. All by default.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm; None where nobody knows.
    """

    source: Path
    out: Path
    model: str = DEFAULT
    slices: tuple[int, ...] | None = None
    device: str = "auto"
    config: PredictConfig = PredictConfig()
    within_cells: Path | None = None
    class_doubt: Path | None = None
    region: Region | None = None
    voxel_size_nm: VoxelSize | None = None


@dataclass(frozen=True)
class SegmentJob:
    """Segment a stack of any size into a file or a folder, slice by slice.

    Parameters
    ----------
    source : Path
        Image stack; whatever `napari_emseg.io.read.read_stack` reads.
    out : str
        Whatever `napari_emseg.io.write.write_stack` takes.
    what : {"probability", "mask", "cells", "classes"}
        See `napari_emseg.core.segment.segmenter`.
    slices : tuple of int, optional
        Which slices, in the order wanted; all by default.
    rules : MaskConfig
        How the probability becomes mask or cells.
    cells : CellsConfig
        How cells are followed through the slices.
    overwrite : bool
        Whether an existing output may be replaced.
    resume : bool
        Go on where a run into the same output was stopped, whatever stopped it.
    """

    source: Path
    out: str
    what: What = "probability"
    model: str = DEFAULT
    slices: tuple[int, ...] | None = None
    device: str = "auto"
    config: PredictConfig = PredictConfig()
    rules: MaskConfig = MaskConfig()
    cells: CellsConfig = CellsConfig()
    overwrite: bool = False
    resume: bool = False


@dataclass(frozen=True)
class BlocksJob:
    """Do a `SegmentJob` in blocks.

    Parameters
    ----------
    segment : SegmentJob
        With an OME-Zarr as output.
    shared : BlocksConfig
        Who does the blocks.
    """

    segment: SegmentJob
    shared: BlocksConfig


@dataclass(frozen=True)
class PredictResult:
    """What a prediction did.

    Parameters
    ----------
    slices : int
        How many are finished.
    seconds : float
        How long that took.
    device : str
        What computed and where, such as ``OpenVINO int8 on cpu:0``.
    threshold : float
        That of the model.
    cells : CellCount, optional
        How many there are in the output, where it holds cells.
    """

    slices: int
    seconds: float
    device: str
    threshold: float
    cells: CellCount | None = None
