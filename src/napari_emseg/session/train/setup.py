"""What the next training is to learn from, and how: what the dock *Train* decides."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import InitVar, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.train.request import TrainingData, TrainingStack, TrainRequest
from napari_emseg.errors import EmsegError, LabelsError
from napari_emseg.model.packages.library import free_name, require_name
from napari_emseg.session.executor import Executor, Task
from napari_emseg.session.jobs import Jobs
from napari_emseg.session.train.data_words import about, taken_for
from napari_emseg.session.train.form import TrainForm, filled_in
from napari_emseg.session.train.more_stacks import Listed, MoreStacks
from napari_emseg.session.train.patch_preview import READING, PatchPreview
from napari_emseg.session.train.resume_offer import ResumeOffer
from napari_emseg.session.train.session import Phase, TrainSession
from napari_emseg.session.train.time_estimate import TimeEstimate, TrainingPlan
from napari_emseg.types import LabelsMeaning

if TYPE_CHECKING:  # needs scipy, and is made beside the window
    from napari_emseg.core.train.label_summary import LabelSummary

_CALM_S = 0.3
"""How long data must stay as they are before they are looked through."""


@dataclass(eq=False)
class TrainSetup:
    """Reads what is chosen beside the window, and begins trainings on it.

    Parameters
    ----------
    executor : Executor
        Reads, and makes the patches of the preview.
    jobs : Jobs
        Who trains.
    form : TrainForm
        What a person has chosen.

    Attributes
    ----------
    training : TrainSession
        How the training stands.
    patches : PatchPreview
        How the augmentation looks.
    estimate : TimeEstimate
        How long a training takes.
    offer : ResumeOffer
        What was interrupted.
    more : MoreStacks
        Further stacks to learn from.
    data : TrainingData or None
        Images and labels; None until they are read, and where they will not do.
    about : str
        What was found in them, or why they will not do.
    taken_for : str
        What the labels were taken for, and what a person should know of them.
    total : int
        Slices of the stack.
    split : SliceSplit
        Which of them train and which validate.
    meaning : {"mask", "scribbles", "instances"}
        How the labels are read.
    is_guessed : bool
        Whether that is a guess, and no person's choice.
    name : str
        What the model is to be called.
    class_names : tuple of str
        What the labels show, where these are more than membrane and cell.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    executor: InitVar[Executor]
    jobs: InitVar[Jobs]
    form: InitVar[TrainForm]
    data: TrainingData | None = None
    about: str = ""
    taken_for: str = ""
    total: int = 0
    split: SliceSplit = field(default_factory=SliceSplit)
    meaning: LabelsMeaning = "mask"
    is_guessed: bool = True
    name: str = ""
    class_names: tuple[str, ...] = ()

    def __post_init__(self, executor: Executor, jobs: Jobs, form: TrainForm) -> None:
        self._form = form
        self._lane = executor.lane("labels")
        self._soon = executor.timer(self._look)
        self._once_calm = executor.timer(self._look, _CALM_S)
        self._looking: Task | None = None
        self._problem, self._suggested = "", ""
        self._summary: LabelSummary | None = None
        self._read_for: int | None = None
        self._is_to_add = False
        self._image: Hashable = None
        self.training = TrainSession(jobs)
        self.patches = PatchPreview(executor, self._request)
        self.estimate = TimeEstimate(jobs)
        self.offer = ResumeOffer()
        self.more = MoreStacks()

    def open(self) -> None:
        """Look at what there is already."""
        self.training.ended.connect(self.offer.look)
        self.more.events.rows.connect(self._show_stacks)
        self._soon.start()
        self.offer.look()

    def close(self) -> None:
        """Let a training write its best model; nobody is told of it any more."""
        self.events.disconnect()
        self.training.events.disconnect()
        self.offer.events.disconnect()
        self.more.events.disconnect()
        self._soon.stop()
        self._once_calm.stop()
        self._lane.stop()
        self.patches.close()
        self.estimate.close()
        if self.training.phase is not Phase.STOPPING:  # a second time would end it at once
            self.training.stop()

    # -- data ------------------------------------------------------------------------------

    def choose_data(self) -> None:
        """Other data are chosen."""
        self.is_guessed = True
        self.change_data()

    def change_data(self) -> None:
        """The data chosen are others now, as where a layer was painted on."""
        self._lane.drop()
        self.data, self._problem, self._is_to_add = None, "", False
        self._summary = None
        self._soon.stop()
        self._once_calm.start()

    def give_name(self, name: str) -> None:
        """Call the model so."""
        self.name = name

    def choose_meaning(self, meaning: LabelsMeaning) -> None:
        """Read the labels in this way."""
        self.is_guessed, self.meaning = False, meaning
        self._say_labels()
        self._renew()

    def choose_split(self, split: SliceSplit) -> None:
        """Train and validate on these slices."""
        self._show_split(split, self.total)

    def change_settings(self) -> None:
        """The fraction to validate on may have changed, and the time."""
        kept = self.split.kept_for(self.split.labelled, self._form.val_fraction)
        self.more.spread(self._form.val_fraction)
        self._show_split(kept, self.total)
        with suppress(EmsegError):  # it is said where a person waits for it
            if self._read_for not in (None, self._form.classes):
                self.change_data()  # what labels mean depends on how many classes there are

    def suggest_name(self, wanted: str) -> None:
        """Call the model so, or like it, where a person has given no name."""
        if not self.name or self.name == self._suggested:
            self._suggested = free_name(wanted)
            self.name = self._suggested

    def _look(self) -> None:
        """Read the data and look through the labels, beside the window."""
        self._soon.stop()
        self._once_calm.stop()
        try:
            read, classes = self._form.reader(), self._form.classes
        except EmsegError as error:
            self._refuse_data(str(error))
            return
        self._problem, self._read_for = "", classes
        look = partial(_looked_through, read, classes)
        self._looking = self._lane.latest(look, lambda found: self._take(*found), self._refuse_data)

    def _look_now(self) -> None:
        """Somebody waits for the data."""
        if self._looking is None or not self._looking.is_running:
            self._look()

    def _take(self, data: TrainingData, summary: LabelSummary) -> None:
        self._looking = None
        self.data, self.about, self._summary = data, about(data, summary), summary
        listed = self.more.of(data)
        if self.is_guessed:
            self.meaning = summary.meaning
            if listed is not None and not listed.is_guessed:
                self.is_guessed, self.meaning = False, listed.stack.meaning
        self._say_labels()
        self.suggest_name(data.images.name)
        kept = self._split_before(data, listed).kept_for(summary.labelled, self._form.val_fraction)
        self._show_split(kept, summary.total)
        if self._is_to_add:
            self.add_stack()
        if summary.values:
            self.class_names = summary.class_names
        is_read = self.data is not None  # and not anew, for these classes
        if is_read and self.training.phase is Phase.READING:
            self._begin()

    def _split_before(self, data: TrainingData, listed: Listed | None) -> SliceSplit:
        """What its slices were for when it was chosen last; of another image nobody has said."""
        before, self._image = self._image, data.chosen and data.chosen[0]
        if listed is not None:
            return listed.stack.split
        return self.split if before in (None, self._image) else SliceSplit()

    def _refuse_data(self, message: str) -> None:
        self._looking = self._summary = None
        self._problem = self.about = message
        self._say_labels()
        self._show_split(SliceSplit(), 0)
        if self._is_to_add:
            self.add_stack()
        if self.training.phase is Phase.READING:
            self.training.refuse(message)

    def _say_labels(self) -> None:
        if self.data is None or self._summary is None:
            self.taken_for = ""
        else:
            self.taken_for = taken_for(self.data, self._summary, self.meaning)

    def _show_split(self, split: SliceSplit, total: int) -> None:
        self.total, self.split = total, split
        self._renew()

    def _renew(self) -> None:
        """The stack that is chosen is used otherwise now; its row, where it has one, follows."""
        if self.data is not None and self.more.of(self.data) is not None:
            with suppress(LabelsError):  # all labels were wiped out: the row stays as it was
                self.more.put(self._chosen(self.data))
                return
        self._show_stacks()

    def _show_stacks(self) -> None:
        self.patches.forget()
        self.estimate.show_plan(self._plan())
        self.more.say(self._request_with)

    def _plan(self) -> TrainingPlan | None:
        """What decides over the time, as far as it is known."""
        try:
            request = self._request_with()
            if request is None:
                return None
            return TrainingPlan(request.recipe, request.device, request.slice_shapes())
        except EmsegError:
            return None

    def _chosen(self, data: TrainingData) -> Listed:
        stack = TrainingStack(data, self.meaning, self.split)
        return Listed(stack, self.is_guessed, f"{self.about} {self.taken_for}")

    # -- actions ---------------------------------------------------------------------------

    def train(self) -> None:
        """Train on what is chosen, as soon as that is read."""
        if self.training.is_busy:
            return
        if self.data is None:
            self.training.await_data(READING)
            self._look_now()
        else:
            self._begin()

    def resume(self) -> None:
        """Go on with the training that is offered."""
        run = None if self.training.is_busy else self.offer.take()
        if run is not None:
            self.estimate.stop()
            self.training.resume(run)

    def add_stack(self) -> None:
        """Put the stack that is chosen on the list, as soon as it is read."""
        self._is_to_add = self.data is None and not self._problem
        if self._is_to_add:
            self.more.message = READING
            self._look_now()
            return
        try:
            request = self._request_with()
            assert request is not None, "what will do is read"
            request.said_of_pixels()  # refuses what is too far from the others
            self.more.put(self._chosen(request.data))
        except EmsegError as error:
            self.more.message = str(error)

    def preview(self) -> None:
        """Show augmented patches, as soon as the data are read."""
        if self.data is None:
            self._look_now()
        self.patches.begin()

    def _begin(self) -> None:
        try:
            require_name(self.name.strip())
            self.name = free_name(self.name.strip())
            request = self._request()
        except EmsegError as error:
            self.training.refuse(str(error))
            return
        assert request is not None
        self.estimate.stop()
        self.training.start(request)

    def _request(self) -> TrainRequest | None:
        return self._request_with(self._form.augment)

    def _request_with(
        self, augment: Callable[[], AugmentConfig] = AugmentConfig
    ) -> TrainRequest | None:
        """What is chosen; None while it is being read."""
        if self._problem:
            raise EmsegError(self._problem)
        if self.data is None:
            return None
        chosen = TrainingStack(self.data, self.meaning, self.split)
        stacks = self.more.with_chosen(chosen)
        return filled_in(self._form, self.name.strip(), stacks, augment())


def _looked_through(
    read: Callable[[], TrainingData], classes: int
) -> tuple[TrainingData, LabelSummary]:
    data = read()
    return data, data.summary(classes)
