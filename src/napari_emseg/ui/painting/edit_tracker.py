"""The edit tracker of each labels layer, found by the layer."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from napari.layers import Labels

from napari_emseg.core.correct.edits import Edits
from napari_emseg.io.layer_metadata import change_metadata, metadata_of
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.ui.viewer.stack_layers import NapariLabels
from napari_emseg.ui.viewer.window import unwrapped

if TYPE_CHECKING:
    from napari.layers import Layer

_trackers: WeakValueDictionary[int, EditTracker] = WeakValueDictionary()
"""By the identity of the layer, whose events alone keep its tracker alive."""


def can_be_tracked(layer: Layer) -> bool:
    """Whether it is a stack of labels, or one slice."""
    return isinstance(layer, Labels) and not layer.multiscale and layer.ndim in (2, 3)


def is_edited(layer: Labels) -> bool:
    """Whether a layer holds anything of a person's: strokes that are not undone, reviewed slices.

    What was painted before the first call counts, as long as it can be undone.
    """
    return tracker_of(layer).is_edited


def tracker_of(layer: Labels) -> EditTracker:
    """The one who knows what a person has done to a layer; it begins when it is first asked for.

    What it knows lies in the layer's metadata, so that the writer finds it. It costs next to
    nothing, follows the layer in whichever viewer it is, and ends with it.

    Parameters
    ----------
    layer : Labels
        Of two or three axes.
    """
    layer = unwrapped(layer)
    found = _trackers.get(id(layer))
    if found is None:
        ours = metadata_of(layer)
        from_file = ours is not None and isinstance(ours.edits, Mapping)
        found = EditTracker(NapariLabels(layer), _edits_in(layer), is_stored=from_file)
        _trackers[id(layer)] = found
        _connect(layer, found)
    return found


def layer_of(tracker: EditTracker) -> Labels:
    """The layer that is tracked."""
    layer = tracker.layer.key
    assert isinstance(layer, Labels)
    return layer


def _connect(layer: Labels, tracker: EditTracker) -> None:
    """By functions: napari would forget methods of what nobody else refers to."""

    def on_paint(event: Any) -> None:
        tracker.painted(event.value)

    events = layer.events
    events.paint.connect(on_paint)
    events.labels_update.connect(lambda: tracker.stroke_goes_on())
    events.set_data.connect(lambda: tracker.drawn_anew())
    events.data.connect(lambda: tracker.data_replaced())


def _edits_in(layer: Labels) -> Edits:
    """The edits in a layer's metadata: from a file, of another layer it is a copy of, or new."""
    ours = metadata_of(layer)
    found = None if ours is None else ours.edits
    if isinstance(found, Edits):
        edits = deepcopy(found)
    else:
        edits = Edits.from_note(found, layer.data.shape)
    change_metadata(layer, edits=edits)
    return edits
