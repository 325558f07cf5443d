"""What leads from the other docks to a page of the dock *Help*."""

from __future__ import annotations

from functools import partial
from typing import Any

from magicgui.widgets import PushButton

from napari_emseg.ui.docking.our_docks import open_dock

_PAGES = {
    "Doctor": "What is used of this machine, and why not more, with the commands that help.",
    "Keys": "All keys of the docks, as they are now.",
    "First steps": "From a stack to figures, in a few steps.",
}


def help_button(viewer: Any, page: str) -> PushButton:
    """A button that opens a page of *Help*: ``Doctor``, ``Keys`` or ``First steps``."""
    button = PushButton(text=f"{page} ...", tooltip=_PAGES[page])
    button.changed.connect(partial(_open, viewer, page))
    return button


def _open(viewer: Any, page: str) -> None:
    open_dock(viewer, "Help").show_page(page)
