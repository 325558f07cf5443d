"""The dock *Compare*: image, truth and prediction side by side, with the scores that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import PushButton
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_emseg.errors import EmsegError
from napari_emseg.ui.background.dock_closed import WhenClosed
from napari_emseg.ui.background.garbage import spare_the_window
from napari_emseg.ui.background.latest import Latest
from napari_emseg.ui.background.timers import later
from napari_emseg.ui.compare.error_layer import ErrorLayer
from napari_emseg.ui.compare.error_list import ErrorList
from napari_emseg.ui.compare.error_navigation import ErrorNavigation
from napari_emseg.ui.compare.fields import CompareFields
from napari_emseg.ui.compare.paired_test import PairedTest
from napari_emseg.ui.compare.score_export import ScoreExport
from napari_emseg.ui.compare.score_page import ScorePage
from napari_emseg.ui.compare.scorer import Comparing
from napari_emseg.ui.compare.training_runs import Runs
from napari_emseg.ui.compare.views import CompareViews
from napari_emseg.ui.painting.recovery_row import RecoveryOffer
from napari_emseg.ui.viewer.layer_observer import LayerObserver
from napari_emseg.ui.viewer.layers import current_slice
from napari_emseg.ui.widgets.figure_widget import load_matplotlib, load_soon
from napari_emseg.ui.widgets.notify import show_error
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember
from napari_emseg.ui.widgets.scroll_page import Page

if TYPE_CHECKING:
    import napari.viewer

_TOP_PX, _SIDE_PX = 6, 4
_NARROWEST_PX = 340
"""At which all tabs, and the columns of the errors, are to be seen."""

_SOON_MS = 30
"""Over which slices, strokes and steps of the slider are gathered into one comparison."""

_BUSY_MS = 400
"""Between two fillings of the tables while slices come one after another."""


class CompareWidget(QWidget):
    """Compare a prediction with a truth, or two predictions with one another.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    comparing, second : Comparing
        The prediction and the second prediction, and what is known of them.
    fields, views, errors, scores, against, runs
        The parts, each in a module of its own.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._is_closed = False
        self._make_parts()
        self._lay_out()
        self._connect()
        load_matplotlib()
        self._begin_soon.start(0)
        self.runs.look()
        self.recovery.look()
        spare_the_window(viewer, self)

    # -- parts -----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        viewer = self._viewer
        self.fields, self.recovery = CompareFields(viewer), RecoveryOffer(viewer)
        self.views = CompareViews(viewer, self.fields)
        self.error_layer = ErrorLayer(viewer, self._on_layer_removed)
        self.comparing = Comparing(self.error_layer.put, self)
        self.second = Comparing(lambda *_: None, self)
        self._guide = ErrorNavigation(viewer, lambda: self.comparing.pair)
        self.run = RunRow(
            PushButton(
                text="Score all slices",
                tooltip="Scores, errors and the sweep over thresholds of every labelled slice.",
            ),
            "Stop; what is scored so far is kept.",
        )
        self.scores, self.errors = ScorePage(viewer.theme), ErrorList()
        self.export = ScoreExport(self.comparing, self.fields, Latest(self))
        self.against, self.runs = PairedTest(), Runs(viewer.theme)
        self._watched = LayerObserver(self._look_soon, self._begin_again)
        self._begin_soon, self._looking = later(self, self._begin), later(self, self._look)
        self._showing = later(self, self._show_results)
        remember(
            {"errors": self.views.errors, "piece_radius_px": self.fields.piece_radius}, "compare"
        )

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.addTab(Page(self.fields.form.native), "Layers")
        self.tabs.addTab(Page(self.scores, self.export), "Scores")
        self.tabs.addTab(Page(self.errors), "Errors")
        self.tabs.addTab(Page(self.against), "Against")
        self.tabs.addTab(Page(self.runs), "Trainings")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_SIDE_PX, _TOP_PX, _SIDE_PX, 0)
        self.setMinimumWidth(_NARROWEST_PX)
        layout.addWidget(self.recovery.native)
        layout.addWidget(self.views)
        layout.addWidget(self.run.native)
        layout.addWidget(self.tabs, stretch=1)

    def _connect(self) -> None:
        viewer, fields = self._viewer, self.fields
        fields.chosen.connect(self._begin_again)
        fields.second.changed.connect(self._forget_second)
        for field in (fields.threshold, fields.piece_radius):
            field.changed.connect(self._look_soon)
        self.views.errors.changed.connect(self._show_errors)
        self.run.start.changed.connect(self._score_all)
        self.run.stop.changed.connect(self._stop)
        for known in (self.comparing.results, self.second.results):
            known.changed.connect(self._show_soon)
        for comparing in (self.comparing, self.second):
            comparing.moved.connect(self._show_progress)
            comparing.ended.connect(self._show_end)
            comparing.failed.connect(self._show_problem)
        self.scores.table.picked.connect(self._guide.go_to_slice)
        self.against.table.picked.connect(self._guide.go_to_slice)
        self.against.wanted.connect(self._score_both)
        self.errors.picked.connect(self._guide.go_to_error)
        viewer.dims.events.current_step.connect(self._look_soon)
        viewer.events.theme.connect(self._show_theme)
        WhenClosed(self, self._close)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now, by their names; napari calls this."""
        self.fields.reset_choices()

    # -- what is compared ------------------------------------------------------------------

    def _begin_again(self) -> None:
        self._begin_soon.start(0)

    def _begin(self) -> None:
        """Other layers, or another meaning."""
        fields = self.fields
        self._watched.watch(fields.prediction.value, fields.truth.value)
        fields.take_threshold()
        self._forget_second()
        try:
            self.comparing.begin(fields.pair())
        except EmsegError as error:
            self.comparing.begin(None)
            self.error_layer.remove()
            self.run.show_idle(str(error))
        else:
            self.run.show_idle("")
        self._look_soon()

    def _forget_second(self) -> None:
        self.second.begin(None)

    def _look_soon(self) -> None:
        if not self._looking.isActive():
            self._looking.start(_SOON_MS)

    def _look(self) -> None:
        """Compare the slice that is seen, as all is now."""
        here = self._here
        if here is not None:
            self.comparing.look_at(here, self.fields.config)
        self._show_soon()

    @property
    def _here(self) -> int | None:
        """The slice that is seen, where it can be compared."""
        pair = self.comparing.pair
        if pair is None:
            return None
        try:
            z = current_slice(self._viewer, pair.prediction)
        except EmsegError:  # the viewer shows a place beside the layer
            return None
        return z if z in pair.slices else None

    def _score_all(self) -> None:
        if self.comparing.pair is None:
            self._begin()
            show_error(self.run.message.value)
            return
        self.comparing.score_all(self.fields.config)

    def _score_both(self) -> None:
        try:
            pair = self.fields.second_pair()
        except EmsegError as error:
            show_error(str(error))
            return
        load_soon("scipy.stats")  # for the test, which comes when both are scored
        self._score_all()
        self.second.begin(pair)
        self.second.score_all(self.fields.config)

    def _stop(self) -> None:
        self.second.stop()
        self.comparing.stop()

    def _show_soon(self) -> None:
        if not self._showing.isActive():
            self._showing.start(_BUSY_MS if self._is_running else _SOON_MS)

    @property
    def _is_running(self) -> bool:
        return self.comparing.is_running or self.second.is_running

    # -- what the person sees --------------------------------------------------------------

    def _show_results(self) -> None:
        config, results, here = self.fields.config, self.comparing.results, self._here
        known = results.at(config)
        self.scores.show_results(results, config, here)
        self.export.setEnabled(bool(known))
        placed = [(z, error) for z, each in known.items() for error in each.errors]
        self.errors.show_errors(placed, here)
        self._show_against()

    def _show_against(self) -> None:
        fields, config = self.fields, self.fields.config
        if self.second.pair is not None:
            first, second = (
                {z: each.scores for z, each in comparing.results.at(config).items()}
                for comparing in (self.comparing, self.second)
            )
            names = fields.prediction.value.name, self.second.pair.prediction.name
            self.against.show_scores(first, second, names)

    def _show_progress(self, done: int, total: int) -> None:
        if total > 1:
            self.run.show_running(f"{done} of {total} slices", done / total)

    def _show_end(self, message: str) -> None:
        if message:
            show_error(message)
        if not self._is_running:
            self._show_results()
            self.run.show_idle(message)

    def _show_problem(self, message: str) -> None:
        self.run.show_idle(message)

    def _show_errors(self, shown: str) -> None:
        self.error_layer.show(shown)
        self._look_soon()

    def _show_theme(self) -> None:
        for plot in (self.scores.plot, self.runs.plot):
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
        viewer.dims.events.current_step.disconnect(self._look_soon)
        viewer.events.theme.disconnect(self._show_theme)
        self._watched.watch()
        self._begin_soon.stop()
        self._looking.stop()
        self._showing.stop()
        self.comparing.close()
        self.second.close()
        for part in (
            self.export,
            self.views,
            self.error_layer,
            self.runs,
            self._guide,
            self.recovery,
        ):
            part.stop()
