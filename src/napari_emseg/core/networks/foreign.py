"""A network that others have made, as a prediction must know it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from napari_emseg.core.config.network import slices_seen

_COUNTS = {
    "scale_linear": 2, "clip": 2, "zero_mean_unit_variance": 1, "scale_range": 3, "sigmoid": 0,
    "softmax": 0,
}  # fmt: skip
BEFORE = ("scale_linear", "clip", "zero_mean_unit_variance", "scale_range")
AFTER = ("sigmoid", "softmax", "scale_linear", "clip")
"""Steps that are known before, and after a network."""

AXES = ("bcyx", "byxc")
SHOWS = ("unknown", "cell", "membrane")

_LARGEST_PX = 16384
_RAMP_PX = 16
_MAPS_AT_ONCE = 3
"""Of our networks the widest operation makes so many maps for each base filter."""


@dataclass(frozen=True)
class Step:
    """Something that is done to grey values before a network, or to what comes out of it.

    Parameters
    ----------
    name : str
        As bioimage.io calls it, one of `BEFORE` or `AFTER`.
    values : tuple of float
        Of ``scale_linear`` gain and offset, of ``clip`` the ends, of ``zero_mean_unit_variance``
        what is added to the deviation, of ``scale_range`` two percentiles and what is added to the
        range; none of the others.
    """

    name: str
    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.values) != _COUNTS[self.name] or any(map(math.isnan, self.values)):
            raise ValueError(f"{self.name}: not with {self.values}")
        if self.name == "scale_linear" and not (self.values[0] and math.isfinite(sum(self.values))):
            raise ValueError(f"{self.name}: a gain of {self.values[0]}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`."""
        return cls(str(values["name"]), tuple(map(float, values["values"])))


@dataclass(frozen=True)
class ForeignNetwork:
    """A network of others as ONNX: what it is given, and what of its answer counts.

    It has what a prediction asks of `NetworkConfig`.

    Parameters
    ----------
    axes : {"bcyx", "byxc"}
        Of what goes in and comes out.
    input_slices : int
        Slices that it sees, as channels: 1, or 3 to see the neighbours.
    channel : int
        Which channel counts, from 0.
    shows : {"unknown", "cell", "membrane"}
        What that channel is the probability of.
    before, after : tuple of Step
        What is done to grey values, and to all channels.
    multiple : int
        Height and width that it takes are multiples of this, in px.
    least_px : int
        Height and width that it takes at least.
    tile_px : int
        The only ones that it takes; 0 where it takes any.
    margin_px : int
        How near to a tile's edge it is not to be believed.
    widest : int
        Feature maps of full size that one of its operations makes, at most.
    """

    axes: str = AXES[0]
    input_slices: int = 1
    channel: int = 0
    shows: str = "unknown"
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    multiple: int = 16
    least_px: int = 1
    tile_px: int = 0
    margin_px: int = 64
    widest: int = 192

    def __post_init__(self) -> None:
        fits = (
            self.axes in AXES,
            self.shows in SHOWS,
            self.input_slices in (1, 3),
            all(each.name in BEFORE for each in self.before),
            all(each.name in AFTER for each in self.after),
            0 <= self.channel < 1024,
            1 <= self.multiple <= 1024,
            1 <= self.least_px <= _LARGEST_PX,
            0 <= self.tile_px <= _LARGEST_PX,
            0 <= self.margin_px <= _LARGEST_PX,
            1 <= self.widest <= _LARGEST_PX,
        )
        if not all(fits):
            raise ValueError(f"no network that is known: {self}")

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called, in order."""
        return ("membrane", "cell")

    @property
    def classes(self) -> int:
        """Classes that are told apart."""
        return len(self.names)

    @property
    def channels(self) -> int:
        """Channels that come out, as it is run here: the probability of cell."""
        return 1

    @property
    def reach(self) -> int:
        """How far an output pixel sees, in px; less where tiles are too small for all of it."""
        if not self.tile_px:
            return self.margin_px
        # two margins and a ramp must fit twice into a tile (`core.segment.tiling.plan_axis`)
        room = (self.tile_px // 2) // self.multiple * self.multiple - _RAMP_PX
        return max(0, min(self.margin_px, room // 2))

    @property
    def first_filters(self) -> int:
        """Filters that a network of ours has which takes as much memory."""
        return max(1, -(-self.widest // _MAPS_AT_ONCE))

    def slices_seen(self, z: int, total: int) -> list[int]:
        """As `NetworkConfig.slices_seen`."""
        return slices_seen(z, total, self.input_slices)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for YAML."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; raises `ValueError`, `TypeError` or `LookupError`."""
        numbers = ("input_slices", "channel", "multiple", "least_px", "tile_px", "margin_px")
        return cls(
            axes=str(values["axes"]),
            shows=str(values["shows"]),
            before=_steps(values["before"]),
            after=_steps(values["after"]),
            widest=int(values["widest"]),
            **{name: int(values[name]) for name in numbers},
        )


def _steps(values: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(map(Step.from_dict, values))
