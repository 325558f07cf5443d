"""A row of a dock that offers what was left behind."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, PushButton

from napari_emseg.ui.widgets.forms import row_of, wrapped_label


class Offer(Container[Any]):
    """A sentence, a button to take it, and one to delete it."""

    def __init__(self, accept: str, tooltip: str) -> None:
        self.text = wrapped_label("")
        self.accept = PushButton(text=accept, tooltip=tooltip)
        self.discard = PushButton(text="Discard", tooltip="Delete it.")
        super().__init__(widgets=[self.text, row_of(self.accept, self.discard)], labels=False)
