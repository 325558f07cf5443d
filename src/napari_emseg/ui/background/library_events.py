"""What happens to models and by them, for all docks of this napari."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal


class LibraryEvents:
    """Told by the dock that has changed the library.

    Attributes
    ----------
    added : psygnal.Signal
        Emitted with the folder of a new model package.
    chosen : psygnal.Signal
        Emitted with the folder of the model that is the present one from now on.
    segmented : psygnal.Signal
        Emitted with a `Prediction` when slices of it are done, or it is the present one again.
    """

    added = Signal(Path)
    chosen = Signal(Path)
    segmented = Signal(object)


library_events = LibraryEvents()
