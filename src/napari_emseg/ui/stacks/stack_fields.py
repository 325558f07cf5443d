"""Which stack is taken of a chosen layer that holds more: the fields that all docks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, PushButton
from napari.layers import Image, Labels
from psygnal import Signal

from napari_emseg.session.stack_choice import COLOURS, LayerPixels, StackChoice
from napari_emseg.ui.stacks.plain_layer import (
    holds_more,
    layer_pixels,
    place_in_view,
    plain_layer,
    put_plain_layer,
)
from napari_emseg.ui.viewer.window import unwrapped
from napari_emseg.ui.widgets.forms import spare_width, wrapped_label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from magicgui.widgets.bases import Widget
    from napari.components import ViewerModel


class StackFields:
    """Fields for the first of the chosen layers that holds several stacks; else nothing is seen.

    Parameters
    ----------
    viewer : ViewerModel
        Whose sliders choose along the axes before (Z, Y, X).
    layer_fields : sequence of ComboBox
        Hold the chosen layers.
    level_of : callable, optional
        Gives the level to begin with; else it is the one with the shape of another chosen layer,
        or the finest.
    takes : bool
        Whether a person puts the stack into the viewer; else the dock does, when it is needed, and
        says itself what is taken.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted when another stack is chosen.
    level, place, colour : ComboBox
        Each is seen where there is something to choose.
    take : PushButton
        Puts the stack into the viewer, and chooses it.
    """

    changed = Signal()

    def __init__(
        self,
        viewer: ViewerModel,
        layer_fields: Sequence[Any],
        level_of: Callable[[LayerPixels], int] | None = None,
        *,
        takes: bool = True,
    ) -> None:
        self._viewer, self._layer_fields = unwrapped(viewer), layer_fields
        self._level_of = level_of or self._level_beside
        self._layer: Image | Labels | None = None
        self._seen: list[Image | Labels] | None = None
        self._pixels = LayerPixels([], [])
        self._is_wanted, self._takes = True, takes
        self._make_fields()
        for field in (self.level, self.place, self.colour):
            field.changed.connect(self._change)
        for field in layer_fields:
            field.changed.connect(self.look)
        self.take.changed.connect(self.put)
        self._viewer.dims.events.current_step.connect(self._follow)
        self.look()

    def _make_fields(self) -> None:
        self.said = wrapped_label("")
        self.level = spare_width(
            ComboBox(
                name="level", label="Level", choices=lambda _: self._levels(),
                tooltip="Which scale of the image is taken; 0 is the finest.",
            )
        )  # fmt: skip
        self.place = spare_width(
            ComboBox(
                name="place", label="At", choices=lambda _: self._places(),
                tooltip="Which time or channel is taken: the one that you see. It follows the "
                "slider below the image.",
            )
        )  # fmt: skip
        self.colour = ComboBox(
            name="colour", label="Colour", choices=COLOURS,
            tooltip="What is taken of the colours. Their luminance is right for grey values that "
            "were saved as colours.",
        )  # fmt: skip
        self.take = PushButton(
            text="Take this stack",
            tooltip="Adds it as a layer of its own, right on the other, and chooses it. Pixels of "
            "an image are not copied.",
        )

    @property
    def widgets(self) -> list[Widget]:
        """All fields, to stand below those of the layers."""
        return [self.said, self.level, self.place, self.colour, self.take]

    @property
    def choice(self) -> StackChoice:
        """The stack that is meant."""
        return StackChoice(
            self.level.value, self.place.value, self.colour.value if self._has_colours else ""
        )

    # -- what others ask -------------------------------------------------------------------

    def plain(self, layer: Image) -> Any:
        """The stack of a layer that is meant, in the viewer or not; the layer where it is one."""
        return plain_layer(layer, self._choice_of(layer)) if holds_more(layer) else layer

    def put_plain(self, layer: Image) -> Any:
        """As `plain`, in the viewer."""
        if not holds_more(layer):
            return layer
        return put_plain_layer(self._viewer, layer, self._choice_of(layer))

    def put(self) -> None:
        """Put the stack into the viewer, and choose it where its layer was chosen."""
        layer = self._layer
        if layer is None:
            return
        plain = put_plain_layer(self._viewer, layer, self.choice)
        for field in self._layer_fields:
            if field.value is layer:
                field.reset_choices()
                field.value = plain

    def want(self, wanted: bool) -> None:
        """Whether layers are chosen at all."""
        self._is_wanted = wanted
        self.look()

    def look(self) -> None:
        """See whether other layers are chosen; for `reset_choices`, too."""
        chosen = self._chosen if self._is_wanted else []
        if chosen != self._seen:
            self._seen = chosen
            self._layer = next(filter(holds_more, chosen), None)
            self.offer()

    def offer(self) -> None:
        """Offer what the layer holds, and choose what to begin with."""
        layer = self._layer
        self._pixels = LayerPixels([], []) if layer is None else layer_pixels(layer)
        with self.level.changed.blocked(), self.place.changed.blocked():
            self.level.reset_choices()
            self.place.reset_choices()
            if layer is not None:
                begin = self._choice_of(layer, begin=True)
                self.level.value, self.place.value = begin.level, begin.at
        self._show()
        self.changed.emit()

    def stop(self) -> None:
        """Follow the sliders no more."""
        self._viewer.dims.events.current_step.disconnect(self._follow)

    # -- what is chosen --------------------------------------------------------------------

    def _choice_of(self, layer: Image | Labels, *, begin: bool = False) -> StackChoice:
        """What is chosen of a layer, or what to begin with."""
        if layer is self._layer and not begin:
            return self.choice
        pixels = layer_pixels(layer)
        return pixels.choice(self._level_of(pixels), place_in_view(self._viewer, layer))

    def _level_beside(self, pixels: LayerPixels) -> int:
        plain = (each for each in self._chosen if not holds_more(each))
        levels = (pixels.level_like(tuple(each.data.shape)) for each in plain)
        return max(levels, default=0)

    @property
    def _chosen(self) -> list[Image | Labels]:
        values = (field.value for field in self._layer_fields)
        return [each for each in values if isinstance(each, Image | Labels)]

    @property
    def _has_colours(self) -> bool:
        return self._pixels.has_colours

    def _levels(self) -> list[tuple[str, int]]:
        pixels = self._pixels
        return [(pixels.about_level(k), k) for k in range(len(pixels.levels))] or [("0", 0)]

    def _places(self) -> list[tuple[str, tuple[int, ...]]]:
        pixels = self._pixels
        return [(pixels.about_place(at), at) for at in pixels.places] if pixels.axes else [("", ())]

    # -- what changes ----------------------------------------------------------------------

    def _follow(self) -> None:
        """The slider stands elsewhere."""
        if self._layer is not None and self._pixels.axes:
            seen = self._pixels.choice(0, place_in_view(self._viewer, self._layer))
            self.place.value = seen.at

    def _change(self) -> None:
        if self._layer is not None:
            self._show()
            self.changed.emit()

    def _show(self) -> None:
        layer, pixels = self._layer, self._pixels
        for widget, is_seen in (
            (self.said, self._takes), (self.level, len(pixels.levels) > 1),
            (self.place, pixels.axes), (self.colour, pixels.has_colours), (self.take, self._takes),
        ):  # fmt: skip
            widget.visible = layer is not None and bool(is_seen)
        self.said.value = "" if layer is None else pixels.said(layer.name, self.choice)
