"""The dock *Measure*: what cells measure, in a table that leads to them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_emseg.errors import EmsegError
from napari_emseg.session.measure.session import MeasureSession, Phase
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.background.garbage import spare_the_window
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.docking.dock_tabs import TabWithOthers
from napari_emseg.ui.docking.focus_ring import FocusRing
from napari_emseg.ui.measure.cell_colors import CellColors
from napari_emseg.ui.measure.cell_pointer import CellPointer
from napari_emseg.ui.measure.features import with_features
from napari_emseg.ui.measure.fields import MeasureFields
from napari_emseg.ui.measure.table_page import TablePage
from napari_emseg.ui.widgets.notify import show_error, show_info
from napari_emseg.ui.widgets.plot_canvas import load_matplotlib
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember
from napari_emseg.ui.widgets.scroll_page import TOP_PX, Page

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Labels

_SIDE_PX, _NARROWEST_PX = 4, 340


class MeasureWidget(QWidget):
    """Measure cells, and look at what came of it.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    session : MeasureSession
        What is measured.
    fields, page, colors, pointer
        The parts that show it, each in a module of its own.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer, self._is_closed = viewer, False
        executor = QtExecutor(self)
        self.session = MeasureSession(executor)
        self.fields = MeasureFields(viewer, self.session)
        self.page = TablePage(self.session, viewer.theme)
        self.colors = CellColors(executor, self._on_colors_failed)
        self.pointer = CellPointer(viewer, lambda: self.fields.layer)
        self._features = executor.lane("features")
        self._chosen: Labels | None = None
        self.run = RunRow(
            PushButton(text="Measure", tooltip="Measure all cells of the layer, in all slices."),
            "Stop; the tables stay as they were.", "Measure cells",
        )  # fmt: skip
        self._lay_out()
        self._connect()
        load_matplotlib()
        self.fields.reset_choices()
        self._on_chosen()
        spare_the_window(viewer, self)

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.addTab(Page(self.fields.form.native), "Layers")
        self.tabs.addTab(Page(self.page, grows=True), "Table")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_SIDE_PX, TOP_PX, _SIDE_PX, 0)
        self.setMinimumWidth(_NARROWEST_PX)
        layout.addWidget(self.run.native)
        layout.addWidget(self.tabs, stretch=1)

    def _connect(self) -> None:
        session, viewer, page = self.session, self._viewer, self.page
        for state in (session.events.phase, session.events.said, session.events.progress):
            state.connect(self._show_run)
        session.measured.connect(self._on_measured)
        session.saved.connect(show_info)
        session.warned.connect(show_error)
        self.run.start.changed.connect(lambda: self._measure())
        self.run.stop.changed.connect(lambda: self._stop())
        page.table.picked.connect(self._go_to)
        page.table.pointed.connect(self._point_at)
        page.recolored.connect(self._color)
        self.pointer.pointed.connect(self._mark)
        self.fields.cells.changed.connect(self._on_chosen)
        viewer.dims.events.current_step.connect(self._on_step)
        viewer.events.theme.connect(self._show_theme)
        remember(
            {name: getattr(self.fields, name) for name in ("sections", "widest", "thickness")},
            "measure",
        )
        TabWithOthers(self)
        FocusRing(self)
        WhenClosed(self, self._close)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now, by their names; napari calls this."""
        self.fields.reset_choices()

    @property
    def project_fields(self) -> dict[str, Any]:
        """What a project brings back."""
        fields = self.fields
        return {
            "cells": fields.cells, "image": fields.image, "classes": fields.classes,
            "voxel_size": fields.voxel_size, "sections": fields.sections,
            "widest_membrane_px": fields.widest, "thickness": fields.thickness,
            "filter": self.page.filter,
        }  # fmt: skip

    # -- measuring -------------------------------------------------------------------------

    def _measure(self) -> None:
        self.session.measure(self.fields.config, sections=self.fields.sections.value)

    def _stop(self) -> None:
        self.run.show_stopping()
        self.session.stop()

    def _show_run(self) -> None:
        session = self.session
        if session.phase is Phase.MEASURING:
            done, total = session.progress
            self.run.show_running(f"{done} of {total} slices", done / total)
        else:
            self.run.show_idle(session.said)

    def _on_measured(self) -> None:
        measures, layer = self.session.measures, self.fields.layer
        if measures is None:
            self.page.color.value = False
            return
        self.tabs.setCurrentIndex(1)
        if measures.cells is not None and layer is not None:
            make = partial(with_features, measures.cells, layer.features)
            self._features.latest(make, partial(_put_features, layer))

    # -- rows and cells --------------------------------------------------------------------

    def _go_to(self, row: int) -> None:
        session = self.session
        place = session.place_of(row)
        if place is None:
            self.pointer.go_to_slice(int(session.shown.table["slice"][row]))
        else:
            self.pointer.go_to(place, self._cell_of(row))
        self.page.draw()

    def _cell_of(self, row: int) -> int | None:
        """The label of the cell that a row is about."""
        measures, table = self.session.measures, self.session.shown.table
        is_label = measures is not None and not measures.of_mask and "id" in table.columns
        return int(table["id"][row]) if is_label else None

    def _point_at(self, row: int | None) -> None:
        """Draw a box around the cell of a row, where it is seen; else say where it is."""
        session = self.session
        if row is None or session.places is None:
            self.pointer.box(None)
            return
        place, cell, z = session.place_of(row), self._cell_of(row), self.pointer.seen_slice
        if session.shown.name == "cells" and cell is not None:
            place = session.places.of_cell(cell, z) or place
        self.pointer.box(place)
        if place is not None and place.z != z:
            self.pointer.say(f"Not in this slice, but in {place.z}: a click on the row goes there.")

    def _mark(self, label: int) -> None:
        """Mark the row of the cell that is pointed at."""
        row = self.session.shown.row_of(label, self.pointer.seen_slice) if label else None
        self.page.table.mark(row)

    # -- colours ---------------------------------------------------------------------------

    def _color(self) -> None:
        layer = self.fields.layer
        if not self.page.color.value or layer is None or self.session.measures is None:
            self.colors.revert()
            return
        try:
            ids, parts = self.session.shown.colored(self.pointer.seen_slice)
        except EmsegError as error:
            self._on_colors_failed(str(error))
        else:
            self.colors.show(layer, ids, parts)

    def _on_colors_failed(self, message: str) -> None:
        self.page.color.value = False
        show_error(message)

    def _on_step(self) -> None:
        if self.colors.is_on and self.session.shown.name == "profiles":
            self._color()

    # -- the window ------------------------------------------------------------------------

    def _on_chosen(self) -> None:
        """Another layer: its cells are chosen in it, and no more in the one before."""
        self._let_go()
        self.colors.revert()
        self._chosen = self.fields.layer
        if self._chosen is not None:
            self._chosen.events.selected_label.connect(self._on_selected)
        self.fields.choose()

    def _on_selected(self) -> None:
        """Choose the row of the label that was picked in the viewer."""
        layer, shown = self._chosen, self.session.shown
        if layer is None:
            return
        row = shown.row_of(int(layer.selected_label), self.pointer.seen_slice)
        if row is not None and row != self.page.table.chosen:
            self.page.table.choose(row)
            self.page.draw()

    def _let_go(self) -> None:
        if self._chosen is not None:
            self._chosen.events.selected_label.disconnect(self._on_selected)
            self._chosen = None

    def _show_theme(self) -> None:
        self.page.plot.show_theme(self._viewer.theme)

    def _close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        viewer = self._viewer
        viewer.dims.events.current_step.disconnect(self._on_step)
        viewer.events.theme.disconnect(self._show_theme)
        self._let_go()
        self.run.end()
        for part in (self.fields, self.page, self.colors, self.pointer, self._features):
            part.stop()
        self.session.close()


def _put_features(layer: Labels, features: Any) -> None:
    layer.features = features
