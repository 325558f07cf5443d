"""What happens in the model library, for all docks of this napari."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal


class LibraryEvents:
    """Told by the dock that has changed the library.

    Attributes
    ----------
    added : psygnal.Signal
        Emitted with the folder of a new model package.
    """

    added = Signal(Path)


library_events = LibraryEvents()
