"""Which cells are saved, and as what."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import LineEdit
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from napari_emseg.core.config.export import ExportConfig, SurfaceConfig
from napari_emseg.ui.widgets.forms import field_for, form_of

_FORMS = {
    "PLY: a surface a cell": "ply",
    "OBJ: a surface a cell": "obj",
    "STL: a surface a cell": "stl",
    "ImageJ: outlines in slices, a zip": "roi",
    "Neuroglancer: volume and surfaces": "precomputed",
}


class SaveSurfacesDialog(QDialog):
    """Asks for cells, form and smoothing.

    Parameters
    ----------
    parent : QWidget
        The dialog ends with it, and looks like it.
    cell : int
        The cell that is chosen; 0 for none.
    """

    def __init__(self, parent: QWidget, cell: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save surfaces")
        self.ids = LineEdit(
            name="ids", label="Cells", value=str(cell) if cell else "",
            tooltip="Ids of cells, such as 3, 7; empty for all of them.",
        )  # fmt: skip
        self.form = field_for(ExportConfig, "form", choices=_FORMS.items(), label="Form")
        self.least = field_for(ExportConfig, "least_voxels")
        self.smooth = field_for(SurfaceConfig, "smooth")
        self.ids.native.setPlaceholderText("all")
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._fields = form_of([self.ids, self.form, self.least, self.smooth])
        layout = QVBoxLayout(self)
        layout.addWidget(self._fields.native)
        layout.addWidget(buttons)

    def settings(self) -> dict[str, Any]:
        """What `export_cells` takes."""
        return {
            "form": self.form.value, "least_voxels": self.least.value, "smooth": self.smooth.value
        }  # fmt: skip
