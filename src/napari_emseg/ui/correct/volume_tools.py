"""The page *Volume*: tools and questions for the cells of a volume."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from magicgui.widgets import Container, PushButton
from napari.layers import Labels

from napari_emseg.session.correct.proofread import ProofreadPhase
from napari_emseg.session.correct.volume_tools import (
    MERGE_CELLS,
    SET_APART,
    SPLIT_CELL,
    TAKE_AWAY,
    VOLUME_TOOLS,
)
from napari_emseg.session.help.keys import (
    NEXT_QUESTION,
    NOT_THE_SAME,
    PUT_DOWN,
    SAME_CELL,
    TAKE_CUT,
    TOOL_KEYS,
    Key,
)
from napari_emseg.ui.correct.clicks import on_click
from napari_emseg.ui.viewer.shortcuts import Shortcut, pressed
from napari_emseg.ui.viewer.window import unwrapped
from napari_emseg.ui.widgets.forms import row_of, wrapped_label
from napari_emseg.ui.widgets.progress_row import RunRow

if TYPE_CHECKING:
    from napari_emseg.session.correct.brush import Tool
    from napari_emseg.session.correct.proofread import ProofreadSession

_NONE = (
    "For cells of a volume: choose labels on the page Labels in which each cell has one id through "
    "the slices."
)
_IDLE = (
    "The slices of the probability are cut into fragments; then a click acts on whole cells, "
    "through the volume."
)
_READY = "{} fragments, {} cells."


class VolumeTools(Container[Any]):
    """Buttons and keys for a `ProofreadSession`; keys act while the labels are selected.

    Parameters
    ----------
    session : ProofreadSession
        Knows what is to be done.
    """

    def __init__(self, session: ProofreadSession) -> None:
        self.session = session
        self._layer: Labels | None = None
        self._press = on_click(session.click)
        self.run = RunRow(
            PushButton(text="Make fragments", tooltip=_IDLE), "Make none.", "Make fragments"
        )
        self.next = _button(
            "Next", NEXT_QUESTION, "Go to the place where a decision would change most."
        )
        self.same = _button(
            "Same cell", SAME_CELL, "The two marked parts are one cell; then the next."
        )
        self.not_same = _button(
            "Not the same", NOT_THE_SAME, "The two marked parts are not one cell; then the next."
        )
        self.tools = {tool: _tool_button(tool) for tool in VOLUME_TOOLS}
        self.take = _button("Take this cut", TAKE_CUT, "Part the cell between the two colours.")
        self.about = wrapped_label("")
        super().__init__(
            widgets=[
                self.run, self.about, self.next, row_of(self.same, self.not_same),
                row_of(self.tools[MERGE_CELLS], self.tools[SPLIT_CELL]),
                row_of(self.tools[SET_APART], self.tools[TAKE_AWAY]), self.take,
            ],
            labels=False,
        )  # fmt: skip
        self.margins = (0, 0, 0, 0)
        self._connect()
        self._show()

    def stop(self) -> None:
        """Let go of the keys and the layer."""
        self.run.end()
        self._release()
        for shortcut in self._shortcuts:
            shortcut.stop()

    def _connect(self) -> None:
        session = self.session
        self.run.start.changed.connect(session.make)
        self.run.stop.changed.connect(session.stop_making)
        self.next.changed.connect(session.next)
        self.same.changed.connect(session.same_cell)
        self.not_same.changed.connect(session.not_the_same)
        self.take.changed.connect(session.take_cut)
        for tool, button in self.tools.items():
            button.changed.connect(partial(self._on_button, tool))
        for event in (session.events.phase, session.events.question, session.events.cut,
                      session.events.progress):  # fmt: skip
            event.connect(self._show)
        session.events.tool.connect(self._show_tool)
        self._shortcuts = [
            self._shortcut(NEXT_QUESTION, session.next),
            self._shortcut(SAME_CELL, session.same_cell),
            self._shortcut(NOT_THE_SAME, session.not_the_same),
            *(
                self._shortcut(TOOL_KEYS[tool], partial(session.take_up, tool))
                for tool in VOLUME_TOOLS
            ),
        ]

    def _shortcut(self, key: Key, act: Callable[[], object]) -> Shortcut:
        def act_here(layer: Any) -> None:
            tracker = self.session.tracker
            if tracker is not None and unwrapped(layer) is tracker.layer.key:
                act()

        return Shortcut(key, Labels, act_here)

    # -- what the session says -----------------------------------------------------------------

    def _show(self, *_: object) -> None:
        session, phase = self.session, self.session.phase
        is_ready = phase is ProofreadPhase.READY
        self.run.visible = not is_ready
        self.run.start.enabled = phase is ProofreadPhase.IDLE
        if phase is ProofreadPhase.MAKING:
            done, total = session.progress
            self.run.show_running(f"{done} of {total} slices cut", done / max(total, 1))
        else:
            self.run.show_idle("" if is_ready else _IDLE if self.run.start.enabled else _NONE)
            self.run.start.enabled = phase is ProofreadPhase.IDLE
        self.about.value = _READY.format(*session.counts) if is_ready else ""
        self.about.visible = is_ready
        self.next.enabled = is_ready
        self.same.enabled = self.not_same.enabled = session.question is not None
        self.take.enabled = session.cut is not None
        for button in self.tools.values():
            button.enabled = is_ready

    def _show_tool(self, tool: Tool | None, _: Tool | None) -> None:
        """Another tool is taken up, or none."""
        self._release()
        if tool is not None and self.session.tracker is not None:
            self._layer = layer = cast(Labels, self.session.tracker.layer.key)
            layer.mode = "pan_zoom"
            layer.mouse_drag_callbacks.append(self._press)
            layer.bind_key(PUT_DOWN.key, lambda _: self.session.put_down(), overwrite=True)
            layer.bind_key(TAKE_CUT.key, lambda _: self.session.take_cut(), overwrite=True)
        self._show_buttons()

    def _release(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None:
            for key in (PUT_DOWN.key, TAKE_CUT.key):
                layer.bind_key(key, None)
            if self._press in layer.mouse_drag_callbacks:
                layer.mouse_drag_callbacks.remove(self._press)

    def _show_buttons(self) -> None:
        for tool, button in self.tools.items():
            with button.changed.blocked():
                button.value = tool is self.session.tool

    def _on_button(self, tool: Tool) -> None:
        self.session.take_up(tool)
        self._show_buttons()


def _button(text: str, key: Key, tooltip: str) -> PushButton:
    return PushButton(text=f"{text} ({pressed(key)})", tooltip=tooltip)


def _tool_button(tool: Tool) -> PushButton:
    button = _button(tool.name, TOOL_KEYS[tool], tool.tooltip)
    button.native.setCheckable(True)
    return button
