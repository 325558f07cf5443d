"""Two layers in turn at the same place: what differs is seen to move."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_emseg.ui.compare.layer_arrangement import Arrangement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_emseg.session.turns import Turns


class Blink(QObject):
    """Shows one layer, then the other, over what lies below both.

    napari can clip no 2-D image or labels, so that a curtain between them would need copies; what
    blinks is the layers themselves.

    Parameters
    ----------
    viewer : ViewerModel
        The window.
    turns : Turns
        In which layers are shown and hidden.
    on_end : callable
        Called when it ends because a layer is removed.
    parent : QObject
        What it ends with.
    """

    def __init__(
        self, viewer: ViewerModel, turns: Turns, on_end: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer, self._turns, self._on_end = viewer, turns, on_end
        self._before: Arrangement | None = None
        self._layers: list[Layer] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.turn)

    @property
    def is_on(self) -> bool:
        """Whether layers blink."""
        return self._before is not None

    def start(self, below: Sequence[Layer], layers: Sequence[Layer], period_ms: int) -> None:
        """Show ``layers`` in turn over those ``below``, each for so many milliseconds."""
        before, self._layers = Arrangement(self._viewer), list(layers)
        self._before = before
        self._viewer.layers.events.removed.connect(self._on_removed)
        self._turns.want(
            *before.show_only([*below, *layers]), *before.name(layers, True),
            partial(self._begin, period_ms),
        )  # fmt: skip

    def _begin(self, period_ms: int) -> None:
        if self._before is not None:
            self._before.fit_names(self._viewer.canvas.size[1])
        self.turn()
        self._timer.start(period_ms)

    def turn(self) -> None:
        """Show the next one."""
        shown, *rest = self._layers
        for layer in rest:
            layer.visible = False
        shown.visible = True
        self._layers = [*rest, shown]

    def stop(self) -> None:
        """Show all as it was."""
        self._timer.stop()
        if self._before is None:
            return
        before, self._before = self._before, None
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._turns.cancel()  # of showing them
        self._turns.want(*before.restore())

    def _on_removed(self) -> None:
        if any(layer not in self._viewer.layers for layer in self._layers):
            self.stop()
            self._on_end()
