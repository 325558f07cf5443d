"""Brush tools that fit membranes: buttons, keys and what the mouse does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from magicgui.widgets import Container, PushButton
from napari.layers import Labels

from napari_emseg.core.config.correction import BrushConfig
from napari_emseg.session.correct.brush import DRAW, FILL, MERGE, SPLIT, TOOLS, Tool
from napari_emseg.session.help.keys import PUT_DOWN, TOOL_KEYS
from napari_emseg.ui.correct.clicks import on_click
from napari_emseg.ui.viewer.shortcuts import Shortcut, pressed
from napari_emseg.ui.viewer.window import unwrapped
from napari_emseg.ui.widgets.forms import field_for, form_of, row_of
from napari_emseg.ui.widgets.remembered_fields import remember

if TYPE_CHECKING:
    from napari_emseg.session.correct.brush import BrushSession
    from napari_emseg.session.correct.tool_actions import BrushActs


class BrushTools(Container[Any]):
    """Buttons and keys of the tools, and the mouse on the layer; keys act while it is selected.

    Parameters
    ----------
    session : BrushSession
        Knows which tool is taken up, and what it does.
    """

    def __init__(self, session: BrushSession) -> None:
        self.session = session
        self._layer: Labels | None = None
        self._brush_before: int | None = None
        self._label_before = 1
        self._is_switching = False
        self._press = on_click(session.click)
        self.thickness = field_for(BrushConfig, "thickness_px")
        self.through_stack = field_for(BrushConfig, "through_stack")
        self.buttons = {tool: _button(tool) for tool in TOOLS}
        rows = [row_of(self.buttons[DRAW], self.buttons[FILL]),
                row_of(self.buttons[SPLIT], self.buttons[MERGE])]  # fmt: skip
        super().__init__(
            widgets=[*rows, form_of([self.thickness, self.through_stack])], labels=False
        )
        self.margins = (0, 0, 0, 0)
        self._shortcuts = [self._shortcut(tool) for tool in TOOLS]
        self._connect()
        self._show_acts()

    def stop(self) -> None:
        """Let go of the keys."""
        for shortcut in self._shortcuts:
            shortcut.stop()

    def _connect(self) -> None:
        self.thickness.changed.connect(self._set_thickness)
        self.through_stack.changed.connect(self._set_through)
        for tool, button in self.buttons.items():
            button.changed.connect(partial(self._on_button, tool))
        fields = {"thickness_px": self.thickness, "through_stack": self.through_stack}
        remember(fields, "correct")
        self._set_thickness(self.thickness.value)
        self._set_through(self.through_stack.value)
        self.session.events.acts.connect(self._show_acts)
        self.session.events.tool.connect(self._show_tool)

    # -- what the session says -------------------------------------------------------------

    def _show_acts(self) -> None:
        """Other labels are acted on, or none."""
        acts: BrushActs | None = self.session.acts
        if self._layer is not None:
            self._unbind(self._layer)
        self._layer = None if acts is None else cast(Labels, acts.layer.key)
        if self._layer is not None:
            self._bind(self._layer)
        for button in self.buttons.values():
            button.enabled = acts is not None
        self.through_stack.enabled = acts is not None and acts.are_cells

    def _show_tool(self, tool: Tool | None, before: Tool | None) -> None:
        """Another tool is taken up, or none."""
        if self._layer is not None:
            if before is not None:
                self._release(self._layer)
            if tool is not None:
                self._prepare(self._layer, tool)
        self._show()

    def _prepare(self, layer: Labels, tool: Tool) -> None:
        if tool.is_drawn:
            self._brush_before, self._label_before = layer.brush_size, layer.selected_label
            layer.n_edit_dimensions = 2
            layer.brush_size = self.session.thickness_px
            self._paint_membrane(layer)
        else:
            self._set_mode(layer, "pan_zoom")
            layer.mouse_drag_callbacks.append(self._press)
        layer.events.paint.connect(self._on_paint)
        layer.bind_key(PUT_DOWN.key, lambda _: self.session.put_down(), overwrite=True)

    def _paint_membrane(self, layer: Labels) -> None:
        membrane = 0 if self.session.acts is None else self.session.acts.membrane
        if membrane:
            layer.selected_label = membrane
        self._set_mode(layer, "paint" if membrane else "erase")

    def _release(self, layer: Labels) -> None:
        """Let napari's own tools act again."""
        layer.events.paint.disconnect(self._on_paint)
        layer.bind_key(PUT_DOWN.key, None)
        if self._press in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.remove(self._press)
        brush, self._brush_before = self._brush_before, None
        if brush is not None:
            layer.brush_size, layer.selected_label = brush, self._label_before
            self._set_mode(layer, "pan_zoom")

    def _set_mode(self, layer: Labels, mode: str) -> None:
        self._is_switching = True
        try:
            layer.mode = mode
        finally:
            self._is_switching = False

    def _show(self) -> None:
        for tool, button in self.buttons.items():
            with button.changed.blocked():
                button.value = tool is self.session.tool

    # -- buttons, keys and fields ----------------------------------------------------------

    def _on_button(self, tool: Tool) -> None:
        self.session.take_up(tool)
        self._show()  # the click has turned the button, whether or not the tool was taken up

    def _set_thickness(self, thickness: int) -> None:
        self.session.thickness_px = thickness
        if self._brush_before is not None and self._layer is not None:
            self._layer.brush_size = thickness

    def _set_through(self, through: bool) -> None:
        self.session.through_stack = through

    def _bind(self, layer: Labels) -> None:
        layer.events.mode.connect(self._on_mode)
        layer.events.brush_size.connect(self._on_brush_size)

    def _unbind(self, layer: Labels) -> None:
        layer.events.mode.disconnect(self._on_mode)
        layer.events.brush_size.disconnect(self._on_brush_size)

    def _shortcut(self, tool: Tool) -> Shortcut:
        def take_up(layer: Any) -> None:
            if unwrapped(layer) is self._layer:
                self.session.take_up(tool)

        return Shortcut(TOOL_KEYS[tool], Labels, take_up)

    def _on_mode(self) -> None:
        """A person has taken up a tool of napari's."""
        layer = self._layer
        if not self._is_switching and self.session.tool is not None and layer is not None:
            self._is_switching, mode = True, layer.mode
            self.session.put_down()
            self._set_mode(layer, mode)

    def _on_brush_size(self) -> None:
        """The keys that change the brush change the membrane's thickness, while it is drawn."""
        if self._brush_before is not None and self._layer is not None:
            field: Any = self.thickness
            field.value = min(int(self._layer.brush_size), field.max)

    # -- the mouse -------------------------------------------------------------------------

    def _on_paint(self, event: Any) -> None:
        """A stroke has ended."""
        self.session.stroke_ended(event.value)


def _button(tool: Tool) -> PushButton:
    button = PushButton(text=f"{tool.name} ({pressed(TOOL_KEYS[tool])})", tooltip=tool.tooltip)
    button.native.setCheckable(True)
    return button
