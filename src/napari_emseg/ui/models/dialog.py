"""A small window with the models that a person has: figures, and what may be done with them."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_emseg.errors import EmsegError
from napari_emseg.model.foreign.arrival import import_model, opened_model
from napari_emseg.model.packages.introduction import introduction
from napari_emseg.model.packages.library import (
    export_model,
    free_name,
    list_models,
    name_of_source,
    remove_model,
    rename_model,
)
from napari_emseg.model.packages.package import DESCRIPTIONS, RDF, ModelPackage
from napari_emseg.session.models.summary import ModelSummary
from napari_emseg.session.words import V_RAND
from napari_emseg.session.workspace import library_events
from napari_emseg.ui.docking.close_guard import ask
from napari_emseg.ui.models.foreign_dialog import ForeignDialog
from napari_emseg.ui.widgets.buttons import ask_for_path, button
from napari_emseg.ui.widgets.table import Cell, Column, Table, figure

_FILES = f"*.zip *.onnx {' '.join(DESCRIPTIONS)}"
_IMPORT = (
    f"Add a model from a zip file, or from its folder: choose the {RDF} in it. Also one of others, "
    "in the bioimage.io form with ONNX weights, or an ONNX file alone."
)
_SIZE = (860, 520)
_COLUMNS = (
    Column("Model", "What it is called in your library."),
    Column("V_rand", V_RAND),
    Column("Measured on", "What that was measured on; figures of other slices do not compare."),
    Column("Made", "The day."),
    Column("Went on from", "The model that it learned on from."),
    Column("Learned from", "The stack, and how many of its slices."),
    Column("Voxel size", "Of that stack."),
)


class ModelsDialog(QDialog):
    """Lists models; renames, removes, imports and exports the chosen one.

    Parameters
    ----------
    parent : QWidget
        The dialog ends with it, and looks like it.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.table = Table("Models", _COLUMNS, rows_shown=6)
        self.rename = button("Rename ...", "Call the chosen model otherwise.", self._rename)
        self.remove = button("Remove ...", "Delete the chosen model; asks first.", self._remove)
        self.export = button("Export ...", "Save the chosen model as a zip file.", self._export)
        self.bring = button("Import ...", _IMPORT, self._import)
        self.about, self.message = QLabel(""), QLabel("")
        for label in (self.about, self.message):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)  # strangers have written some of it
        row = QHBoxLayout()
        for each in (self.rename, self.remove, self.export, self.bring):
            row.addWidget(each)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(self.about)
        layout.addWidget(self.message)
        layout.addLayout(row)
        self.resize(*_SIZE)
        self.table.picked.connect(self._show_choice)

    def look(self) -> None:
        """Show what there is now."""
        self._list()
        self.show()
        self.raise_()
        self.activateWindow()

    def _list(self) -> None:
        self._models = {each.name: each for each in map(ModelSummary.of, list_models())}
        self.table.show_rows({name: _cells(each) for name, each in self._models.items()})
        self._show_choice()

    def _show_choice(self, _: object = None) -> None:
        chosen = self._chosen
        self.export.setEnabled(chosen is not None)
        for each in (self.rename, self.remove):
            each.setEnabled(chosen is not None and not chosen.is_shipped)
        self.about.setText("" if chosen is None else "\n".join(chosen.introduction))

    @property
    def _chosen(self) -> ModelSummary | None:
        return self._models.get(self.table.chosen)

    # -- actions ---------------------------------------------------------------------------

    def _rename(self) -> None:
        if (chosen := self._chosen) is not None:
            name, wanted = QInputDialog.getText(
                self, "Rename", "What the model is to be called:", text=chosen.name
            )
            name = name.strip()
            if wanted and name != chosen.name:
                self._do(lambda: rename_model(chosen.name, name), "Renamed.")
                self.table.choose(name)
                self._show_choice()

    def _remove(self) -> None:
        chosen = self._chosen
        if chosen is not None and ask(
            self, f"Remove the model {chosen.name!r}?", "It is deleted from your library.",
            "Remove", "Keep",
        ):  # fmt: skip
            self._do(lambda: remove_model(chosen.name), f"{chosen.name!r} is removed.")

    def _export(self) -> None:
        if (chosen := self._chosen) is not None:
            out = ask_for_path(self, "Export", f"{chosen.name}.zip", "Model (*.zip)")
            if out is not None:
                out = out if out.suffix else out.with_suffix(".zip")
                self._do(lambda: export_model(chosen.name, out, overwrite=True), f"Saved {out}.")

    def _import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import", "", f"Model ({_FILES})")
        if path:
            name = free_name(name_of_source(Path(path)))
            try:
                with opened_model(path) as package:
                    said = "\n".join(introduction(package))
                    if package.info.is_foreign:
                        self._ask_of_others(Path(path), name, said, package)
                        return
            except EmsegError as error:
                self.message.setText(str(error))
                return
            if ask(self, f"Import this model as {name!r}?", said, "Import", "Cancel"):
                self._do(lambda: import_model(path, name), _imported(name))

    def _ask_of_others(self, path: Path, name: str, said: str, package: ModelPackage) -> None:
        self.of_others = ForeignDialog(self, path, name, said, package, self._show_imported)
        self.of_others.open()

    def _show_imported(self, name: str) -> None:
        self._do(lambda: None, _imported(name))

    def _do(self, act: Callable[[], object], done: str) -> None:
        try:
            act()
        except EmsegError as error:
            self.message.setText(str(error))
            return
        self._list()
        self.message.setText(done)
        library_events.changed.emit()


def _imported(name: str) -> str:
    return f"Imported as {name!r}."


def _cells(model: ModelSummary) -> list[Cell]:
    name = f"{model.name} (comes with the program)" if model.is_shipped else model.name
    words = (model.measured_on, model.made, model.parent, model.data, model.voxel_size)
    score = Cell("") if math.isnan(model.v_rand) else figure(model.v_rand)
    return [
        Cell(name, model.name),
        score,
        *(Cell(each, each, tooltip=html.escape(each)) for each in words),
    ]
