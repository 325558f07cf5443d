"""The dock *Segment*: one click, and a slice, a stack or several stacks are segmented."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from psygnal import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.slices import parse_slices
from napari_emseg.engine.jobs import SegmentJob
from napari_emseg.errors import EmsegError, SettingError
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.session.prediction.prediction import PredictionSettings
from napari_emseg.session.prediction.shown import ShownPrediction, nearest_first
from napari_emseg.session.segment.cluster import ClusterSession
from napari_emseg.session.segment.cost import NO_IMAGE, Question
from napari_emseg.session.segment.session import Phase, SegmentSession
from napari_emseg.session.workspace import library_events
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.background.garbage import spare_the_window
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.docking.close_guard import AskBeforeClosing, ask
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.docking.dock_tabs import TabWithOthers
from napari_emseg.ui.docking.focus_ring import FocusRing
from napari_emseg.ui.help.welcome import Welcome
from napari_emseg.ui.models.dialog import ModelsDialog
from napari_emseg.ui.painting.recovery_row import RecoveryOffer
from napari_emseg.ui.prediction.layer_legend import LayerLegend
from napari_emseg.ui.prediction.reopened import take_up_saved
from napari_emseg.ui.prediction.source_image import LayerImage
from napari_emseg.ui.project.save_button import SaveButton
from napari_emseg.ui.segment.buttons import SegmentButtons
from napari_emseg.ui.segment.cluster_dialog import ClusterDialog
from napari_emseg.ui.segment.fields import SegmentFields
from napari_emseg.ui.viewer.layers import (
    file_of,
    seen_slice,
    selected_images,
    visible_region,
)
from napari_emseg.ui.viewer.predictions import ALL_KINDS, newest_prediction
from napari_emseg.ui.viewer.slice_in_view import SliceFollower
from napari_emseg.ui.viewer.workspace import workspace_of
from napari_emseg.ui.widgets.notify import show_failure, show_warning
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.scroll_page import TOP_PX, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import napari.viewer
    from napari.layers import Image

    from napari_emseg.core.segment.tiling import Region
    from napari_emseg.session.prediction.layers import SourceImage
    from napari_emseg.types import What

_WITHOUT_HARM = (Phase.IDLE, Phase.FOLLOWING)
"""When the dock can be closed: cells are followed again by the next one."""

_CLOSING = {
    "dock": (
        "Close the dock and stop segmenting?", "Finished slices are kept.", "Stop",
        "Go on segmenting",
    ),
    "napari": (
        "Close napari and stop segmenting?", "What is not saved is lost.", "Close napari",
        "Go on segmenting",
    ),
}  # fmt: skip


class SegmentWidget(QWidget):
    """Segment image layers with a model, in the worker process.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    ended : psygnal.Signal
        Emitted when all that a click asked for has ended, with the last event of the last stack.
    session : SegmentSession
        What is being segmented, and how far it is.
    fields : SegmentFields
        What is segmented, by what and how.
    buttons : SegmentButtons
        How much is segmented.
    save : SaveButton
        Saves what was made, or the project.
    status : RunRow
        Those buttons, and how far it is.
    legend : LayerLegend
        Names of the classes of the layer that is seen.
    recovery : RecoveryOffer
        Painted labels that can be restored.
    models : ModelsDialog
        Lists the models.
    cluster : ClusterDialog
        Sends a stack to a cluster.
    welcome : Welcome
        Opens a stack, while there is no image.
    """

    ended = Signal(object)
    _looked_at: object = None

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._runner, self._workspace = job_runner(), workspace_of(viewer)
        self.session = SegmentSession(self._runner, QtExecutor(self), self._workspace)
        self.fields, self.buttons = SegmentFields(viewer), SegmentButtons()
        self.status = RunRow(
            self.buttons,
            "Stop; finished slices are kept, and cells that are linked from slice to slice.",
            "Segment",
        )
        self.save = SaveButton(viewer, self._made)
        self.recovery = RecoveryOffer(viewer)
        self.legend = LayerLegend(viewer)
        self.welcome = Welcome(viewer)
        self.models = ModelsDialog(self)
        cluster = ClusterSession(self._runner, QtExecutor(self))
        self.cluster = ClusterDialog(self, viewer, cluster, self._planned)
        self._lay_out()
        self._connect()
        self._draw()
        self.fields.take_rules_of_model()
        self.reset_choices()
        self._look()
        self.session.ask_devices()
        self.recovery.look()
        spare_the_window(viewer, self)

    @property
    def prediction(self) -> ShownPrediction | None:
        """What is, or was last, worked on."""
        return self.session.prediction

    @property
    def project_fields(self) -> dict[str, Any]:
        """What a project brings back."""
        fields = self.fields
        return {
            "image": fields.image, "model": fields.model, "device": fields.device,
            "result": fields.result, "threshold": fields.threshold,
            "smallest_cell": fields.smallest_cell, "least_slices": fields.least_slices,
            "merging": fields.merging, "link": fields.link,
            "fill_membranes": fields.fill_membranes,
            "smallest_cell_um3": fields.smallest_volume,
            "tta": fields.tta, "exact": fields.exact, "slices": fields.slices,
        }  # fmt: skip

    def _made(self) -> list[Any]:
        """The layers of the newest prediction, for saving."""
        image = self.fields.image.value
        return [newest_prediction(self._viewer, image, [kind]) for kind in ALL_KINDS]

    # -- parts -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """The fields scroll; the buttons, and how far it is, are always to be seen."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, TOP_PX, 0, 0)
        fields = Page(
            self.recovery.native, self.welcome, self.fields.form.native, self.legend.widget,
            self.fields.pixels,
        )  # fmt: skip
        layout.addWidget(fields, stretch=1)
        self.status.native.layout().addWidget(self.save)
        layout.addWidget(self.status.native)

    def _connect(self) -> None:
        viewer, fields, session = self._viewer, self.fields, self.session
        self.buttons.current.changed.connect(self.segment_current_slice)
        self.buttons.visible_part.changed.connect(self.segment_visible_part)
        self.buttons.whole.changed.connect(self.segment_whole_stack)
        self.buttons.selected.changed.connect(self.segment_selected_layers)
        self.status.stop.changed.connect(session.stop)
        for field in (
            fields.result, fields.threshold, fields.smallest_cell, fields.least_slices,
            fields.merging, fields.smallest_volume, fields.link, fields.fill_membranes,
        ):  # fmt: skip
            field.changed.connect(self._apply_fields)
        fields.image.changed.connect(self._look)
        fields.model.changed.connect(self._look_at_model)
        fields.stack.changed.connect(self._look_at_stack)
        fields.membranes.changed.connect(session.source.choose_membranes)
        for field in (
            fields.device, fields.tta, fields.exact,
            fields.membranes, fields.pixel_size, fields.scale,
        ):  # fmt: skip
            field.changed.connect(self._ask)
        fields.model.changed.connect(fields.take_rules_of_model)
        fields.slices.changed.connect(self._count)
        fields.slices.changed.connect(self.buttons.name_whole)
        fields.models.changed.connect(self.models.look)
        self.buttons.cluster.changed.connect(self.cluster.look)
        for event in (session.events.phase, session.events.message, session.events.done):
            event.connect(self._draw)
        session.events.taken_for.connect(self._show_source)
        session.events.devices.connect(fields.offer_devices)
        session.failed.connect(show_failure)
        session.warned.connect(show_warning)
        session.ended.connect(self.ended.emit)
        library_events.added.connect(fields.offer_models)
        library_events.changed.connect(fields.offer_models)
        self._workspace.chosen.connect(fields.choose_model)
        self._closing = AskBeforeClosing(
            self,
            lambda: session.phase not in _WITHOUT_HARM or self.cluster.is_busy,
            lambda what: ask(self, *_CLOSING[what]),
        )
        selected = viewer.layers.selection.events.changed
        self._view = SliceFollower(viewer, self._look_again, selected)
        TabWithOthers(self)
        FocusRing(self)
        WhenClosed(self, self._close)

    def reset_choices(self, event: object = None) -> None:
        """Offer the layers that there are now; napari calls this."""
        self.fields.images.look()
        self.fields.form.reset_choices()
        self.welcome.setVisible(self.fields.image.value is None)
        is_gone = getattr(event, "type", "") == "removed" and self.session.forget_removed()
        take_up_saved(self._viewer)
        self._take_up()
        if self.fields.image.value is not self._looked_at:  # the field does not tell of its last
            self._look()
        if self.fields.image.value is None:
            self.session.say_idle(NO_IMAGE)
        elif is_gone:
            self._ask()

    def _take_up(self) -> None:
        """Have the fields work on what was segmented before this dock, and show how it was made."""
        image = self.fields.image.value
        found = None if image is None else self.session.take_up(self.fields.stack.plain(image))
        if found is not None:
            self.fields.show_rules(*found.rules)

    def _look_again(self) -> None:
        """What was refused of the view before, or without a selection, may be possible now."""
        if self.session.forget_refusal():
            self._ask()

    def _close(self) -> None:
        library_events.added.disconnect(self.fields.offer_models, missing_ok=True)
        library_events.changed.disconnect(self.fields.offer_models, missing_ok=True)
        self._workspace.chosen.disconnect(self.fields.choose_model, missing_ok=True)
        self.session.events.disconnect()
        self.session.close()
        self.cluster.stop()
        self.legend.stop()
        self.fields.stack.stop()
        self._view.stop()
        self.status.end()
        self.recovery.stop()

    # -- what a click would take -----------------------------------------------------------

    @property
    def _question(self) -> Question | None:
        fields = self.fields
        if fields.model.value is None:
            return None
        return Question(
            str(fields.model.value.folder), fields.device.value, fields.config,
            _shape_of(self._source), fields.slices.value,
            None if self._source is None else self._source.voxel_size_nm,
            fields.network_voxel_size_nm,
        )  # fmt: skip

    @property
    def _source(self) -> LayerImage | None:
        """The image that is chosen, or the stack of it."""
        image = self.fields.image.value
        return None if image is None else LayerImage(self._viewer, self.fields.stack.plain(image))

    def _look(self) -> None:
        """Another image or model is chosen."""
        image = self.fields.image.value
        if image is not self._looked_at:
            self._looked_at = image
            self.fields.forget_pixels()
            self.session.source.choose_membranes("auto")
        self.fields.stack.look()
        self._take_up()
        self._look_at_stack()

    def _look_at_model(self) -> None:
        """Another model is chosen, which may be for another level."""
        self.fields.stack.offer()
        self._look_at_stack()

    def _look_at_stack(self) -> None:
        self.session.source.look(self._source)
        self._ask()

    def _ask(self) -> None:
        self.session.estimator.ask(self._question)

    def _count(self) -> None:
        self.session.estimator.count(self._question)

    # -- actions ---------------------------------------------------------------------------

    def segment_current_slice(self) -> None:
        """Segment the slice that the viewer shows."""
        self._segment_chosen(self._current)

    def segment_visible_part(self) -> None:
        """Segment what the canvas shows of the current slice."""
        image = self.fields.image.value
        try:
            region = None if image is None else self._visible_part(image)
        except EmsegError as error:
            self.session.refuse(str(error))
        else:
            self._segment_chosen(self._current, region)

    def _visible_part(self, image: Image) -> Region:
        return visible_region(self._viewer, self.fields.stack.plain(image), image)

    def segment_whole_stack(self) -> None:
        """Segment all slices that are wanted, beginning at the one that the viewer shows."""
        self._segment_chosen(
            lambda image: nearest_first(self.fields.slices_of(image.shape[0]), image.here)
        )

    def segment_selected_layers(self) -> None:
        """Segment all slices of every image that is selected in the layer list."""
        images = selected_images(self._viewer)
        if not images:
            self.session.refuse(
                "Selected layers: expected at least one image, received none; click on images in "
                "the layer list, with Ctrl on several."
            )
            return
        self._begin(images, lambda image: nearest_first(range(image.shape[0]), image.here))

    def _current(self, image: SourceImage) -> list[int]:
        layer: Any = image.layer
        return [seen_slice(self._viewer, layer)]

    def _segment_chosen(
        self, slices_of: Callable[[SourceImage], list[int]], region: Region | None = None
    ) -> None:
        if self.fields.image.value is None:
            self.session.refuse("Image: open or choose an image layer first.")
        else:
            self._begin([self.fields.image.value], slices_of, region)

    def _begin(
        self,
        images: Sequence[Image],
        slices_of: Callable[[SourceImage], list[int]],
        region: Region | None = None,
    ) -> None:
        fields = self.fields
        try:
            settings = self._settings(region)
        except EmsegError as error:
            self.session.refuse(str(error))
            return
        self.session.segment(
            [LayerImage(self._viewer, fields.stack.put_plain(image)) for image in images],
            slices_of, settings, fields.rules,
        )  # fmt: skip

    def _planned(self) -> SegmentJob:
        """What the fields ask for, of the file of the image, where that has one."""
        fields, image = self.fields, self.fields.image.value
        settings, rules = self._settings(), fields.rules
        wanted = fields.slices.value.strip()
        what: What = cast("What", "cells" if "cells" in rules.kinds else rules.kinds[0])
        return SegmentJob(
            Path() if image is None else Path(file_of(image)), "",
            what, str(settings.package.folder), parse_slices(wanted) if wanted else None,
            settings.device, settings.config, rules.mask, rules.cells,
        )  # fmt: skip

    def _settings(self, region: Region | None = None) -> PredictionSettings:
        """By what is segmented.

        Raises
        ------
        SettingError
            If there is no model.
        """
        fields = self.fields
        if fields.model.value is None:
            raise SettingError(
                f"Model: none is installed; the model {DEFAULT!r} ships in the wheel."
            )
        return PredictionSettings(fields.model.value, fields.device.value, fields.config, region)

    def _apply_fields(self) -> None:
        self.session.apply(self.fields.rules)

    # -- what the person sees --------------------------------------------------------------

    def _show_source(self, said: str) -> None:
        self.fields.taken_for.value = said

    def _draw(self) -> None:
        session = self.session
        if session.phase is Phase.IDLE:
            self.status.show_idle(session.message)
            return
        self.status.show_running(session.message, session.done)
        if session.phase is Phase.STOPPING:
            self.status.show_stopping()
        elif session.phase is Phase.FOLLOWING:
            self.status.let_start()


def _shape_of(image: LayerImage | None) -> tuple[int, int, int] | None:
    """Of an image, where one is chosen that can be segmented."""
    try:
        return None if image is None else image.shape
    except EmsegError:
        return None
