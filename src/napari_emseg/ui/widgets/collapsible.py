"""A part of a form that is folded away until it is asked for."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QWidget
from superqt import QCollapsible

from napari_emseg.ui.docking.tab_order import tab_from_top


class Folded(QCollapsible):
    """A line that unfolds what is under it, which is made when it is unfolded first.

    Parameters
    ----------
    title : str
        What stands in the line.
    make : callable
        Gives what is hidden at first.
    tooltip : str
        What the line says of it.
    """

    def __init__(self, title: str, make: Callable[[], QWidget], *, tooltip: str = "") -> None:
        super().__init__(title, expandedIcon="▾", collapsedIcon="▸")
        self._make: Callable[[], QWidget] | None = make
        self.setDuration(0)
        layout = self.layout()
        assert layout is not None, "superqt gives it one"
        layout.setContentsMargins(0, 0, 0, 0)
        self.toggleButton().setToolTip(tooltip)

    def expand(self, animate: bool = True) -> None:
        """Show what is hidden; the line calls this, too."""
        if self._make is not None:
            make, self._make = self._make, None
            self.addWidget(make())
            tab_from_top(self)
        super().expand(animate)
