"""Correcting labels: which, by what, where next, and what counts as corrected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.core.correct.edits import Policy
from napari_emseg.core.slices import chosen_slices
from napari_emseg.errors import EmsegError, LabelsError, ShapeError
from napari_emseg.session.correct.brush import BrushSession, Tool
from napari_emseg.session.correct.make_editable import (
    Predicted,
    check_fit,
    copied,
    new_labels,
    planned,
    require_pair,
)
from napari_emseg.session.correct.meaning import names_of_classes
from napari_emseg.session.correct.proofread import ProofreadSession
from napari_emseg.session.correct.region_visits import Corrected, RegionVisits
from napari_emseg.session.correct.tool_actions import BrushActs, load_tools
from napari_emseg.session.correct.view import CorrectView
from napari_emseg.session.correct.volume_tools import VOLUME_TOOLS
from napari_emseg.session.executor import Executor
from napari_emseg.session.painting.edit_tracker import EditTracker, Plan
from napari_emseg.session.painting.labels import LabelsLayer, StackLayer
from napari_emseg.session.workspace import Workspace
from napari_emseg.types import RepairedKind


class CorrectPhase(StrEnum):
    """How correcting stands."""

    NO_LABELS = "no labels"
    CORRECTING = "correcting"
    MAKING_EDITABLE = "making editable"
    """A prediction is being read; a person may go on meanwhile."""
    CLOSED = "closed"


@dataclass(eq=False)
class CorrectSession:
    """What the dock *Correct* shows and does.

    Parameters
    ----------
    executor : Executor
        Reads predictions, looks for free ids and ranks regions in lanes.
    workspace : Workspace
        Of the viewer.
    view : CorrectView
        The viewer.

    Attributes
    ----------
    phase : CorrectPhase
        How it stands.
    message : str
        What was done, what to do next, or what is wrong.
    image : StackLayer or None
        The stack that was segmented.
    tracker : EditTracker or None
        Of the labels that are corrected; None where there are none yet.
    kind : {"mask", "cells", "classes"}
        What they hold.
    brush : BrushSession
        The tools.
    volume : ProofreadSession
        The tools for cells of a volume.
    regions : RegionVisits
        Where next.
    refused : psygnal.Signal
        Emitted with what is wrong.
    roles_changed : psygnal.Signal
        Emitted when other slices count as edited or reviewed.
    made : psygnal.Signal
        Emitted with the tracker of new labels that were made of a prediction.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    refused = Signal(str)
    roles_changed = Signal()
    made = Signal(object)

    executor: Executor
    workspace: Workspace
    view: CorrectView
    phase: CorrectPhase = CorrectPhase.NO_LABELS
    message: str = ""
    image: StackLayer | None = None
    tracker: EditTracker | None = None
    kind: RepairedKind = "mask"

    def __post_init__(self) -> None:
        self._done: tuple[str, object] = ("", None)
        self._reading, self._acting = (self.executor.lane(n) for n in ("editable", "brush"))
        load_tools(self._acting)
        self.brush = BrushSession(self.view, self.say, self.tell_done, self.refuse)
        self.volume = ProofreadSession(
            self.executor, self.view, self.say, self.tell_done, self.refuse
        )
        self.brush.events.tool.connect(self._one_tool)
        self.volume.events.tool.connect(self._one_tool)
        self.regions = RegionVisits(
            self.executor,
            self.workspace,
            self.view.show_region,
            self._corrected,
            lambda: None if self.image is None else self.image.key,
        )

    def close(self) -> None:
        """The dock is closed; the labels are followed and kept safe all the same."""
        if self.phase is CorrectPhase.CLOSED:
            return
        self.choose(None)
        self.phase = CorrectPhase.CLOSED
        self.volume.close()
        self.regions.close()
        self._reading.stop()
        self._acting.stop()

    def _one_tool(self, tool: Tool | None) -> None:
        """Who takes up a tool of one kind puts down that of the other."""
        if tool in VOLUME_TOOLS:
            self.brush.put_down()
        elif tool is not None:
            self.volume.put_down()

    def say(self, message: str) -> None:
        """Tell a person something."""
        self.message = message

    def tell_done(self, message: str) -> None:
        """Tell a person what was done, for as long as it is the last that was, on this slice."""
        self.message, self._done = message, (message, self._place_in_work())

    def _drop_done(self) -> None:
        message, place = self._done
        if self.message == message != "" and place != self._place_in_work():
            self.message = self.brush.hint or self.volume.hint

    def _place_in_work(self) -> object:
        """Changes with each step that is done or undone, and with the slice that is seen."""
        steps = None if self.tracker is None else self.tracker.layer.steps()
        return steps, self.slice_in_view()

    def refuse(self, message: str) -> None:
        """Tell a person what is wrong."""
        self.message = message
        self.refused.emit(message)

    # -- what is corrected -----------------------------------------------------------------

    def choose(self, tracker: EditTracker | None, kind: RepairedKind = "mask") -> None:
        """Correct other labels, or ones that mean something else, or none."""
        if self.phase is CorrectPhase.CLOSED:
            return
        if tracker is not self.tracker:
            self.message = ""
        self._follow(tracker)
        self.kind = kind
        if tracker is not None and kind == "classes":
            self.view.name_classes(tracker.layer, names_of_classes(tracker.layer))
        is_volume = tracker is not None and kind == "cells" and tracker.total > 1
        self.volume.use(tracker if is_volume else None)
        if tracker is None:
            self.brush.use(None)
        else:
            self.brush.use(BrushActs(tracker, self._acting, kind))
            self.view.select(tracker.layer)
        if self.phase is not CorrectPhase.MAKING_EDITABLE:
            self._rest()
        self.roles_changed.emit()

    def turn_review(self, z: int | None = None) -> None:
        """Call a slice reviewed, or not any more; the one that is shown, if none is given."""
        z = self.slice_in_view() if z is None else z
        if z is not None and self.tracker is not None:
            self.tracker.review(z, not self.tracker.edits.of(z).reviewed)

    def look(self) -> None:
        """Another slice is seen."""
        self.brush.look_elsewhere(self.slice_in_view())
        self._drop_done()

    def slice_in_view(self) -> int | None:
        """The slice of the labels that a person sees, flat; None where it is none."""
        if self.tracker is None:
            return None
        try:
            return self.view.current_slice(self.tracker.layer)
        except ShapeError:
            return None

    def corrected_slices(self) -> tuple[int, ...]:
        """Slices of the labels to learn from.

        Raises
        ------
        EmsegError
            If something is missing, or does not fit.
        """
        if self.image is None:
            raise ShapeError("Image: open or choose an image layer first.")
        if self.tracker is None:
            raise LabelsError("Labels: make a prediction editable first, or choose a layer.")
        labels = self.tracker.layer
        if self.image.shape != labels.shape:
            raise ShapeError(
                f"Labels: expected the shape of {self.image.name!r}, {self.image.shape}, received "
                f"{labels.name!r} with {labels.shape}; choose layers that belong together"
            )
        slices = self.tracker.edits.slices
        if not slices:
            raise LabelsError(
                f"Labels: no slice of {labels.name!r} is edited or reviewed; repair one, or mark "
                "one that is right"
            )
        return slices

    def _corrected(self) -> Corrected | None:
        try:
            slices = self.corrected_slices()
        except EmsegError:  # nothing yet
            return None
        assert self.image is not None
        assert self.tracker is not None
        return Corrected(self.image.key, self.tracker.layer, slices)

    def _follow(self, tracker: EditTracker | None) -> None:
        before, self.tracker = self.tracker, tracker
        for each in () if before is None else (before.changed, before.settled):
            each.disconnect(self._on_edits, missing_ok=True)
        for each in () if tracker is None else (tracker.changed, tracker.settled):
            each.connect(self._on_edits)

    def _on_edits(self, _: object) -> None:
        self._drop_done()
        self.roles_changed.emit()

    def _rest(self) -> None:
        """Nothing is being read."""
        none = self.tracker is None
        self.phase = CorrectPhase.NO_LABELS if none else CorrectPhase.CORRECTING

    # -- make editable ---------------------------------------------------------------------

    def make_current_editable(self, prediction: EditTracker | None, policy: Policy) -> None:
        """Take the slice of a prediction that the viewer shows."""
        self._take(prediction, policy, lambda layer: [self.view.current_slice(layer)])

    def make_editable(
        self, prediction: EditTracker | None, policy: Policy, slices: str = ""
    ) -> None:
        """Take all slices of a prediction, or some, such as ``0:12,15:27``."""
        self._take(prediction, policy, lambda layer: chosen_slices(slices, layer.shape[0]))

    def _take(
        self,
        prediction: EditTracker | None,
        policy: Policy,
        slices_of: Callable[[LabelsLayer], list[int]],
    ) -> None:
        target = self.tracker
        try:
            prediction = require_pair(prediction, target)
            if target is not None:
                self.view.require_paintable(target.layer)
                check_fit(prediction.layer, target.layer)
            slices = slices_of(prediction.layer)
        except EmsegError as error:
            self.refuse(str(error))
            return
        predicted = [(z, prediction.layer.slice(z)) for z in slices]
        self.phase = CorrectPhase.MAKING_EDITABLE
        if target is None:
            self._reading.latest(
                partial(copied, predicted), partial(self._add, prediction), self._fail
            )
        else:
            self._reading.latest(
                partial(planned, target, predicted, policy, target.versions()),
                partial(self._write, target, prediction),
                self._fail,
            )

    def _add(self, prediction: EditTracker, predicted: Predicted) -> None:
        """Make new labels."""
        self._rest()
        data, edits = new_labels(prediction, predicted)
        name = f"{(self.image or prediction.layer).name} corrected"
        made = self.view.add_beside(prediction.layer, data, name, edits)
        self.view.note_predicted(made.layer, prediction.layer, [z for z, _ in predicted])
        self.made.emit(made)
        self.tell_done(f"{_slices(len(predicted))} to paint on in {made.layer.name!r}.")

    def _write(self, target: EditTracker, prediction: EditTracker, plan: Plan) -> None:
        """Write into the labels that are there."""
        self._rest()
        name = target.layer.name
        if not self.view.holds(target.layer):
            self.refuse(f"Labels: {name!r} was removed meanwhile; choose another one")
            return
        try:
            written = target.write(plan)
        except LabelsError as error:
            self.refuse(str(error))
            return
        self.view.note_predicted(target.layer, prediction.layer, written)
        self.view.bring_up(target.layer, instead_of=prediction.layer)
        left = len(plan.changes) - len(written)
        also = f"; {left} left as they are" if left else ""
        self.tell_done(
            f"{_slices(len(written))} written into {name!r}{also}. Ctrl-Z takes it back."
        )

    def _fail(self, message: str) -> None:
        self._rest()
        self.refuse(message)


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"
