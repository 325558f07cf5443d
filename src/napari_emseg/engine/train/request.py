"""What a person asks of a training in the window, made into a job with data of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

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
from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.io.folders import library_folder
from napari_emseg.model.packages.library import find_model
from napari_emseg.types import LabelsMeaning, Stack

if TYPE_CHECKING:
    # and, in the methods that need them, imported when they run: in a thread, which spares the
    # window the time that scipy and OpenCV take
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
    """

    images: Stack
    labels: Stack
    regions: CountedArea | None = None
    files: tuple[Path, Path] | None = None

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
class TrainRequest:
    """All that decides over a training.

    Parameters
    ----------
    name : str
        What the model is to be called.
    data : TrainingData
        Images and labels.
    meaning : {"mask", "scribbles", "instances"}
        How to read the labels.
    split : SliceSplit
        Which slices train and which validate.
    recipe : Recipe
        Network, augmentation and training settings.
    start_from : str, optional
        Folder of the model to go on from.
    device : str
        As `TrainJob` takes it.
    terms : TermsConfig
        Likewise.
    """

    name: str
    data: TrainingData
    meaning: LabelsMeaning
    split: SliceSplit
    recipe: Recipe = Recipe()
    start_from: str | None = None
    device: str = "auto"
    terms: TermsConfig = TermsConfig()

    def __post_init__(self) -> None:
        if not self.split.labelled:
            raise LabelsError(
                f"labels: no slice of {self.data.labels.name!r} is labelled; paint membranes and "
                "cells on one slice or more"
            )

    def patch_source(self) -> PatchSource:
        """Where the patches of this training come from; reads the labels, so it takes its time.

        Raises
        ------
        LabelsError
            If the labels will not do.
        """
        from napari_emseg.core.train.source import Source
        from napari_emseg.core.train.split import split_target
        from napari_emseg.engine.train.sources import network_voxel_size, resampling_of

        network, train, chosen = self._network(), self.recipe.train, self.split
        start_from = None if self.start_from is None else find_model(self.start_from)
        images = with_dark_membranes(self.data.images, chosen.used)
        pixels = network_voxel_size([images], self.recipe, start_from=start_from)
        resampling = resampling_of(images, pixels, lambda _: None)
        target = self.data.target(self.meaning, train, chosen, network=network)
        validation = chosen.named_validation
        split = split_target(target, fraction=train.val_fraction, validation=validation)
        # read now, since painting goes on
        return Source(images, target, split, resampling, target.at(resampling).read()).patches

    def prepare(self) -> tuple[TrainRun, TrainJob]:
        """Make the run folder, and copy what the training needs into it.

        Raises
        ------
        WriteError
            If the disk is full, or writing is not allowed; nothing is left behind then.
        """
        run = TrainRun.begin(self.name)
        try:
            job = TrainJob(
                (self._files(run),), run.folder, self.name, start_from=self.start_from,
                device=self.device, recipe=self.recipe, terms=self.terms,
                library=library_folder(),
            )  # fmt: skip
            run.keep(job)
        except BaseException:
            run.discard()
            raise
        return run, job

    def _files(self, run: TrainRun) -> LabelledFiles:
        images, labels = self.data.files or self._copies(run)
        return LabelledFiles(
            images, labels, self.meaning, self.split.used, self.split.named_validation,
            reviewed=self._copy_regions(run), voxel_size_nm=self.data.images.voxel_size_nm,
            called=self.data.images.name,
        )  # fmt: skip

    def _copies(self, run: TrainRun) -> tuple[Path, Path]:
        images, labels, used = self.data.images, self.data.labels, self.split.used
        total = len(images)
        seen = sorted({near for z in used for near in self._network().slices_seen(z, total)})
        return (
            run.copy("images", images.shape, images.data.dtype, seen, images.slice),
            run.copy("labels", labels.shape, labels.data.dtype, used, labels.slice),
        )

    def _copy_regions(self, run: TrainRun) -> Path | None:
        regions, shape = self.data.regions, self.data.labels.shape
        if regions is None:
            return None
        return run.copy(
            "reviewed", shape, np.uint8, self.split.used, lambda z: regions.mask(z, shape[1:])
        )

    def _network(self) -> NetworkConfig:
        """The network that will be trained: a model to go on from brings its own."""
        if self.start_from is None:
            return self.recipe.network
        return find_model(self.start_from).info.network
