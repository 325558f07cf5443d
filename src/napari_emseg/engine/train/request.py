"""What a person asks of a training in the window, made into a job with data of its own."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.regions import CountedArea
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.segment.polarity import with_dark_membranes
from napari_emseg.engine.train.interrupted_run import TrainRun
from napari_emseg.engine.train.jobs import LabelledFiles, TrainJob
from napari_emseg.engine.train.tissue import TissueThatCounts
from napari_emseg.errors import LabelsError, SettingError, ShapeError
from napari_emseg.io.folders import library_folder
from napari_emseg.model.packages.library import find_model
from napari_emseg.types import Event, LabelsMeaning, Log, OnEvent, Stack, VoxelSize

if TYPE_CHECKING:
    # and, in the methods that need them, imported when they run: in a thread, which spares the
    # window the time that scipy and OpenCV take
    from napari_emseg.core.segment.resampling import Resampling
    from napari_emseg.core.train.label_summary import LabelSummary
    from napari_emseg.core.train.source import PatchSource
    from napari_emseg.core.train.targets import PaintedTarget


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Images and their labels, in layers or in files.

    Parameters
    ----------
    images, labels : Stack
        Both (Z, Y, X); numpy or lazy.
    regions : CountedArea, optional
        Where the labels count; everywhere by default.
    files : (Path, Path), optional
        Where images and labels are read from, so that no copy is needed.
    chosen : (hashable, hashable), optional
        Image and labels that a person has chosen, such as layers or paths: by it data are known
        again.
    """

    images: Stack
    labels: Stack
    regions: CountedArea | None = None
    files: tuple[Path, Path] | None = None
    chosen: tuple[Hashable, Hashable] | None = None

    def __post_init__(self) -> None:
        if self.images.shape != self.labels.shape:
            raise ShapeError(
                f"labels: expected the image's shape {self.images.shape}, received "
                f"{self.labels.shape} of {self.labels.name!r}; choose labels that were painted on "
                f"{self.images.name!r}"
            )

    def summary(self, classes: int) -> LabelSummary:
        """Which slices carry labels, and what they mean."""
        from napari_emseg.core.train.label_summary import summarise_labels

        images = with_dark_membranes(self.images, range(len(self.images)))
        return summarise_labels(
            self.labels.data, self.regions, classes=classes, images=images.data,
            names=self.labels.class_names,
        )  # fmt: skip

    def target(
        self,
        meaning: LabelsMeaning,
        config: TrainConfig,
        split: SliceSplit,
        *,
        network: NetworkConfig = NetworkConfig(),
    ) -> PaintedTarget:
        """What the network would learn from; see `core.train.targets.painted_target`."""
        from napari_emseg.core.train.targets import painted_target

        regions, shape = self.regions, self.labels.shape[1:]
        reviewed = None if regions is None else lambda z: regions.mask(z, shape)
        return painted_target(
            self.labels.data, meaning, config, slices=split.used, classes=network.classes,
            names=network.names, reviewed=TissueThatCounts(self.images, reviewed),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class TrainingStack:
    """A stack with its labels, and how a training uses the two.

    Parameters
    ----------
    data : TrainingData
        Images and labels.
    meaning : {"mask", "membranes", "scribbles", "instances"}
        How to read the labels.
    split : SliceSplit
        Which slices train and which validate.
    weight : float
        How often patches are drawn from it, beside others; above 0.

    Raises
    ------
    LabelsError
        If no slice is labelled.
    """

    data: TrainingData
    meaning: LabelsMeaning
    split: SliceSplit
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.split.labelled:
            raise LabelsError(
                f"labels: no slice of {self.data.labels.name!r} is labelled; paint membranes and "
                "cells on one slice or more"
            )

    @property
    def name(self) -> str:
        """What it is called."""
        return self.data.images.name

    def resampling(
        self, pixels: VoxelSize | None, on_event: OnEvent = lambda _: None
    ) -> Resampling:
        """To the pixels of the network; see `engine.train.sources.resampling_of`."""
        from napari_emseg.engine.train.sources import resampling_of

        return resampling_of(self.data.images, pixels, on_event)

    def patch_source(
        self, network: NetworkConfig, train: TrainConfig, pixels: VoxelSize | None
    ) -> PatchSource:
        """See `TrainRequest.patch_sources`."""
        from napari_emseg.core.train.source import Source
        from napari_emseg.core.train.split import split_target

        images = with_dark_membranes(self.data.images, self.split.used)
        resampling = self.resampling(pixels)
        target = self.data.target(self.meaning, train, self.split, network=network)
        validation = self.split.named_validation
        split = split_target(target, fraction=train.val_fraction, validation=validation)
        taught = target.at(resampling).read()  # read now, since painting goes on
        return Source(images, target, split, resampling, taught, self.weight).patches

    def files(self, run: TrainRun, network: NetworkConfig, number: int) -> LabelledFiles:
        """Where the worker finds it: copies in ``run``, unless it is in files already."""
        suffix = "" if number == 1 else f" {number}"
        images, labels = self.data.files or self._copies(run, network, suffix)
        return LabelledFiles(
            images, labels, self.meaning, self.split.used, self.split.named_validation,
            self.weight, self._copy_regions(run, suffix),
            voxel_size_nm=self.data.images.voxel_size_nm, called=self.name,
        )  # fmt: skip

    def _copies(self, run: TrainRun, network: NetworkConfig, suffix: str) -> tuple[Path, Path]:
        images, labels, used = self.data.images, self.data.labels, self.split.used
        total = len(images)
        seen = sorted({near for z in used for near in network.slices_seen(z, total)})
        return (
            run.copy(f"images{suffix}", images.shape, images.data.dtype, seen, images.slice),
            run.copy(f"labels{suffix}", labels.shape, labels.data.dtype, used, labels.slice),
        )

    def _copy_regions(self, run: TrainRun, suffix: str) -> Path | None:
        regions, shape = self.data.regions, self.data.labels.shape
        if regions is None:
            return None

        def counts(z: int) -> npt.NDArray[np.bool_]:
            return regions.mask(z, shape[1:])

        return run.copy(f"reviewed{suffix}", shape, np.uint8, self.split.used, counts)


@dataclass(frozen=True, eq=False)
class TrainRequest:
    """All that decides over a training.

    Parameters
    ----------
    name : str
        What the model is to be called.
    data, meaning, split, weight
        Of the first stack, or the only one; as `TrainingStack` takes them.
    recipe : Recipe
        Network, augmentation and training settings.
    start_from : str, optional
        Folder of the model to go on from.
    device : str
        As `TrainJob` takes it.
    terms : TermsConfig
        Likewise.
    others : tuple of TrainingStack
        Further stacks that it learns from; their shapes, voxel sizes and meanings may differ.
    preview_near : int, optional
        As `TrainJob` takes it.
    """

    name: str
    data: TrainingData
    meaning: LabelsMeaning
    split: SliceSplit
    recipe: Recipe = Recipe()
    start_from: str | None = None
    device: str = "auto"
    terms: TermsConfig = TermsConfig()
    weight: float = 1.0
    others: tuple[TrainingStack, ...] = ()
    preview_near: int | None = None

    def __post_init__(self) -> None:
        _ = self.stacks  # whose labels are looked at

    @property
    def stacks(self) -> tuple[TrainingStack, ...]:
        """All that it learns from."""
        return (TrainingStack(self.data, self.meaning, self.split, self.weight), *self.others)

    @property
    def pixels(self) -> VoxelSize | None:
        """Edge lengths (Z, Y, X) in nm of what the network learns on; None where nobody knows."""
        from napari_emseg.engine.train.sources import network_voxel_size

        start_from = None if self.start_from is None else find_model(self.start_from)
        images = [each.data.images for each in self.stacks]
        return network_voxel_size(images, self.recipe, start_from=start_from)

    def patch_sources(self) -> list[PatchSource]:
        """Where the patches of this training come from; reads the labels, so it takes its time.

        Raises
        ------
        LabelsError
            If the labels will not do.
        """
        network, train, pixels = self._network(), self.recipe.train, self.pixels
        return [each.patch_source(network, train, pixels) for each in self.stacks]

    def slice_shapes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of each slice that trains, as the network sees it."""
        pixels = self.pixels
        shapes = []
        for each in self.stacks:
            shape = each.resampling(pixels).shape(each.data.images.shape[1:])
            shapes += [shape] * len(each.split.train)
        return tuple(shapes)

    def said_of_pixels(self) -> list[str]:
        """How the pixels of several stacks are brought to one size, in sentences.

        Raises
        ------
        SettingError
            If they differ by more than a factor of 8.
        """
        pixels, lines = self.pixels, list[str]()
        if pixels is None:
            return ["No pixel size is known: all stacks are taken as they are."]
        for each in self.stacks:
            try:
                each.resampling(pixels, partial(_note, lines, each.name))
            except SettingError as error:
                raise SettingError(f"{each.name}: {error}") from error
        return lines

    def prepare(self) -> tuple[TrainRun, TrainJob]:
        """Make the run folder, and copy what the training needs into it.

        Raises
        ------
        WriteError
            If the disk is full, or writing is not allowed; nothing is left behind then.
        """
        run, network = TrainRun.begin(self.name), self._network()
        try:
            job = TrainJob(
                tuple(each.files(run, network, k) for k, each in enumerate(self.stacks, 1)),
                run.folder, self.name, start_from=self.start_from,
                device=self.device, recipe=self.recipe, terms=self.terms,
                library=library_folder(), preview_near=self.preview_near,
            )  # fmt: skip
            run.keep(job)
        except BaseException:
            run.discard()
            raise
        return run, job

    def _network(self) -> NetworkConfig:
        """The network that will be trained: a model to go on from brings its own."""
        if self.start_from is None:
            return self.recipe.network
        return find_model(self.start_from).info.unet


def _note(lines: list[str], name: str, event: Event) -> None:
    if isinstance(event, Log):
        lines.append(f"{name}: {event.message}")
