"""Jobs that train, or tell how long that takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.types import LabelsMeaning, VoxelSize


@dataclass(frozen=True)
class LabelledFiles:
    """An image stack and its labels; see `engine.train.labelled_stack.LabelledStack`.

    Parameters
    ----------
    reviewed : Path, optional
        Stack that is nonzero where the labels count; see `core.train.targets.make_target`.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X), instead of what the file says.
    called : str
        What a person calls the stack, where its file is a copy with a name of its own.
    """

    images: Path
    labels: Path
    meaning: LabelsMeaning | None = None
    slices: tuple[int, ...] | None = None
    validation: tuple[int, ...] | None = None
    weight: float = 1.0
    reviewed: Path | None = None
    voxel_size_nm: VoxelSize | None = None
    called: str = ""


@dataclass(frozen=True)
class TrainJob:
    """Train on stacks and their labels, into a run folder; see `model.train.train.train`.

    Parameters
    ----------
    stacks : tuple of LabelledFiles
        One or more.
    library : Path, optional
        Model library to copy the model into, under ``name`` or, where that is taken, one like it.
    preview_near : int, optional
        Predict labelled slices before it learns, first the one next to this; see
        `model.train.train.train`.
    """

    stacks: tuple[LabelledFiles, ...]
    folder: Path
    name: str = "model"
    start_from: str | None = None
    resume: bool = False
    device: str = "auto"
    recipe: Recipe = Recipe()
    library: Path | None = None
    terms: TermsConfig = TermsConfig()
    preview_near: int | None = None


@dataclass(frozen=True)
class StepTimeJob:
    """Measure the seconds that a step of training takes; see `model.train.step_time`."""

    recipe: Recipe
    device: str = "auto"
