"""What a prediction asks of a network, whoever has made it."""

from __future__ import annotations

from typing import Protocol

from napari_emseg.core.networks.foreign import Step


class Network(Protocol):
    """Shape of a network; `NetworkConfig` is one of ours, `ForeignNetwork` one of others."""

    @property
    def input_slices(self) -> int:
        """Slices that it sees: 1, or 3 to see the neighbours."""

    @property
    def names(self) -> tuple[str, ...]:
        """What its classes are called, in order."""

    @property
    def classes(self) -> int:
        """Classes that it tells apart."""

    @property
    def channels(self) -> int:
        """Channels that come out, see `core.classes`."""

    @property
    def multiple(self) -> int:
        """Height and width that it takes are multiples of this, in px."""

    @property
    def reach(self) -> int:
        """How far an output pixel sees, in px."""

    @property
    def tile_px(self) -> int:
        """Height and width of the only tiles that it takes; 0 where it takes any."""

    @property
    def first_filters(self) -> int:
        """Filters of its first level, by which its memory is told."""

    @property
    def before(self) -> tuple[Step, ...] | None:
        """What is done to grey values; None for what `core.normalise` does."""

    def slices_seen(self, z: int, total: int) -> list[int]:
        """Slices that go in to predict slice ``z`` of ``total``."""
