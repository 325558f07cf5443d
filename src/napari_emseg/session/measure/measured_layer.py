"""What measuring must know of a layer."""

from __future__ import annotations

from typing import Protocol

from napari_emseg.session.observed_layer import ObservedLayer


class MeasuredLayer(ObservedLayer, Protocol):
    """A layer, as far as measuring needs to know it."""

    @property
    def thickness_assumed(self) -> bool:
        """Whether the thickness of its sections is a guess."""
