"""Proofreading the cells of a volume: tools that act on fragments, and questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from psygnal import SignalGroupDescriptor

from napari_emseg.errors import EmsegError, LabelsError
from napari_emseg.session.correct.brush import Tool
from napari_emseg.session.correct.view import CorrectView
from napari_emseg.session.correct.volume_acts import Decide, VolumeActs
from napari_emseg.session.correct.volume_fragments import VolumeFragments, make_fragments
from napari_emseg.session.correct.volume_tools import (
    MERGE_CELLS,
    SET_APART,
    TAKE_AWAY,
)
from napari_emseg.session.executor import Executor
from napari_emseg.session.painting.edit_tracker import EditTracker

if TYPE_CHECKING:
    from napari_emseg.core.proofread.cut import Cut
    from napari_emseg.core.proofread.questions import Question

_SEEN_SLICES = 8
"""A cut is shown on so many slices on both sides of the place where a person is."""


class ProofreadPhase(StrEnum):
    """How proofreading stands."""

    NOTHING = "nothing to proofread"
    IDLE = "idle"
    """Fragments can be made."""
    MAKING = "making fragments"
    READY = "ready"
    CLOSED = "closed"


@dataclass(eq=False)
class ProofreadSession:
    """Tools and questions for the cells of one volume.

    Parameters
    ----------
    executor : Executor
        Makes fragments and looks for questions in lanes.
    view : CorrectView
        Where the layer is seen.
    say, tell_done, refuse : callable
        As `BrushSession` has them.

    Attributes
    ----------
    phase : ProofreadPhase
        How it stands.
    progress : tuple of int
        Slices that are cut, and how many there are.
    tool : Tool or None
        What is taken up.
    question : Question or None
        What is asked.
    cut : Cut or None
        What is shown, to be taken or not.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    executor: Executor
    view: CorrectView
    say: Callable[[str], object]
    tell_done: Callable[[str], object]
    refuse: Callable[[str], object]
    phase: ProofreadPhase = ProofreadPhase.NOTHING
    progress: tuple[int, int] = (0, 0)
    tool: Tool | None = None
    question: Question | None = None
    cut: Cut | None = None
    tracker: EditTracker | None = field(default=None, repr=False)
    _acts: VolumeActs | None = field(default=None, repr=False)
    _first: int | None = None

    def __post_init__(self) -> None:
        self._making, self._asking = (self.executor.lane(n) for n in ("fragments", "questions"))
        self._is_stopping = False
        self._passed: set[tuple[int, int]] = set()

    # -- which labels ------------------------------------------------------------------------

    def use(self, tracker: EditTracker | None) -> None:
        """Proofread these labels, which are cells of a volume; None where there are none."""
        if tracker is self.tracker:
            return
        self._let_go()
        self.tracker = tracker
        if tracker is not None:
            tracker.changed.connect(self._follow)
        self.phase = ProofreadPhase.NOTHING if tracker is None else ProofreadPhase.IDLE

    def close(self) -> None:
        """The dock is closed."""
        self.use(None)
        self.phase = ProofreadPhase.CLOSED
        self._making.stop(wait=True)
        self._asking.stop(wait=True)

    def make(self) -> None:
        """Make the fragments of the labels from the probability beside them."""
        try:
            tracker = self._require_labels()
            source = self.view.probability_of(tracker.layer)
            if source is None:
                raise LabelsError(
                    f"Labels: there is no probability of the shape of {tracker.layer.name!r}; "
                    "segment the stack with the output probability, or open one that was saved"
                )
        except EmsegError as error:
            self.refuse(str(error))
            return
        self._is_stopping, self.progress = False, (0, tracker.total)
        self.phase = ProofreadPhase.MAKING
        self._making.latest(
            partial(make_fragments, tracker, source, self._advance, lambda: self._is_stopping),
            partial(self._made, tracker), partial(self._fail, tracker),
        )  # fmt: skip

    def stop_making(self) -> None:
        """Make them after all not."""
        self._is_stopping = True

    # -- tools ---------------------------------------------------------------------------------

    def take_up(self, tool: Tool) -> None:
        """Use this tool from now on; the same again puts it down."""
        again = tool is self.tool
        self.put_down()
        if again:
            return
        try:
            self._require_ready()
            layer = self._require_labels().layer
            self.view.require_paintable(layer)
        except EmsegError as error:
            self.refuse(str(error))
            return
        self.view.bring_up(layer)
        self.tool = tool
        self.say(tool.hint)

    def put_down(self) -> None:
        """Use none, and take no cut."""
        self._forget()
        if self.tool is not None:
            self.tool = None
            self.say("")

    @property
    def counts(self) -> tuple[int, int]:
        """How many fragments and cells there are; 0 and 0 before they are made."""
        if self._acts is None:
            return 0, 0
        cells = self._acts.cells
        return cells.volume.graph.count, np.unique(cells.table[cells.table > 0]).size

    @property
    def hint(self) -> str:
        """What to do next with the tool that is taken up; empty where there is none."""
        return "" if self.tool is None else self.tool.hint

    def click(self, at: tuple[int, int, int] | None) -> None:
        """A person has clicked on slice, row and column of the layer; None beside it."""
        try:
            self.view.require_seen_from_above(self._require_labels().layer)
            self._act(self._fragment_at(at), at)
        except EmsegError as error:
            self._first = None
            self.refuse(str(error))

    def take_cut(self) -> None:
        """Part the cell as it is shown."""
        cut = self.cut
        if cut is not None:
            self._do(lambda cells: cells.split(cut), "Split")

    # -- questions -------------------------------------------------------------------------------

    def next(self) -> None:
        """Go to the next question; the one that was asked is passed over."""
        from napari_emseg.core.proofread.questions import questions

        try:
            cells = self._require_ready().cells
        except EmsegError as error:
            self.refuse(str(error))
            return
        if self.question is not None:
            self._passed.add((self.question.first, self.question.second))
        self._forget()
        self.say("Looking for the next place ...")
        self._asking.latest(partial(questions, cells.frozen()), self._ask)

    def same_cell(self) -> None:
        """The two that are asked about are one cell."""
        asked = self.question
        if asked is not None and self._do(
            lambda cells: (
                cells.merge(asked.second, asked.first)
                if self._is_larger(asked.second, asked.first)
                else cells.merge(asked.first, asked.second)
            ),
            "Same cell",
        ):
            self.next()

    def not_the_same(self) -> None:
        """They are not."""
        asked = self.question
        if asked is not None and self._do(
            lambda cells: cells.keep_apart(asked.first, asked.second), "Not the same"
        ):
            self.next()

    # -- how -------------------------------------------------------------------------------------

    def _let_go(self) -> None:
        self.put_down()
        self._is_stopping = True
        self._making.drop()
        self._asking.drop()
        if self.tracker is not None:
            self.tracker.changed.disconnect(self._follow, missing_ok=True)
        if self._acts is not None:
            self._asking.wait()
            self._acts.stop()
        self._acts, self._passed = None, set()

    def _advance(self, done: int, total: int) -> None:
        """In the lane."""
        self.executor.deliver(partial(setattr, self, "progress", (done, total)))

    def _made(self, tracker: EditTracker, made: VolumeFragments) -> None:
        if tracker is not self.tracker:
            made.scratch.close()
            return
        self._acts = VolumeActs(tracker, made, self._asking)
        self.phase = ProofreadPhase.READY
        self.next()

    def _fail(self, tracker: EditTracker, message: str) -> None:
        if tracker is self.tracker:
            self.phase = ProofreadPhase.IDLE
            if not self._is_stopping:
                self.refuse(message)

    def _require_labels(self) -> EditTracker:
        if self.tracker is None:
            raise LabelsError("Labels: choose a layer that holds the cells of a volume first")
        return self.tracker

    def _require_ready(self) -> VolumeActs:
        if self._acts is None:
            raise LabelsError("Labels: make the fragments of these cells first")
        return self._acts

    def _fragment_at(self, at: tuple[int, int, int] | None) -> int:
        if at is None:
            raise LabelsError("labels: this is beside the layer; click on it")
        fragment = int(self._require_ready().fragments.pixels[at[0]][at[1], at[2]])
        if not fragment:
            raise LabelsError("labels: there is no tissue here; click on a cell")
        return fragment

    def _act(self, fragment: int, at: tuple[int, int, int] | None) -> None:
        cells = self._require_ready().cells
        if self.tool is SET_APART:
            self._do(lambda cells: cells.set_apart(fragment), "Set apart")
        elif self.tool is TAKE_AWAY:
            self._do(lambda cells: cells.take_away(cells.cell_of(fragment)), "Taken away")
        elif self._first is None:
            self._forget()
            self._first = fragment
            second = "the second cell" if self.tool is MERGE_CELLS else "what should go from it"
            self.say(f"Now click on {second}.")
        elif self.tool is MERGE_CELLS:
            one, self._first = self._first, None
            self._do(lambda cells: cells.merge(one, fragment), "Merged")
        else:
            one, self._first = self._first, None
            self.cut = cells.preview(one, fragment)
            assert at is not None
            self._show_sides(self.cut.sides, at[0])
            self.say("Take the cut (Enter), or click on two other places.")

    def _do(self, decide: Decide, done: str) -> bool:
        """Take a decision; whether it could be."""
        try:
            acts = self._require_ready()
            self.view.require_paintable(self._require_labels().layer)
            has_changed = acts.do(decide)
        except EmsegError as error:
            self.refuse(str(error))
            return False
        self._forget()
        self.tell_done(f"{done}. Ctrl-Z takes it back." if has_changed else f"{done}: noted.")
        return True

    def _follow(self, _: object) -> None:
        """A step was done, undone or done again: decisions go with it."""
        if self._acts is not None and self._acts.follow():
            self._forget()

    def _ask(self, found: list[Question]) -> None:
        from napari_emseg.core.proofread.pixels import place_between

        left = (each for each in found if (each.first, each.second) not in self._passed)
        asked = next(left, None)
        if asked is None or self._acts is None or self.tracker is None:
            self.say("No doubtful place is left." if not found else "You have seen all places.")
            return
        cells, pixels = self._acts.cells, self._acts.fragments.pixels
        self.question = asked
        place = place_between(pixels, cells.volume.graph, asked.first, asked.second)
        if asked.is_one:
            sides = cells.preview(asked.first, asked.second).sides
        else:
            one, other = (
                cells.members(cells.cell_of(each)) for each in (asked.first, asked.second)
            )
            sides = one, other
        self._show_sides(sides, place[0])
        self.view.show_place(self.tracker.layer, place)
        now = "one cell now" if asked.is_one else "two cells now"
        self.say(f"Slice {place[0]}: are the two marked parts the same cell? They are {now}.")

    def _show_sides(self, sides: tuple[Any, Any], z: int) -> None:
        assert self._acts is not None
        assert self.tracker is not None
        number = np.zeros(self._acts.cells.table.size, np.uint8)
        number[sides[0]], number[sides[1]] = 1, 2
        begin, end = max(z - _SEEN_SLICES, 0), min(z + _SEEN_SLICES + 1, self.tracker.total)
        shown = np.stack(
            [number[np.asarray(self._acts.fragments.pixels[k])] for k in range(begin, end)]
        )
        self.view.show_sides(self.tracker.layer, shown, begin)

    def _forget(self) -> None:
        """No question, no cut, no first click."""
        self.question = self.cut = self._first = None
        self.view.hide_sides()

    def _is_larger(self, one: int, other: int) -> bool:
        """Whether the cell of the first fragment is larger."""
        cells = self._require_ready().cells
        area = cells.volume.graph.area
        sizes = [area[cells.members(cells.cell_of(each)) - 1].sum() for each in (one, other)]
        return bool(sizes[0] > sizes[1])
