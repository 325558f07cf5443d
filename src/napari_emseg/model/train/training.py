"""One training from its first epoch to its model package."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.train.patches import Batch, make_batch, prefetched_batches
from napari_emseg.core.train.rehearsal import RehearsalSet, make_rehearsal_set
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.steps import steps_per_epoch
from napari_emseg.errors import CancelledError, EmsegError
from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.model.network.losses import training_loss
from napari_emseg.model.network.precision import Precision
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.packages.library import name_of
from napari_emseg.model.packages.package import ModelPackage, PackageInfo
from napari_emseg.model.runtimes.int8 import add_int8, tiles_of_sources
from napari_emseg.model.train.history import Row, TrainResult, best_epoch
from napari_emseg.model.train.kept_slices import kept_patches
from napari_emseg.model.train.learner import (
    load_run_network,
    new_learner,
    read_former,
    resumed_learner,
    training_precision,
)
from napari_emseg.model.train.package_writer import write_package
from napari_emseg.model.train.preconditions import (
    SPLIT_PARTS,
    require_classes,
    require_history,
    require_nothing_stays,
    require_same_recipe,
    require_same_split,
)
from napari_emseg.model.train.rehearsal_file import (
    inherit_rehearsal_set,
    read_rehearsal_set,
    store_rehearsal_set,
)
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.model.train.schedule import (
    Schedule,
    has_stalled,
    is_hurried,
    with_learning_rate,
)
from napari_emseg.model.train.step_time import affordable_filters
from napari_emseg.model.train.step_time_book import VALIDATION_SHARE
from napari_emseg.model.train.training_monitor import TrainingMonitor
from napari_emseg.model.validation.joint_validator import JointValidator
from napari_emseg.model.validation.validator import Validation
from napari_emseg.types import EpochDone, Log, OnEvent, ShouldStop, VoxelSize

_OF_ONE = (*SPLIT_PARTS, "validation_known")
"""What is said of the only source for itself."""

_NO_MODEL_YET = "Stopped before the first epoch was done; there is no model yet."

_ENDLESS = 10**9
"""Steps of a training that is limited by minutes alone."""


class LossError(EmsegError):
    """The loss, or a weight, is no longer finite."""


class Training:
    """State of one run between its epochs; see `train.train` for the parameters."""

    def __init__(
        self,
        sources: Sequence[Source],
        recipe: Recipe,
        voxel_size_nm: VoxelSize | None,
        folder: RunFolder,
        terms: TermsConfig,
        on_event: OnEvent,
        should_stop: ShouldStop,
    ) -> None:
        self.sources, self.recipe, self.voxel_size_nm = sources, recipe, voxel_size_nm
        self.folder, self.tell, self.should_stop = folder, on_event, should_stop
        self.patches = [
            kept_patches(each, folder.slices / str(k)) for k, each in enumerate(sources)
        ]
        shapes = (each.shape for each in self.patches for _ in each.slices)
        self.steps = steps_per_epoch(shapes, recipe)
        self.history: list[Row] = []
        self.stopped = False
        self.parent: str | None = None
        self.hurried = False
        self.terms = terms
        self.rehearsal_set: RehearsalSet = ()
        self.monitor = TrainingMonitor(folder, on_event)
        self._validated_at = self._validation_took = 0.0

    def close(self) -> None:
        """Remove from the folder what only a training that goes on needs."""
        self.folder.forget_slices()
        self.folder.forget_quick_previews()

    # -- before the first epoch ------------------------------------------------------------

    def prepare(self, start_from: ModelPackage | None, *, resume: bool, device: str) -> None:
        """Make or reopen the run folder, and the network."""
        precision = training_precision(self.recipe.train, device)
        if resume and self.folder.last.exists():
            self._reopen(precision)
        else:
            self._begin(start_from, precision, device)
        loss = training_loss(self.recipe.train, self.recipe.network.classes)
        self.validator = JointValidator(self.sources, self.recipe.network, loss)
        before = self.history[-1]["seconds"] if self.history else 0.0
        self.schedule = Schedule(
            self.recipe.train, self.steps, seconds_before=before, hurried=self.hurried
        )
        self._validated_at = before
        self._introduce(precision)

    def _begin(self, start_from: ModelPackage | None, precision: Precision, device: str) -> None:
        if start_from is not None:
            self._start_from(start_from)
            self.parent = name_of(start_from)
            self.terms = self.terms.after(start_from.info.terms)
        self._settle_learning_rate()
        self.folder.start(self._config_with_terms())
        if not self.recipe.network.base_filters:
            self._settle_filters(device)
            self.folder.write_config(self._config_with_terms())
        if (
            start_from is not None
            and self.recipe.train.rehearse
            and start_from.info.unet.classes == self.recipe.network.classes
        ):
            self.rehearsal_set = inherit_rehearsal_set(start_from, self.folder, self.tell)
        keras.utils.set_random_seed(self.recipe.train.seed)
        self.learner = new_learner(
            self.recipe.network, self.recipe.train, precision=precision, start_from=start_from
        )
        if start_from is not None and (share := self.recipe.train.former_share):
            former = self.learner.settled()
            write_atomically(self.folder.former, former.save)
            self.learner.keep_part_of(former, share)

    def _start_from(self, model: ModelPackage) -> None:
        """Take its network; one of two classes may learn to tell more."""
        network, count = model.info.unet, self.recipe.network.classes
        if network.classes == 2 < count:
            require_nothing_stays(self.recipe.train)
            network = replace(network, classes=count)
            self.tell(Log(f"The last layer begins anew, since it has to tell {count} classes."))
        self._take_network(network, f"model {model.info.name!r}")

    def _reopen(self, precision: Precision) -> None:
        self.folder.sweep()
        self.parent, terms = self.folder.read_config().get("parent"), self.folder.read_terms()
        self.terms = terms if self.terms == TermsConfig() else self.terms.after(terms)
        self._settle_learning_rate()
        self.rehearsal_set = read_rehearsal_set(self.folder.rehearsal_set)
        require_same_recipe(self.folder, self.recipe)
        require_same_split(self.folder, self._config())
        self._take_network(self.folder.read_recipe().network, "resumed run")
        self.folder.write_config(self._config_with_terms())
        self.history = self.folder.read_history()
        require_history(self.folder, self.history)
        self.learner = resumed_learner(
            self.folder, self.recipe.network, self.recipe.train, precision=precision
        )
        if self.parent is not None and (share := self.recipe.train.former_share):
            self.learner.keep_part_of(read_former(self.folder), share)
        self._keep_best_and_history()  # the run may have been killed before it came to that
        self.tell(Log(f"Resumed after epoch {len(self.history)}."))

    def _take_network(self, network: NetworkConfig, source: str) -> None:
        require_classes(network, self.recipe.network.classes, source)
        if named := self.recipe.network.class_names:  # a person may name what had no names
            network = replace(network, class_names=named)
        asked = self.recipe.network
        if not asked.base_filters:
            asked = replace(asked, base_filters=network.base_filters)
        if network != asked:
            self.tell(Log(f"The {source} brings its network along: {network.to_dict()}."))
        self.recipe = replace(self.recipe, network=network)

    @cached_property
    def _described(self) -> list[dict[str, Any]]:
        return [_described(each) for each in self.sources]

    def _settle_learning_rate(self) -> None:
        self.hurried = is_hurried(self.recipe.train, new=self.parent is None)
        train = with_learning_rate(self.recipe.train, hurried=self.hurried)
        self.recipe = replace(self.recipe, train=train)

    def _settle_filters(self, device: str) -> None:
        """Name what the recipe leaves open: a network as large as there is time to train."""
        network = self.recipe.network
        filters = network.first_filters
        if self.hurried:
            try:
                filters = affordable_filters(
                    self.recipe, device=device, on_event=self.tell, should_stop=self.should_stop
                )
            except CancelledError as stopped:
                raise CancelledError(_NO_MODEL_YET) from stopped
        self.recipe = replace(self.recipe, network=replace(network, base_filters=filters))

    def _config(self) -> dict[str, Any]:
        sources = self._described
        only = sources[0] if len(sources) == 1 else {}
        return {
            "parent": self.parent,
            "recipe": self.recipe.to_dict(),
            "stack": ", ".join(each["name"] for each in sources),
            "voxel_size_nm": None if self.voxel_size_nm is None else list(self.voxel_size_nm),
            "sources": sources,
            **{part: only[part] for part in _OF_ONE if only},  # as older versions look for them
        }

    def _config_with_terms(self) -> dict[str, Any]:
        return {**self._config(), "terms": self.terms.to_dict()}

    def _introduce(self, precision: Precision) -> None:
        """Say what is trained on, and what is unusual about it."""
        several = len(self.sources) > 1
        where = f"on {len(self.sources)} stacks" if several else self.sources[0].split.said
        how = "" if precision == "float32" else " in half precision"
        self.tell(Log(f"Training{how} {where}; {self.steps} steps per epoch."))
        for each in self.sources if several else ():
            self.tell(Log(f"{each.name}: {each.split.said}."))
        if by_loss := self.validator.judged_by_loss:
            named = f" of {', '.join(by_loss)}" if several else ""
            chosen = (
                "it has no say in which epoch is best" if len(by_loss) < len(self.sources)
                else "the best epoch is chosen by the loss"
            )  # fmt: skip
            self.tell(Log(
                f"Fewer than half of the validation pixels{named} are labelled, too few for "
                f"V_rand; {chosen}."
            ))  # fmt: skip

    # -- epochs ----------------------------------------------------------------------------

    def run(self, name: str) -> TrainResult:
        """Train until the schedule is over, or somebody stops it; then write the package."""
        try:
            with closing(self._batches()) as batches:
                while not self._is_over():
                    self._run_epoch(batches)
        except LossError:
            if self.history:
                self._finish(name)
            raise
        return self._finish(name)

    def _is_over(self) -> bool:
        if self.stopped or self.schedule.done(len(self.history)) >= 1:
            return True
        patience = self.recipe.train.patience
        if has_stalled(self.history, patience):
            self.tell(Log(f"Stopped early: nothing improved for {patience} epochs or more."))
            return True
        return False

    def _batches(self) -> Generator[Batch]:
        """Batches of all epochs to come, prefetched also while the network is validated."""
        first, epochs = len(self.history) + 1, self.recipe.train.epochs - len(self.history)

        def make(k: int) -> Batch:
            return make_batch(
                self.patches, self.recipe, epoch=first + k // self.steps, step=k % self.steps,
                rehearsal_set=self.rehearsal_set,
            )  # fmt: skip

        return prefetched_batches(
            make, _ENDLESS if self.recipe.train.minutes else epochs * self.steps
        )

    def _run_epoch(self, batches: Iterator[Batch]) -> None:
        epoch = len(self.history) + 1
        learned = self._train_epoch(epoch, batches)
        if self.stopped:
            return
        if not self.learner.is_finite():  # the last step may have done it, unseen by any loss
            raise self._failure("the weights are no longer finite", epoch)
        validation = self._validate(epoch) if self._is_validation_due(epoch) else None
        scores = self.validator.not_validated if validation is None else validation.scores
        seconds = self.schedule.seconds()
        self.history.append({"epoch": epoch, "seconds": seconds, **learned, **scores})
        self._keep()
        left = self.schedule.seconds_left(self.schedule.done(epoch))
        self.tell(EpochDone(epoch, self.history[-1], left))
        if validation is not None:
            self.monitor.show(self.history, validation.probability, self.validator.first_slice)

    def _train_epoch(self, epoch: int, batches: Iterator[Batch]) -> Row:
        self.learner.begin_epoch(self.recipe.train.seed, epoch)
        # the range comes first: it ends without taking a batch of the next epoch
        for step, batch in zip(range(self.steps), batches, strict=False):
            rate = self.schedule.learning_rate(self.schedule.done(epoch - 1, step))
            learned = self._step(batch, rate)
            self._require_finite(learned["loss"], epoch)
            progress = self.schedule.progress(epoch, step + 1)
            self.tell(progress)
            self.stopped = self.should_stop()
            if self.stopped or (self.recipe.train.minutes and progress.done >= 1):
                break
        return {"learning_rate": rate, **learned}

    def _step(self, batch: Batch, rate: float) -> dict[str, float]:
        before = self.learner.patches_at_once
        learned = self.learner.step(batch, rate)
        if (now := self.learner.patches_at_once) < before:
            self.tell(
                Log(
                    f"Memory was short, so patches now go through {now} at a time instead of "
                    f"{self.recipe.train.batch_size}."
                )
            )
        return learned

    def _require_finite(self, loss: float, epoch: int) -> None:
        if not math.isfinite(loss):
            raise self._failure(f"the loss is {loss}", epoch)

    def _failure(self, how: str, epoch: int) -> LossError:
        """What to raise where the training has failed; nothing of ``epoch`` is kept."""
        what = "There is no model yet."
        if self.history:
            what = (
                f"The weights of epoch {best_epoch(self.history)['epoch']:.0f}, the best before "
                f"that, are restored and kept as the model in {self.folder.package}."
            )
        return LossError(
            f"training: {how} in epoch {epoch}; try a learning rate smaller than "
            f"{self.recipe.train.learning_rate:g}. {what}"
        )

    # -- validation ------------------------------------------------------------------------

    def _is_validation_due(self, epoch: int) -> bool:
        if epoch == 1 or self.schedule.done(epoch) >= 1 or self._is_time_nearly_up():
            return True
        if every := self.recipe.train.validate_every:
            return epoch % every == 0
        since = self.schedule.seconds() - self._validated_at
        return since * VALIDATION_SHARE >= self._validation_took * (1 - VALIDATION_SHARE)

    def _is_time_nearly_up(self) -> bool:
        """Whether writing this epoch, or training the next, may use up the minutes."""
        left = self.schedule.budget_left()
        if left is None:
            return False
        return left <= 2 * (self.schedule.seconds() - self.history[-1]["seconds"])

    def _validate(self, epoch: int) -> Validation:
        begun = self.schedule.seconds()
        validation = self.validator(self.learner.settled())
        self._require_finite(validation.scores["val_loss"], epoch)
        self._validated_at = self.schedule.seconds()
        self._validation_took = self._validated_at - begun
        return validation

    # -- what is kept ----------------------------------------------------------------------

    def _keep(self) -> None:
        """Write what a crash after this epoch must not lose; ``last.keras`` makes it count."""
        self.folder.keep_last(self.learner.model.save, self.history)
        self._keep_best_and_history()

    def _keep_best_and_history(self) -> None:
        if best_epoch(self.history) is self.history[-1]:
            write_atomically(self.folder.best, self.learner.settled().save)
        self.folder.write_history(self.history)

    def _finish(self, name: str) -> TrainResult:
        """Write the model package of the best epoch."""
        if not self.history:
            raise CancelledError(_NO_MODEL_YET)
        self.tell(Log("Writing the model ..."))
        best = best_epoch(self.history)
        info = PackageInfo(
            name=name,
            network=self.recipe.network,
            threshold=best["threshold"],
            voxel_size_nm=self.voxel_size_nm,
            training=self._config(),
            terms=self.terms,
            scores={k: v for k, v in best.items() if k.startswith("val_") and math.isfinite(v)},
        )
        model = load_run_network(self.folder.best, compiled=False)
        write_package(self.folder.package, info, model, self._sample(), history=self.history)
        rehearsal_set = make_rehearsal_set(self.patches, info.unet, self.rehearsal_set)
        store_rehearsal_set(self.folder.package, rehearsal_set, self.tell)
        add_int8(
            ModelPackage(self.folder.package, info),
            lambda: tiles_of_sources(self.patches, info.unet),
            lambda runtime: self.validator.v_rand(runtime, info.threshold), self.tell,
        )  # fmt: skip
        self.monitor.draw(self.history)
        return TrainResult(self.folder.package, best, self.stopped)

    def _sample(self) -> npt.NDArray[Any]:
        """A validation slice in the middle of those seen with it (C, Y, X), for the network."""
        source = self.sources[0]
        seen = read_seen(source.images, source.split.validation[0], self.recipe.network)
        return source.resampling.to_network(seen) if source.resampling.is_needed else seen


def _described(source: Source) -> dict[str, Any]:
    """What config and package say of a source."""
    voxel = source.images.voxel_size_nm
    return {
        "name": source.name,
        "shape": list(source.images.shape),
        "voxel_size_nm": None if voxel is None else list(voxel),
        "weight": source.weight,
        "train_slices": list(source.split.train),
        "validation_slices": list(source.split.validation),
        "first_validation_column": source.split.cut,
        "validation_known": _validation_known(source),
    }


def _validation_known(source: Source) -> float:
    """Part of the pixels that validate whose class is known, 0..1."""
    columns = source.split.validation_columns
    known = [source.target[z].known[:, columns].mean() for z in source.split.validation]
    return round(float(np.mean(known)), 3)
