"""The buttons of the dock *Segment*: how much is segmented."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, PushButton

from napari_emseg.ui.widgets.forms import row_of

_WHOLE, _PART = "Whole stack", "These slices"


class SegmentButtons(Container[Any]):
    """What of the slice that is shown; how many slices or stacks; and what others are to do."""

    def __init__(self) -> None:
        self.current = PushButton(
            text="Current slice", tooltip="Segment the slice that the viewer shows."
        )
        self.visible_part = PushButton(
            text="Visible part",
            tooltip="Segment what the viewer shows of the current slice; quicker where slices are "
            "large.",
        )
        self.whole = PushButton(
            text=_WHOLE,
            tooltip="Segment all slices, or those in the field Slices; "
            "first those next to the one that the viewer shows.",
        )
        self.selected = PushButton(
            text="Selected layers",
            tooltip="Segment every image that is selected in the layer list, one after the other, "
            "with all its slices.",
        )
        self.cluster = PushButton(
            text="On a cluster ...",
            tooltip="Send the stack, or one that no machine holds, to a Dask cluster, or to "
            "several processes of this machine; the result opens as it grows.",
        )
        rows = [row_of(self.current, self.visible_part), row_of(self.whole, self.selected)]
        super().__init__(widgets=[*rows, self.cluster], labels=False)
        self.margins = (0, 0, 0, 0)

    def name_whole(self, slices: str) -> None:
        """Have the button of the whole stack say that it takes ``slices`` only."""
        self.whole.text = _PART if slices.strip() else _WHOLE
