"""The field in which one of the models of the library is chosen."""

from __future__ import annotations

from pathlib import Path

from magicgui.widgets import ComboBox

from napari_emseg.model.packages.library import list_models
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.ui.widgets.forms import spare_width


def model_field(tooltip: str) -> ComboBox:
    """A field that offers the models by name; its value is a `ModelPackage`, or None."""
    return spare_width(
        ComboBox(name="model", label="Model", choices=_models_offered, tooltip=tooltip)
    )


def choose_model(field: ComboBox, folder: Path) -> None:
    """Offer the models that there are now, and choose the one in ``folder``."""
    field.reset_choices()
    for package in field.choices:
        if package is not None and package.folder == folder:
            field.value = package


def _models_offered(_: object) -> list[tuple[str, ModelPackage]]:
    return [(package.folder.name, package) for package in list_models()]
