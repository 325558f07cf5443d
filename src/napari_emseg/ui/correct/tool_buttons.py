"""Brush tools that fit membranes: buttons, keys and what the mouse does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, PushButton
from psygnal import Signal

from napari_emseg.core.config.correction import BrushConfig
from napari_emseg.errors import EmsegError, LabelsError
from napari_emseg.ui.correct.tool_actions import BrushActs, load_tools
from napari_emseg.ui.viewer.layers import pixel_at, require_paintable, require_seen_from_above
from napari_emseg.ui.widgets.forms import field_for, form_of, row_of
from napari_emseg.ui.widgets.remembered_fields import remember

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_emseg.core.correct.brushwork import Point


@dataclass(frozen=True)
class Tool:
    """A button with a key."""

    name: str
    key: str
    tooltip: str
    hint: str


DRAW = Tool(
    "Draw membrane", "D", "Paint membrane over cells, as a line of the thickness below.",
    "Drag to draw membrane.",
)  # fmt: skip
FILL = Tool(
    "Fill cell", "C",
    "Click on membrane that is none: a speck inside a cell becomes part of it, elsewhere a new "
    "cell is made with membrane around it.",
    "Click on membrane that should be cell.",
)  # fmt: skip
SPLIT = Tool(
    "Split here", "S",
    "Draw a line of membrane across a cell; where cells have ids, what is cut off gets a new one.",
    "Draw a line across a cell, from membrane to membrane.",
)  # fmt: skip
MERGE = Tool(
    "Merge these two", "J",
    "Click on two cells: the membrane between them is opened, and the second gets the id of the "
    "first.",
    "Click on the first cell.",
)  # fmt: skip
TOOLS = (DRAW, FILL, SPLIT, MERGE)


class BrushTools(Container):
    """Four tools, of which one or none is taken up; keys act while the layer is selected.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layer is.

    Attributes
    ----------
    said : psygnal.Signal
        Emitted with what to do next.
    failed : psygnal.Signal
        Emitted with what cannot be done.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._acts: BrushActs | None = None
        self.tool: Tool | None = None
        self._first: tuple[int, Point] | None = None
        self._brush_before: int | None = None
        self._is_switching = False
        load_tools()
        self.thickness = field_for(BrushConfig, "thickness_px")
        self.through_stack = field_for(
            BrushConfig, "through_stack", label="Merge through the stack"
        )
        self.buttons = {tool: _button(tool) for tool in TOOLS}
        rows = [row_of(self.buttons[DRAW], self.buttons[FILL]),
                row_of(self.buttons[SPLIT], self.buttons[MERGE])]  # fmt: skip
        super().__init__(
            widgets=[*rows, form_of([self.thickness, self.through_stack])], labels=False
        )
        self.margins = (0, 0, 0, 0)
        self.thickness.changed.connect(self._set_brush)
        for tool, button in self.buttons.items():
            button.changed.connect(partial(self._on_button, tool))
        fields = {"thickness_px": self.thickness, "through_stack": self.through_stack}
        remember(fields, "correct")

    def use(self, acts: BrushActs | None) -> None:
        """Have the tools act on another layer, or on none."""
        self.put_down()
        if self._acts is not None:
            self._unbind(self._acts.layer)
        self._acts = acts
        if acts is not None:
            self._bind(acts.layer)
        for button in self.buttons.values():
            button.enabled = acts is not None
        self.through_stack.enabled = acts is not None and acts.are_cells

    # -- taking up and putting down --------------------------------------------------------

    def take_up(self, tool: Tool) -> None:
        """Use this tool from now on; the same again puts it down."""
        again = tool is self.tool
        self.put_down()
        if again:
            return
        try:
            layer = self._require_layer()
        except EmsegError as error:
            self._show()
            self.failed.emit(str(error))
            return
        self.tool = tool
        self._viewer.layers.selection.active = layer
        self._prepare(layer)
        self._show()
        self.said.emit(tool.hint)

    def put_down(self) -> None:
        """Let napari's own tools act again."""
        tool, self.tool, self._first = self.tool, None, None
        if tool is None or self._acts is None:
            return
        layer = self._acts.layer
        layer.events.paint.disconnect(self._on_paint)
        if self._on_press in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.remove(self._on_press)
        brush, self._brush_before = self._brush_before, None
        if brush is not None:
            layer.brush_size = brush
            self._set_mode(layer, "pan_zoom")
        self._show()

    def _prepare(self, layer: Labels) -> None:
        if self.tool in (DRAW, SPLIT):
            self._brush_before = layer.brush_size
            layer.n_edit_dimensions = 2
            layer.brush_size = self.thickness.value
            self._set_mode(layer, "erase")
        else:
            self._set_mode(layer, "pan_zoom")
            layer.mouse_drag_callbacks.append(self._on_press)
        layer.events.paint.connect(self._on_paint)

    def _require_layer(self) -> Labels:
        if self._acts is None:
            raise LabelsError("Labels: choose a layer first, or make a prediction editable")
        layer = self._acts.layer
        require_paintable(layer)
        require_seen_from_above(self._viewer, layer)
        return layer

    def _set_mode(self, layer: Labels, mode: str) -> None:
        self._is_switching = True
        try:
            layer.mode = mode
        finally:
            self._is_switching = False

    def _set_brush(self, thickness: int) -> None:
        if self._brush_before is not None and self._acts is not None:
            self._acts.layer.brush_size = thickness

    def _show(self) -> None:
        for tool, button in self.buttons.items():
            with button.changed.blocked():
                button.value = tool is self.tool

    def _on_button(self, tool: Tool) -> None:
        self.take_up(tool)

    # -- keys ------------------------------------------------------------------------------

    def _bind(self, layer: Labels) -> None:
        for tool in TOOLS:
            layer.bind_key(tool.key, self._key(tool), overwrite=True)
        layer.events.mode.connect(self._on_mode)
        layer.events.brush_size.connect(self._on_brush_size)

    def _unbind(self, layer: Labels) -> None:
        for tool in TOOLS:
            layer.bind_key(tool.key, None)
        layer.events.mode.disconnect(self._on_mode)
        layer.events.brush_size.disconnect(self._on_brush_size)

    def _key(self, tool: Tool) -> Callable[[Any], None]:
        def take_up(_: Any) -> None:
            self.take_up(tool)

        return take_up

    def _on_mode(self) -> None:
        """A person has taken up a tool of napari's."""
        if not self._is_switching and self.tool is not None:
            layer, self._is_switching = self._layer, True
            mode = layer.mode
            self.put_down()
            self._set_mode(layer, mode)

    def _on_brush_size(self) -> None:
        """The keys that change the brush change the membrane's thickness, while it is drawn."""
        if self._brush_before is not None:
            self.thickness.value = min(int(self._layer.brush_size), self.thickness.max)

    @property
    def _layer(self) -> Labels:
        assert self._acts is not None
        return self._acts.layer

    # -- the mouse -------------------------------------------------------------------------

    def _on_press(self, layer: Labels, event: Any) -> Iterator[None]:
        """A click acts; a drag moves the picture, as ever."""
        at = pixel_at(layer, event.position)
        moved = False
        yield
        while event.type == "mouse_move":
            moved = True
            yield
        if not moved and event.button == 1:
            self._click(at)

    def _click(self, at: tuple[int, int, int] | None) -> None:
        try:
            require_seen_from_above(self._viewer, self._layer)
            if at is None:
                raise LabelsError("labels: this is beside the layer; click on it")
            self._act(at[0], at[1:])
        except EmsegError as error:
            self._first = None
            self.failed.emit(str(error))

    def _act(self, z: int, at: Point) -> None:
        assert self._acts is not None
        if self.tool is FILL:
            self._acts.fill(z, at, self.thickness.value)
            self.said.emit("Filled. Ctrl-Z takes it back.")
        elif self._first is None or self._first[0] != z:
            self._first = (z, at)
            self.said.emit("Now click on the second cell, on the same slice.")
        else:
            one, self._first = self._first[1], None
            self._acts.join(z, one, at, self.thickness.value, through=self.through_stack.value)
            self.said.emit("Merged. Ctrl-Z takes it back.")

    def _on_paint(self, event: Any) -> None:
        """A stroke has ended."""
        if self.tool is not SPLIT or self._acts is None:
            return
        try:
            if self._acts.part(event.value):
                self.said.emit("Split. Ctrl-Z takes it back.")
        except LabelsError as error:
            self.failed.emit(str(error))


def _button(tool: Tool) -> PushButton:
    button = PushButton(text=f"{tool.name} ({tool.key})", tooltip=tool.tooltip)
    button.native.setCheckable(True)
    return button
