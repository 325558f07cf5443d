"""Which slice of a layer a person sees, and when it is another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_emseg.errors import ShapeError
from napari_emseg.ui.viewer.layers import current_slice

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels


def slice_in_view(viewer: ViewerModel, layer: Image | Labels | None) -> int | None:
    """The slice of a layer that is seen, flat; None where it is none."""
    if layer is None or viewer.dims.ndisplay != 2:
        return None
    try:
        return current_slice(viewer, layer)
    except ShapeError:
        return None


class SliceFollower:
    """Calls ``changed`` when another slice may be seen, until `stop`.

    Parameters
    ----------
    viewer : ViewerModel
        Whose sliders are followed.
    changed : callable
        A method without arguments.
    *others : events
        Further events of napari at which it is called, too.
    """

    def __init__(self, viewer: ViewerModel, changed: Callable[[], None], *others: Any) -> None:
        dims = viewer.dims.events
        self._events, self._changed = (dims.point, dims.order, dims.ndisplay, *others), changed
        for event in self._events:
            event.connect(changed)

    def stop(self) -> None:
        """Follow no more."""
        for event in self._events:
            event.disconnect(self._changed)
