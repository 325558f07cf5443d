"""The dock *Compare*: image, truth and prediction side by side, with the scores that matter."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_emseg.session.compare.session import CompareSession, Phase
from napari_emseg.session.help.keys import NEXT_ERROR, PREVIOUS_ERROR
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.background.garbage import spare_the_window
from napari_emseg.ui.compare.error_layer import ErrorLayer
from napari_emseg.ui.compare.error_list import ErrorList
from napari_emseg.ui.compare.error_navigation import ErrorNavigation
from napari_emseg.ui.compare.fields import CompareFields
from napari_emseg.ui.compare.paired_test import PairedTestPage
from napari_emseg.ui.compare.score_export import ScoreExportButtons
from napari_emseg.ui.compare.score_page import ScorePage
from napari_emseg.ui.compare.training_runs import TrainingRunsPage
from napari_emseg.ui.compare.views import CompareViews
from napari_emseg.ui.compare.volume_marks import VolumeMarks
from napari_emseg.ui.compare.volume_page import VolumePage
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.docking.dock_tabs import TabWithOthers
from napari_emseg.ui.docking.focus_ring import FocusRing
from napari_emseg.ui.painting.recovery_row import RecoveryOffer
from napari_emseg.ui.viewer.shortcuts import viewer_shortcut
from napari_emseg.ui.widgets.notify import show_error, show_info
from napari_emseg.ui.widgets.plot_canvas import load_matplotlib
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember
from napari_emseg.ui.widgets.scroll_page import TOP_PX, Page

if TYPE_CHECKING:
    import napari.viewer

    from napari_emseg.core.scores.volume.errors import VolumeError

_SIDE_PX = 4
_NARROWEST_PX = 356
"""At which all tabs, and the columns of the errors, are to be seen."""

_VOLUME = "Volume"
"""Title of the page that has errors of its own."""

_SOON_MS = 30
"""Over which results are gathered into one filling of the tables."""

_BUSY_MS = 400
"""The same while slices come one after another."""


class CompareWidget(QWidget):
    """Compare a prediction with a truth, or two predictions with one another.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    session : CompareSession
        What is compared, and what is known of it.
    fields, views, errors, scores, volume, paired_test, training_runs
        The parts that show it, each in a module of its own.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._is_closed = False
        self.session = CompareSession(QtExecutor(self))
        self._drawing = QTimer(self)
        self._drawing.setSingleShot(True)
        self._make_parts()
        self._lay_out()
        self._connect()
        load_matplotlib()
        self.fields.reset_choices()
        self.fields.choose()
        self.session.training_runs.look()
        self.recovery.look()
        spare_the_window(viewer, self)

    # -- parts -----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        viewer, session = self._viewer, self.session
        self.fields, self.recovery = CompareFields(viewer, session), RecoveryOffer(viewer)
        self.views = CompareViews(viewer, self.fields)
        self.error_layer = ErrorLayer(viewer, self._on_layer_removed)
        self._navigation = ErrorNavigation(viewer, lambda: session.pair)
        self.run = RunRow(
            PushButton(
                text="Score all slices",
                tooltip="Scores, errors and the sweep over thresholds of every labelled slice.",
            ),
            "Stop; what is scored so far is kept.",
            "Score slices",
        )
        self.scores, self.errors = ScorePage(viewer.theme), ErrorList()
        self.volume, self.volume_marks = VolumePage(session.volume), VolumeMarks(viewer)
        self.export, self._volume_export = ScoreExportButtons(session), ScoreExportButtons(session)
        self.paired_test = PairedTestPage(session)
        self.training_runs = TrainingRunsPage(session.training_runs, viewer.theme)

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.addTab(Page(self.fields.form.native), "Layers")
        self.tabs.addTab(Page(self.scores, self.export, grows=True), "Scores")
        self.tabs.addTab(Page(self.errors, grows=True), "Errors")
        self.tabs.addTab(Page(self.volume, self._volume_export, grows=True), _VOLUME)
        self.tabs.addTab(Page(self.paired_test, grows=True), "Against")
        self.tabs.addTab(Page(self.training_runs, grows=True), "Trainings")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_SIDE_PX, TOP_PX, _SIDE_PX, 0)
        self.setMinimumWidth(_NARROWEST_PX)
        layout.addWidget(self.recovery.native)
        layout.addWidget(self.views)
        layout.addWidget(self.run.native)
        layout.addWidget(self.tabs, stretch=1)

    def _connect(self) -> None:
        self._connect_session()
        session, viewer = self.session, self._viewer
        self.views.errors.changed.connect(self._show_errors)
        self.run.start.changed.connect(lambda: session.score_all())
        self.run.stop.changed.connect(lambda: session.stop())
        for table in (self.scores.table, self.paired_test.table):
            table.picked.connect(self._navigation.go_to_slice)
        self.errors.picked.connect(self._navigation.go_to_error)
        self.volume.picked.connect(self._go_to_volume_error)
        self.volume.alone.changed.connect(self.volume_marks.show_alone)
        self._drawing.timeout.connect(self._draw)
        viewer.dims.events.current_step.connect(self._look)
        viewer.events.theme.connect(self._show_theme)
        remember(
            {"errors": self.views.errors, "piece_radius_px": self.fields.piece_radius}, "compare"
        )
        remember({**self.volume.fields, "alone": self.volume.alone}, "compare_volume")
        self._keys = [
            viewer_shortcut(viewer, key, partial(self._step, by))
            for key, by in ((NEXT_ERROR, 1), (PREVIOUS_ERROR, -1))
        ]
        TabWithOthers(self)
        FocusRing(self)
        WhenClosed(self, self._close)

    def _connect_session(self) -> None:
        session, events = self.session, self.session.events
        events.phase.connect(self._show_phase)
        for state in (events.progress, events.problem, events.problem_here):
            state.connect(self._show_run)
        for drawn in (session.scored, events.here, events.config, session.paired_test.events):
            drawn.connect(self._draw_soon)
        session.mapped.connect(self.error_layer.put)
        session.volume.marked.connect(self.volume_marks.put)
        session.volume.mark_done.connect(self.volume_marks.finish)
        session.volume.events.scores.connect(self._forget_marks)
        session.export.saved.connect(self._show_saved)
        for warned in (session.warned, session.export.failed, session.training_runs.warned):
            warned.connect(show_error)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now, by their names; napari calls this."""
        self.fields.reset_choices()

    @property
    def project_fields(self) -> dict[str, Any]:
        """What a project brings back."""
        fields = self.fields
        return {
            "image": fields.image, "truth": fields.truth, "prediction": fields.prediction,
            "second": fields.second, "meaning": fields.meaning, "threshold": fields.threshold,
            "piece_radius_px": fields.piece_radius, "errors": self.views.errors,
            **self.volume.fields,
        }  # fmt: skip

    # -- what the person sees --------------------------------------------------------------

    def _look(self) -> None:
        self.session.look()

    def _show_phase(self, phase: Phase, before: Phase) -> None:
        if before is Phase.SCORING and phase is Phase.FOLLOWING:
            # who can click again sees all that came of it
            self._drawing.stop()
            self._draw()
        self._show_run()

    def _show_run(self) -> None:
        session = self.session
        if session.phase is Phase.SCORING:
            done, total = session.progress
            self.run.show_running(f"{done} of {total} slices", done / total)
        else:
            self.run.show_idle(session.problem or session.problem_here)

    def _draw_soon(self) -> None:
        if not self._drawing.isActive():
            self._drawing.start(_BUSY_MS if self.session.phase is Phase.SCORING else _SOON_MS)

    def _draw(self) -> None:
        session = self.session
        errors = [] if session.scores is None else session.scores.errors(session.config)
        if session.scores is None:
            self.error_layer.remove()
        self.scores.show_scores(session)
        for buttons in (self.export, self._volume_export):
            buttons.setEnabled(session.can_save)
        self.errors.show_errors(errors, session.here)
        self.paired_test.show_test()

    def _step(self, by: int) -> None:
        """Go on in the list that is in front."""
        is_volume = self.tabs.tabText(self.tabs.currentIndex()) == _VOLUME
        (self.volume.worst if is_volume else self.errors.table).step(by)

    def _go_to_volume_error(self, error: VolumeError) -> None:
        self._navigation.go_to_volume_error(error)
        self.session.volume.mark(error)

    def _forget_marks(self) -> None:
        """Marks are those of scores that are gone."""
        if self.session.volume.scores is None:
            self.volume_marks.remove()

    def _show_errors(self, shown: str) -> None:
        self.error_layer.show(shown)
        self.session.look()

    def _show_saved(self, path: object) -> None:
        show_info(f"Saved {path}")

    def _show_theme(self) -> None:
        for plot in (self.scores.plot, self.training_runs.plot):
            plot.show_theme(self._viewer.theme)

    def _on_layer_removed(self) -> None:
        """A person who removes the layer of errors does not want it back."""
        self.views.errors.value = "nothing"

    # -- the end ---------------------------------------------------------------------------

    def _close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        viewer = self._viewer
        viewer.dims.events.current_step.disconnect(self._look)
        viewer.events.theme.disconnect(self._show_theme)
        self._drawing.stop()
        for run in (self.run, self.volume.run):
            run.end()
        for part in (
            self.fields, self.views, self.error_layer, self.volume_marks, self._navigation,
            self.recovery,
        ):  # fmt: skip
            part.stop()
        for key in self._keys:
            key.stop()
        self.session.close()
