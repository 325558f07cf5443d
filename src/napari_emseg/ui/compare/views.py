"""Buttons that show layers side by side, or in turn, and say which errors are coloured."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_emseg.errors import EmsegError
from napari_emseg.session.turns import Turns
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.compare.blink_view import Blink
from napari_emseg.ui.compare.error_layer import SHOWN
from napari_emseg.ui.compare.grid_view import SideBySide
from napari_emseg.ui.widgets.forms import form_of
from napari_emseg.ui.widgets.notify import show_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_emseg.ui.compare.fields import CompareFields

_PERIOD_MS, _SHORTEST_MS, _LONGEST_MS = 600, 150, 5000


class CompareViews(QWidget):
    """The two views, of which one is shown at a time; a second click goes back.

    The threshold stands here, too: whoever moves it looks at the errors.

    Parameters
    ----------
    viewer : ViewerModel
        The window.
    fields : CompareFields
        Which layers.

    Attributes
    ----------
    errors : ComboBox
        Which errors have a colour.
    turns : Turns
        What is still to be done until a view is shown, or left.
    """

    def __init__(self, viewer: ViewerModel, fields: CompareFields) -> None:
        super().__init__()
        self._fields = fields
        self.turns = Turns(QtExecutor())
        self.panes, self.blinking = (
            SideBySide(viewer, self.turns, self._show_state),
            Blink(viewer, self.turns, self._show_state, self),
        )
        self.side = _toggle(
            "Side by side",
            "Image, truth and prediction beside one another: pan, zoom, slice and cursor are "
            "shared. Again: one view.",
        )
        self.blink = _toggle(
            "Blink", "Truth and prediction in turn over the image: what differs moves. Again: off."
        )
        self.period = _period()
        self.errors = ComboBox(
            name="errors", label="Show", choices=list(SHOWN),
            tooltip="What the layer of errors colours: blue is found, orange-red missed, yellow "
            "invented; pink is a gap that merges cells, green a false membrane that splits one.",
        )  # fmt: skip
        self._lay_out(fields)
        self.side.clicked.connect(self._turn_side)
        self.blink.clicked.connect(self._turn_blink)
        self.period.valueChanged.connect(self._pace)

    def stop(self) -> None:
        """Go back to a single view, and listen to nothing any more."""
        self.turns.finish()
        self._leave()
        self.turns.finish()
        self.panes.cursor.stop()

    def _lay_out(self, fields: CompareFields) -> None:
        row = QHBoxLayout()
        row.addWidget(self.side, stretch=3)
        row.addWidget(self.blink, stretch=2)
        row.addWidget(self.period)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(form_of([fields.threshold, self.errors]).native)

    def _turn_side(self, on: bool) -> None:
        self._leave()
        if on:
            self._try(lambda: self._chosen(self._fields.image.value), self.panes.show)
        self._show_state_later()

    def _turn_blink(self, on: bool) -> None:
        self._leave()
        if on:
            self._try(self._chosen, self._blink)
        self._show_state_later()

    def _blink(self, chosen: list[Layer]) -> None:
        image = self._fields.image.value
        below = [] if image is None else [image]
        layers = [each for each in chosen if each != image]
        self.blinking.start(below, layers, self.period.value())

    def _chosen(self, *before: Layer | None) -> list[Layer]:
        """The layers to look at, each once, after those ``before``."""
        fields = self._fields
        wanted = [*before, fields.truth.value, fields.prediction.value, fields.second.value]
        layers = list(dict.fromkeys(layer for layer in wanted if layer is not None))
        if len(layers) < 2:
            raise EmsegError("View: choose at least two layers, such as image and prediction.")
        return layers

    def _try(self, choose: Callable[[], list[Layer]], show: Callable[[list[Layer]], None]) -> None:
        """Show what is chosen once the view before is left."""
        try:
            layers = choose()
        except EmsegError as error:
            show_error(str(error))
        else:
            self.turns.want(partial(show, layers))

    def _leave(self) -> None:
        self.panes.back()
        self.blinking.stop()

    def _pace(self) -> None:
        if self.blinking.is_on:
            self._turn_blink(True)

    def _show_state_later(self) -> None:
        """Take no click, and show a busy cursor, until all has had its turn."""
        self._set_busy(True)
        self.turns.want(self._show_state)

    def _set_busy(self, is_busy: bool) -> None:
        for button in (self.side, self.blink):
            button.setEnabled(not is_busy)
        if is_busy:
            self.setCursor(Qt.CursorShape.BusyCursor)
        else:
            self.unsetCursor()

    def _show_state(self) -> None:
        if not self.turns.is_idle:  # a view is still on its way
            self.turns.want(self._show_state)
            return
        self._set_busy(False)
        self.side.setChecked(self.panes.is_shown)
        self.blink.setChecked(self.blinking.is_on)


def _toggle(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setToolTip(tooltip)
    return button


def _period() -> QSpinBox:
    period = QSpinBox()
    period.setRange(_SHORTEST_MS, _LONGEST_MS)
    period.setSingleStep(50)
    period.setSuffix(" ms")
    period.setValue(_PERIOD_MS)
    period.setAccessibleName("Time of each view")
    period.setToolTip("How long each is seen while they blink.")
    return period
