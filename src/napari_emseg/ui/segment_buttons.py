"""The buttons of the dock *Segment*: how much is segmented."""

from __future__ import annotations

from magicgui.widgets import Container, PushButton

from napari_emseg.ui.forms import row_of

_WHOLE, _PART = "Whole stack", "These slices"


class SegmentButtons(Container):
    """Two rows: what of the slice that is shown, and how many slices or stacks."""

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
        self._all = (self.current, self.visible_part, self.whole, self.selected)
        super().__init__(widgets=[row_of(*self._all[:2]), row_of(*self._all[2:])], labels=False)
        self.margins = (0, 0, 0, 0)

    def set_running(self, running: bool) -> None:
        """While something runs, nothing else can be begun."""
        for button in self._all:
            button.enabled = not running

    def name_whole(self, slices: str) -> None:
        """Have the button of the whole stack say that it takes ``slices`` only."""
        self.whole.text = _PART if slices.strip() else _WHOLE
