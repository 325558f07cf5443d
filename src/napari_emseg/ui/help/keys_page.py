"""The list of keys."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QTextBrowser

from napari_emseg.session.help.keys import ALL_KEYS
from napari_emseg.ui.viewer.shortcuts import pressed

_FOOT = (
    "Keys act on the canvas: click on it, or come to it with Tab, and open the dock that is named "
    "above. Those of <i>Correct</i> act while its labels are the selected layer. "
    "<i>Preferences &gt; Shortcuts</i> lists all but those marked with *, and those of napari; "
    "choose others there."
)


class KeysPage(QTextBrowser):
    """All keys of the docks, as they are now, by the page on which they act."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Keys")
        self.setTabChangesFocus(True)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802  Qt's
        """Show the keys that a person has chosen by now."""
        super().showEvent(event)
        self.setHtml("".join(_html()))


def _html() -> Iterator[str]:
    for page, keys in groupby(ALL_KEYS, key=lambda each: each.page):
        yield f"<h4>{escape(page)}</h4><table cellpadding=2>"
        for key in keys:
            star = " *" if key.is_fixed else ""
            named = escape(pressed(key)).replace("-", "\u2011")  # which ends no line
            about = escape(key.about)
            yield f"<tr><td width=100><b>{named}</b>{star}&nbsp;</td><td>{about}</td></tr>"
        yield "</table>"
    yield f"<p>{_FOOT}</p>"
