"""The keys of the docks: what each does, where it acts, and what it is unless a person chose."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.session.correct.brush import TOOLS, Tool
from napari_emseg.session.correct.volume_tools import VOLUME_TOOLS

_REPAIR, _VOLUME = "Correct, Repair", "Correct, Volume"
_ERRORS = "Compare, Errors or Volume"


@dataclass(frozen=True)
class Key:
    """A key of one of the docks.

    Parameters
    ----------
    action : str
        What it does, in a word that is unique; napari's settings keep other keys under it.
    key : str
        Such as ``Alt-N``, as napari writes it.
    about : str
        What it does, in a sentence.
    page : str
        The dock, and the page of it, that must be open.
    is_fixed : bool
        Whether a person cannot choose another one in napari's preferences.
    """

    action: str
    key: str
    about: str
    page: str
    is_fixed: bool = False


def _of_tool(tool: Tool, page: str, prefix: str = "") -> Key:
    action = prefix + tool.name.lower().replace(" ", "_")
    return Key(action, tool.key, f"{tool.name}: {tool.tooltip}", page)


TOOL_KEYS = {
    **{tool: _of_tool(tool, _REPAIR) for tool in TOOLS},
    **{tool: _of_tool(tool, _VOLUME, "volume_") for tool in VOLUME_TOOLS},
}
"""Which take up a tool."""

NEXT_PLACE = Key("next_place", "Alt-N", "Go to the next doubtful place of a prediction.", _REPAIR)
PREVIOUS_PLACE = Key(
    "previous_place", "Alt-Shift-N", "Go back to the place before.", _REPAIR
)  # fmt: skip
REVIEW = Key("review", "R", "Call this slice right, or not any more.", _REPAIR)
PAINT_CLASS = Key(
    "paint_class", "1 ... 9",
    "Paint the class of that number with napari's brush, where the labels hold classes.",
    _REPAIR, is_fixed=True,
)  # fmt: skip
PUT_DOWN = Key(
    "put_down", "Escape", "Put the tool down.", "Correct, Repair and Volume", is_fixed=True
)

NEXT_QUESTION = Key("next_question", "Q", "Go to the next question.", _VOLUME)
SAME_CELL = Key("same_cell", "Y", "The two marked parts are one cell.", _VOLUME)
NOT_THE_SAME = Key("not_the_same", "N", "The two marked parts are not one cell.", _VOLUME)
TAKE_CUT = Key(
    "take_cut", "Enter", "Part the cell between the two colours.", _VOLUME, is_fixed=True
)  # fmt: skip

NEXT_ERROR = Key("next_error", "Alt-E", "Go to the next error of the list.", _ERRORS)
PREVIOUS_ERROR = Key(
    "previous_error", "Alt-Shift-E", "Go to the error before in the list.", _ERRORS
)  # fmt: skip

ALL_KEYS = (
    NEXT_PLACE, PREVIOUS_PLACE, *(TOOL_KEYS[tool] for tool in TOOLS), REVIEW, PAINT_CLASS,
    PUT_DOWN, NEXT_QUESTION, SAME_CELL, NOT_THE_SAME,
    *(TOOL_KEYS[tool] for tool in VOLUME_TOOLS), TAKE_CUT, NEXT_ERROR, PREVIOUS_ERROR,
)  # fmt: skip
"""In the order of the pages; they act while the canvas has the focus, most on labels alone."""
