"""The tools that act on the cells of a volume."""

from __future__ import annotations

from napari_emseg.session.correct.brush import Tool

MERGE_CELLS = Tool(
    "Merge cells", "Alt-J",
    "Click on two cells, on any slices: the second gets the id of the first, through the volume.",
    "Click on the first cell; the second may be on another slice.", is_drawn=False,
)  # fmt: skip
SPLIT_CELL = Tool(
    "Split cell", "Alt-K",
    "Click on two places of one cell, on any slices: it is parted where it hangs together least. "
    "You see the cut before you take it.",
    "Click on what should stay one cell.", is_drawn=False,
)  # fmt: skip
SET_APART = Tool(
    "Set apart", "Alt-A", "Click on a fragment, which becomes a cell of its own.",
    "Click on a fragment.", is_drawn=False,
)  # fmt: skip
TAKE_AWAY = Tool(
    "Take away", "Alt-X", "Click on a cell that is none: it becomes 0 on all slices.",
    "Click on a cell.", is_drawn=False,
)  # fmt: skip
VOLUME_TOOLS = (MERGE_CELLS, SPLIT_CELL, SET_APART, TAKE_AWAY)
