"""What a person is asked of a model that others have made, before it is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_emseg.core.config.foreign import ForeignConfig
from napari_emseg.model.foreign.arrival import import_model
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.widgets.forms import field_for, form_of

_OF_A_PACKAGE = ("shows", "channel", "activation", "pixel_nm", "threshold")
"""What the description of a package may leave open, or have otherwise."""

_ONLY_WITH = {
    "min_percentile": "scale_range",
    "max_percentile": "scale_range",
    "gain": "scale_linear",
}
"""Fields that are of one way to take grey values."""

_TRYING = "Trying it ..."
_WIDTH_PX = 560


class ForeignDialog(QDialog):
    """Says what a model of others is, asks for what nobody says of it, and imports it.

    It is tried beside the window; what is wrong stands below the fields, which can be changed then.

    Parameters
    ----------
    parent : QWidget
        The dialog ends with it, and looks like it.
    source : Path
        The model.
    name : str
        What it is to be called.
    said : str
        What it says of itself.
    package : ModelPackage
        It as a package of ours, which was not tried; it may be gone later.
    imported : callable
        Called with the name once it is in the library.
    """

    def __init__(
        self,
        parent: QWidget,
        source: Path,
        name: str,
        said: str,
        package: ModelPackage,
        imported: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import a model of others")
        self._source, self._name, self._imported = source, name, imported
        self._is_bare = source.suffix.lower() == ".onnx"
        self.fields = {
            each.name: field_for(ForeignConfig, each.name, narrow=True)
            for each in ForeignConfig.settings()
            if self._is_bare or each.name in _OF_A_PACKAGE
        }
        self._take(package)
        self._as_described = self._values()
        self._lane = QtExecutor(self).lane("import")
        self.finished.connect(lambda _: self._lane.stop())
        self._lay_out(said)

    def _take(self, package: ModelPackage) -> None:
        """Fill in what is described."""
        info, network = package.info, package.info.network
        voxel = info.voxel_size_nm
        found = {
            "shows": getattr(network, "shows", "unknown"),
            "channel": getattr(network, "channel", 0) + 1,
            "pixel_nm": 0.0 if voxel is None else voxel[1],
            "threshold": info.threshold,
        }
        for each, value in found.items():
            self.fields[each].value = value

    def _lay_out(self, said: str) -> None:
        self.about, self.message = QLabel(said), QLabel("")
        for label in (self.about, self.message):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)  # strangers have written some of it
        question = QLabel(f"Import this model as {self._name!r}? It is tried before.")
        question.setTextFormat(Qt.TextFormat.PlainText)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Cancel)
        self.bring = QPushButton("Import")
        buttons.addButton(self.bring, QDialogButtonBox.ButtonRole.ActionRole)
        self.bring.clicked.connect(self._import)
        buttons.rejected.connect(self.reject)
        self._form = form_of([*self.fields.values()])
        layout = QVBoxLayout(self)
        for each in (self.about, self._form.native, question, self.message, buttons):
            layout.addWidget(each)
        self.setMinimumWidth(_WIDTH_PX)
        for each in ("shows", "normalisation"):
            if each in self.fields:
                self.fields[each].changed.connect(self._show_fields)
        self._show_fields()

    def _show_fields(self) -> None:
        """Show those that count; nothing is imported before it is known what the output shows."""
        for each, way in _ONLY_WITH.items():
            if each in self.fields:
                self.fields[each].visible = self.fields["normalisation"].value == way
        self.bring.setEnabled(self.fields["shows"].value != "unknown")
        self.bring.setToolTip("" if self.bring.isEnabled() else "Say what the output shows.")

    def _values(self) -> dict[str, Any]:
        return {each: field.value for each, field in self.fields.items()}

    @property
    def described(self) -> dict[str, Any]:
        """What a person says of the model; of a package what is other than it says."""
        now = self._values()
        if self._is_bare:
            return now
        return {each: value for each, value in now.items() if value != self._as_described[each]}

    def _import(self) -> None:
        self.bring.setEnabled(False)
        self.message.setText(_TRYING)
        described = self.described
        self._lane.latest(
            lambda: import_model(self._source, self._name, **described),
            lambda _: self._end(),
            self._refuse,
        )

    def _end(self) -> None:
        self.accept()
        self._imported(self._name)

    def _refuse(self, message: str) -> None:
        self.message.setText(message)
        self.bring.setEnabled(True)
