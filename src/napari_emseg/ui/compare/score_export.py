"""Buttons that save the scores."""

from __future__ import annotations

from functools import partial

from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_emseg.session.compare.session import CompareSession
from napari_emseg.ui.widgets.buttons import ask_for_path, button

_KINDS = {
    "CSV": "Save the table, with model, hashes and settings above it.",
    "JSON": "Save all of it for programs, in the form of the command line's evaluate.",
    "PNG": "Save the curves as a picture, with model, hashes and settings inside.",
}


class ScoreExportButtons(QWidget):
    """One for each kind of file."""

    def __init__(self, session: CompareSession) -> None:
        super().__init__()
        self._session = session
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for kind, tooltip in _KINDS.items():
            row.addWidget(button(f"Save {kind}", tooltip, partial(self._ask, kind)))

    def _ask(self, kind: str, _: object = None) -> None:
        ending = f".{kind.lower()}"
        path = ask_for_path(self, "Save the scores", f"scores{ending}", f"{kind} (*{ending})")
        if path is not None:
            named = path.suffix.lower() == ending
            self._session.save(path if named else path.with_name(path.name + ending))
