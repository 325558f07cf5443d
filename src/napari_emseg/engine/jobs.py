"""What can be asked for: frozen descriptions of work, small enough to cross a pipe.

Pixels do not travel in a job: it names files, which may be memory-mapped scratch files that
window and worker share.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.segment.tiling import Region
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.types import LabelsMeaning, VoxelSize, What


@dataclass(frozen=True)
class WarmUpJob:
    """Load the libraries and a model, so that the next job need not wait for them.

    Its result is an `CostEstimate`, or None without a shape.

    Parameters
    ----------
    shape : (int, int), optional
        Shape (Y, X) of the slices to come, to compile the network for.
    """

    model: str = DEFAULT
    device: str = "auto"
    config: PredictConfig = PredictConfig()
    shape: tuple[int, int] | None = None


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
    slices : tuple of int, optional
        Which slices, in the order wanted; all by default.
    region : (slice, slice), optional
        Rows and columns to predict; the rest of ``out`` stays as it is. All by default.
    """

    source: Path
    out: Path
    model: str = DEFAULT
    slices: tuple[int, ...] | None = None
    device: str = "auto"
    config: PredictConfig = PredictConfig()
    within_cells: Path | None = None
    region: Region | None = None


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
    overwrite: bool = False
    resume: bool = False


@dataclass(frozen=True)
class TrainJob:
    """Train on an image stack and its labels, into a run folder; see `model.train.train.train`.

    Parameters
    ----------
    reviewed : Path, optional
        Stack that is nonzero where the labels count; see `core.train.targets.make_target`.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X), instead of what the file says.
    library : Path, optional
        Model library to copy the model into, under ``name`` or, where that is taken, one like it.
    """

    images: Path
    labels: Path
    folder: Path
    name: str = "model"
    meaning: LabelsMeaning | None = None
    slices: tuple[int, ...] | None = None
    validation: tuple[int, ...] | None = None
    start_from: str | None = None
    resume: bool = False
    device: str = "auto"
    recipe: Recipe = Recipe()
    reviewed: Path | None = None
    voxel_size_nm: VoxelSize | None = None
    library: Path | None = None
    terms: TermsConfig = TermsConfig()


@dataclass(frozen=True)
class StepTimeJob:
    """Measure the seconds that a step of training takes; see `model.train.step_time`."""

    recipe: Recipe
    device: str = "auto"


@dataclass(frozen=True)
class DevicesJob:
    """List the devices that a prediction can take."""


@dataclass(frozen=True)
class DoctorJob:
    """Say what hardware is used, and why not more; see `engine.hardware.doctor.diagnose`."""


Job: TypeAlias = (
    WarmUpJob | PredictJob | SegmentJob | TrainJob | StepTimeJob | DevicesJob | DoctorJob
)


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
    """

    slices: int
    seconds: float
    device: str
    threshold: float
