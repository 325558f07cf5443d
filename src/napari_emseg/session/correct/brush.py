"""Which brush tool is taken up, and what a click or a stroke does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.core.config.correction import BrushConfig
from napari_emseg.errors import EmsegError, LabelsError
from napari_emseg.session.correct.tool_actions import BrushActs
from napari_emseg.session.correct.view import CorrectView
from napari_emseg.session.painting.labels import LabelsLayer

if TYPE_CHECKING:
    from napari_emseg.core.correct.brushwork import Point


@dataclass(frozen=True)
class Tool:
    """What a person takes up, with a key.

    Parameters
    ----------
    is_drawn : bool
        Whether a person draws with it, rather than clicks.
    """

    name: str
    key: str
    tooltip: str
    hint: str
    is_drawn: bool


DRAW = Tool(
    "Draw membrane", "D", "Paint membrane over cells, as a line of the thickness below.",
    "Drag to draw membrane.", is_drawn=True,
)  # fmt: skip
FILL = Tool(
    "Fill cell", "C",
    "Click on membrane that is none: a speck inside a cell becomes part of it, elsewhere a new "
    "cell is made with membrane around it.",
    "Click on membrane that should be cell.", is_drawn=False,
)  # fmt: skip
SPLIT = Tool(
    "Split here", "S",
    "Draw a line of membrane across a cell; where cells have ids, what is cut off gets a new one.",
    "Draw a line across a cell, from membrane to membrane.", is_drawn=True,
)  # fmt: skip
MERGE = Tool(
    "Merge these two", "J",
    "Click on two cells: the membrane between them is opened, and the second gets the id of the "
    "first.",
    "Click on the first cell.", is_drawn=False,
)  # fmt: skip
TOOLS = (DRAW, FILL, SPLIT, MERGE)


@dataclass(eq=False)
class BrushSession:
    """Four tools, of which one or none is taken up.

    Parameters
    ----------
    view : CorrectView
        Where the layer is seen.
    say, tell_done, refuse : callable
        Called with what to do next, with what was done, and with what cannot be done.

    Attributes
    ----------
    acts : BrushActs or None
        What acts on the layer; None where there is none.
    tool : Tool or None
        What is taken up.
    thickness_px : int
        How thick membranes are drawn.
    through_stack : bool
        Whether cells are merged in the slices above and below too.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    view: CorrectView
    say: Callable[[str], object]
    tell_done: Callable[[str], object]
    refuse: Callable[[str], object]
    acts: BrushActs | None = None
    tool: Tool | None = None
    thickness_px: int = BrushConfig().thickness_px
    through_stack: bool = BrushConfig().through_stack
    _first: tuple[int, Point] | None = field(default=None, repr=False)

    def use(self, acts: BrushActs | None) -> None:
        """Have the tools act on another layer, or on none."""
        self.put_down()
        if self.acts is not None:
            self.acts.stop()
        self.acts = acts

    def take_up(self, tool: Tool) -> None:
        """Use this tool from now on; the same again puts it down."""
        again = tool is self.tool
        self.put_down()
        if again:
            return
        try:
            layer = self._require_layer()
        except EmsegError as error:
            self.refuse(str(error))
            return
        self.view.bring_up(layer)
        self.tool = tool
        self.say(tool.hint)

    def put_down(self) -> None:
        """Use none."""
        if self.tool is not None:
            self.say("")
        self._first, self.tool = None, None

    @property
    def hint(self) -> str:
        """What to do next with the tool that is taken up; empty where there is none."""
        return "" if self.tool is None else self.tool.hint

    def look_elsewhere(self, z: int | None) -> None:
        """Another slice is seen: a first cell that was clicked on elsewhere is none any more."""
        if self.tool is not None and self._first is not None and self._first[0] != z:
            self._first = None
            self.say(self.tool.hint)

    def click(self, at: tuple[int, int, int] | None) -> None:
        """A person has clicked on slice, row and column of the layer; None beside it."""
        if self.acts is None:
            return
        try:
            self.view.require_seen_from_above(self.acts.layer)
            if at is None:
                raise LabelsError("labels: this is beside the layer; click on it")
            self._act(self.acts, at[0], (at[1], at[2]))
        except EmsegError as error:
            self._first = None
            self.refuse(str(error))

    def stroke_ended(self, atoms: Sequence[Any]) -> None:
        """A person has drawn."""
        if self.tool is not SPLIT or self.acts is None:
            return
        try:
            if self.acts.part(atoms):
                self.tell_done("Split. Ctrl-Z takes it back.")
        except LabelsError as error:
            self.refuse(str(error))

    def _act(self, acts: BrushActs, z: int, at: Point) -> None:
        if self.tool is FILL:
            acts.fill(z, at, self.thickness_px)
            self.tell_done("Filled. Ctrl-Z takes it back.")
        elif self.tool is MERGE and (self._first is None or self._first[0] != z):
            self._first = (z, at)
            self.say("Now click on the second cell, on the same slice.")
        elif self.tool is MERGE and self._first is not None:
            one, self._first = self._first[1], None
            acts.join(z, one, at, self.thickness_px, through=self.through_stack)
            self.tell_done("Merged. Ctrl-Z takes it back.")

    def _require_layer(self) -> LabelsLayer:
        if self.acts is None:
            raise LabelsError("Labels: choose a layer first, or make a prediction editable")
        self.view.require_paintable(self.acts.layer)
        self.view.require_seen_from_above(self.acts.layer)
        return self.acts.layer
