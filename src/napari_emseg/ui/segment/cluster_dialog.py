"""A small window that sends a stack to a cluster, and says how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import CheckBox, ComboBox, Container, LineEdit, PushButton
from napari.layers import Layer
from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QDialog, QFileDialog, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.engine.jobs import BlocksJob, SegmentJob
from napari_emseg.errors import EmsegError
from napari_emseg.session.segment.cluster import ClusterSession, Phase
from napari_emseg.types import What
from napari_emseg.ui.stacks.open_row import STACK_FILES
from napari_emseg.ui.widgets.buttons import button
from napari_emseg.ui.widgets.forms import field_for, form_of, row_of
from napari_emseg.ui.widgets.notify import show_error, show_failure
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.io.napari_reader import LayerData

_SIZE = (640, 520)
_ABOUT = (
    "In blocks, by the workers of a Dask cluster, or by several processes of this machine; model, "
    "device, slices and how cells are made are those of the dock. A run that was stopped goes on "
    "when it is sent again."
)


class ClusterDialog(QDialog):
    """Asks for a stack, a place and a cluster; shows the result as it grows.

    The run goes on when the dialog is closed, and ends with the dock.

    Parameters
    ----------
    parent : QWidget
        The dialog ends with it, and looks like it.
    viewer : ViewerModel
        Which gets the result.
    session : ClusterSession
        Sends.
    planned : callable
        Gives the job that the dock's fields describe, without an output; raises `EmsegError`.
    """

    def __init__(
        self, parent: QWidget, viewer: ViewerModel, session: ClusterSession,
        planned: Callable[[], SegmentJob],
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle("Segment on a cluster")
        self._viewer, self.session, self._planned = viewer, session, planned
        self._layer: Layer | None = None
        self._suggested = ("", "")
        self._make_fields()
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setAccessibleName("What was said of the run")
        self.dashboard = button(
            "Dask's dashboard ...",
            "What each worker does, in a browser, while the run goes on.",
            lambda: QDesktopServices.openUrl(QUrl(self.session.dashboard)),
        )
        self.send = PushButton(text="Send", tooltip="Have the stack segmented in blocks.")
        self.status = RunRow(self.send, "Stop; finished blocks are kept.", "Segment on a cluster")
        about = QLabel(_ABOUT)
        about.setWordWrap(True)
        layout = QVBoxLayout(self)
        for each in (
            about, self.form.native, self.status.native, self.dashboard, self.log,
        ):  # fmt: skip
            layout.addWidget(each)
        self.resize(*_SIZE)
        self._connect()
        self._draw()

    def _make_fields(self) -> None:
        self.stack = LineEdit(
            label="Stack",
            tooltip="Path or address that all workers reach, such as /lab/raw.zarr or "
            "s3://lab/raw.zarr; at first the file of the image in the dock.",
        )
        self.out = LineEdit(
            label="Save to",
            tooltip="An OME-Zarr that all workers reach: /lab/out.zarr, s3://lab/out.zarr, or "
            "labels in an image, /lab/raw.zarr::labels/cells.",
        )
        self.what = ComboBox(
            label="Result", choices=get_args(What), value="cells",
            tooltip="What is written. cells: ids through the volume.",
        )  # fmt: skip
        self.scheduler = field_for(BlocksConfig, "scheduler")
        self.scheduler.native.setPlaceholderText("tcp://HOST:8786")
        self.scheduler_file = field_for(BlocksConfig, "scheduler_file")
        self.workers = field_for(BlocksConfig, "workers")
        self.overwrite = CheckBox(
            label="Overwrite", tooltip="Replace what is there, and begin anew."
        )
        self.form = form_of([
            _with_buttons("Stack", self.stack, {
                "File ...": self._choose_file, "Folder ...": self._choose_folder,
            }),
            _with_buttons("Save to", self.out, {"Browse ...": self._choose_out}),
            self.what, self.scheduler, self.scheduler_file, self.workers, self.overwrite,
        ])  # fmt: skip
        lasting = {
            "scheduler": self.scheduler, "scheduler_file": self.scheduler_file,
            "workers": self.workers,
        }  # fmt: skip
        remember(lasting, "cluster")

    def _connect(self) -> None:
        session = self.session
        self.send.changed.connect(self._send)
        self.status.stop.changed.connect(session.stop)
        for event in (
            session.events.phase, session.events.message, session.events.done,
            session.events.dashboard,
        ):  # fmt: skip
            event.connect(self._draw)
        session.events.log.connect(self._show_log)
        session.opened.connect(self._open)
        session.grown.connect(self._grow)
        session.failed.connect(show_failure)

    # -- actions ---------------------------------------------------------------------------

    def look(self) -> None:
        """Show the dialog, with what the dock's fields say now; what a person typed stays."""
        try:
            planned = self._planned()
        except EmsegError as error:
            show_error(str(error))
            return
        if (self.stack.value, self.out.value) == self._suggested and not self.is_busy:
            source = "" if planned.source == Path() else str(planned.source)
            self._suggested = source, _beside(source, planned.what)
            self.stack.value, self.out.value = self._suggested
            self.what.value = planned.what
        self.show()
        self.raise_()
        self.activateWindow()

    @property
    def is_busy(self) -> bool:
        """Whether a run goes on."""
        return self.session.phase is not Phase.IDLE

    def stop(self) -> None:
        """Let the session go; layers stay."""
        self.session.events.disconnect()
        self.session.close()
        self.status.end()

    def _send(self) -> None:
        try:
            shared = BlocksConfig(
                workers=self.workers.value, scheduler=self.scheduler.value.strip(),
                scheduler_file=self.scheduler_file.value.strip(),
            )  # fmt: skip
            planned = self._planned()
        except EmsegError as error:
            show_error(str(error))
            return
        anew = self.overwrite.value
        self.overwrite.value, self._layer = False, None
        job = replace(
            planned, source=Path(self.stack.value.strip()), out=self.out.value.strip(),
            what=self.what.value, overwrite=anew, resume=not anew,
        )  # fmt: skip
        self.session.send(BlocksJob(job, shared))

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "The stack", "", STACK_FILES)
        self.stack.value = chosen or self.stack.value

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "The zarr, or folder of slices")
        self.stack.value = chosen or self.stack.value

    def _choose_out(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Where the result goes", self.out.value, "OME-Zarr (*.zarr)"
        )
        if chosen:
            self.out.value = chosen if chosen.endswith(".zarr") else f"{chosen}.zarr"

    # -- what comes back -------------------------------------------------------------------

    def _draw(self) -> None:
        session = self.session
        self.dashboard.setEnabled(bool(session.dashboard))
        if session.phase is Phase.IDLE:
            self.status.show_idle(session.message)
            return
        self.status.show_running(session.message, session.done)
        if session.phase is Phase.STOPPING:
            self.status.show_stopping()

    def _show_log(self) -> None:
        self.log.setPlainText("\n".join(self.session.log))

    def _open(self, made: LayerData) -> None:
        self._layer = self._viewer.add_layer(Layer.create(*made))

    def _grow(self) -> None:
        if self._layer is not None and self._layer in self._viewer.layers:
            self._layer.refresh(extent=False)


def _with_buttons(
    label: str, field: LineEdit, choices: Mapping[str, Callable[[], None]]
) -> Container[Any]:
    buttons = [PushButton(text=each, tooltip="Choose a path of this machine.") for each in choices]
    for each, choose in zip(buttons, choices.values(), strict=True):
        each.changed.connect(choose)
    row = row_of(field, *buttons)
    row.label = label
    row.native.layout().setStretch(0, 1)
    return row


def _beside(source: str, what: str) -> str:
    """Where a result may go: beside the stack."""
    if not source:
        return ""
    folder, slash, name = source.rpartition("/")
    return f"{folder}{slash}{name.partition('::')[0].removesuffix('.zarr')}-{what}.zarr"
