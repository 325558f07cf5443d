"""Surfaces of cells, as the menu of layers asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
from napari.layers import Labels

from napari_emseg.core.cell_ids import parse_ids
from napari_emseg.errors import SettingError
from napari_emseg.ui.surfaces.dialog import SaveSurfacesDialog
from napari_emseg.ui.surfaces.viewer_surfaces import surfaces_of
from napari_emseg.ui.viewer.window import main_window
from napari_emseg.ui.widgets.buttons import ask_for_path
from napari_emseg.ui.widgets.notify import show_warning


def show_selected_cell(viewer: Any = None) -> None:
    """Show the chosen cell of the selected labels in 3-D."""
    viewer = viewer or napari.current_viewer()
    layer = _labels(viewer)
    if layer is not None:
        surfaces_of(viewer).show(layer, int(layer.selected_label))


def save_surfaces(viewer: Any = None) -> None:
    """Ask which cells of the selected labels, as what, and where to; and save them."""
    viewer = viewer or napari.current_viewer()
    layer = _labels(viewer)
    if layer is None:
        return
    dialog = SaveSurfacesDialog(main_window(viewer), int(layer.selected_label))
    if not dialog.exec():
        return
    try:
        ids = parse_ids(dialog.ids.value) if dialog.ids.value.strip() else None
    except SettingError as error:
        show_warning(str(error))
        return
    path = _ask_where(viewer, layer, form=str(dialog.form.value))
    if path is not None:
        surfaces_of(viewer).save(layer, path, ids, dialog.settings())


def _ask_where(viewer: Any, layer: Labels, *, form: str) -> Path | None:
    ending, kind = (".zip", "ImageJ ROIs (*.zip)") if form == "roi" else ("", "New folder (*)")
    path = ask_for_path(main_window(viewer), "Save surfaces", f"{layer.name} {form}{ending}", kind)
    return path if path is None or path.suffix or not ending else path.with_suffix(ending)


def _labels(viewer: Any) -> Labels | None:
    """The labels that are selected in the layer list, or the only ones."""
    layers = viewer.layers
    found = [each for each in layers.selection if isinstance(each, Labels)]
    found = found or [each for each in layers if isinstance(each, Labels)]
    if len(found) != 1:
        show_warning("Select one layer of cells in the layer list, and try again.")
        return None
    return found[0]
