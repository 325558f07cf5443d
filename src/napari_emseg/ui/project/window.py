"""How the window stood: view, and open docks with what was chosen in them, in a form for JSON."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_emseg.ui.docking.our_docks import DOCKS, PLUGIN, open_docks
from napari_emseg.ui.widgets.remembered_fields import set_field, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_log = logging.getLogger(__name__)


def window_state(viewer: Any) -> dict[str, Any]:
    """View and docks of a viewer with a window."""
    dims, camera, active = viewer.dims, viewer.scene.camera, viewer.layers.selection.active
    return {
        "point": [float(each) for each in dims.point],
        "order": list(dims.order),
        "ndisplay": dims.ndisplay,
        "center": [float(each) for each in camera.center],
        "zoom": float(camera.zoom),
        "active": None if active is None else active.name,
        "docks": {
            name: {key: value_of(field) for key, field in dock.project_fields.items()}
            for name, dock in _kept_docks(viewer).items()
        },
    }


def restoring_window(viewer: Any, state: dict[str, Any]) -> Iterator[Callable[[], object]]:
    """What brings view and docks back, one work a turn; what is not there any more is passed over.

    A dock that is open already is filled in.
    """
    yield partial(_restore_view, viewer, state)
    for name, values in state.get("docks", {}).items():
        if name in DOCKS:
            yield partial(viewer.window.add_plugin_dock_widget, PLUGIN, name, tabify=True)
            yield partial(_fill_in, viewer, name, values)


def _fill_in(viewer: Any, name: str, values: dict[str, Any]) -> None:
    dock = _kept_docks(viewer).get(name)
    if dock is None:  # closed meanwhile
        return
    dock.reset_choices()
    fields = dock.project_fields
    for key, value in values.items():
        if key in fields:
            set_field(fields[key], value)


def _restore_view(viewer: Any, state: dict[str, Any]) -> None:
    dims, camera = viewer.dims, viewer.scene.camera
    try:
        dims.order, dims.ndisplay = tuple(state["order"]), state["ndisplay"]
        dims.point = tuple(state["point"])
        camera.center, camera.zoom = tuple(state["center"]), state["zoom"]
        if state["active"] in viewer.layers:
            viewer.layers.selection.active = viewer.layers[state["active"]]
    except (LookupError, TypeError, ValueError) as error:  # of other layers than there are now
        _log.info("the view of the project is not restored: %s", error)


def _kept_docks(viewer: Any) -> dict[str, Any]:
    """Those of our docks that have something to bring back, by name."""
    return {name: dock for name, dock in open_docks(viewer) if hasattr(dock, "project_fields")}
