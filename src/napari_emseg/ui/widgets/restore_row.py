"""A row of a dock that offers what was left behind."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, PushButton
from psygnal import Signal

from napari_emseg.ui.widgets.forms import row_of, wrapped_label


class Offer(Container[Any]):
    """A sentence, a button to take it, and one to delete it, which asks before it does.

    Parameters
    ----------
    accept, tooltip : str
        What the first button says, and what it does.

    Attributes
    ----------
    accepted : psygnal.Signal
        Emitted when a person takes it.
    discarded : psygnal.Signal
        Emitted when a person has said twice that it is to be deleted.
    """

    accepted = Signal()
    discarded = Signal()

    def __init__(self, accept: str, tooltip: str) -> None:
        self.text = wrapped_label("")
        self.accept = PushButton(text=accept, tooltip=tooltip)
        self.discard = PushButton(text="Discard", tooltip="Delete it; you are asked once more.")
        self.keep = PushButton(text="Keep", tooltip="Leave it where it is.")
        self.delete = PushButton(text="Delete", tooltip="It cannot be brought back.")
        self._offer = row_of(self.accept, self.discard)
        self._question = row_of(self.keep, self.delete)
        super().__init__(widgets=[self.text, self._offer, self._question], labels=False)
        self._said = ""
        self.accept.changed.connect(self.accepted.emit)
        self.discard.changed.connect(self._ask)
        self.keep.changed.connect(self._stop_asking)
        self.delete.changed.connect(self._delete)
        self._question.visible = False

    def offer(self, text: str) -> None:
        """Offer this; empty hides the row."""
        self._said = text
        self.visible = bool(text)
        self._stop_asking()

    def _ask(self) -> None:
        self.text.value = f"Delete this for good? {self._said}"
        self._offer.visible, self._question.visible = False, True

    def _stop_asking(self) -> None:
        self.text.value = self._said
        self._offer.visible, self._question.visible = True, False

    def _delete(self) -> None:
        self._stop_asking()
        self.discarded.emit()
