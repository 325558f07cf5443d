"""Which axis of an array is which: by its name where it has one, else by its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_emseg.errors import ReadError
from napari_emseg.types import AnyPath, ArrayLike

_MEANT = {
    **dict.fromkeys(("depth", "section", "sections", "slice", "slices", "plane", "planes"), "z"),
    **dict.fromkeys(("row", "rows", "height"), "y"),
    **dict.fromkeys(("col", "cols", "column", "columns", "width"), "x"),
    **dict.fromkeys(("ch", "channel", "channels", "class", "classes", "samples"), "c"),
    **dict.fromkeys(("time", "frame", "frames"), "t"),
}

_MOST_CHANNELS = 3
"""More than these are slices that a program has called channels."""

_SMALL = 64
"""Slices of an electron microscope are not narrower, in pixels."""


def by_hand(
    path: AnyPath, data: ArrayLike, order: str, channel: int | None = None
) -> tuple[ArrayLike, tuple[str, ...]]:
    """As `zyx_by_names`, of an array whose axes a person has named, as ``yxz``.

    Raises
    ------
    ReadError
        As `zyx_by_names`, and if there are more axes that are longer than 1.
    """
    data = _without_ones(data, len(order))
    if len(data.shape) != len(order):
        shape = tuple(data.shape)
        raise ReadError(f"{path}: expected {len(order)} axes {order}, received shape {shape}")
    return zyx_by_names(path, data, order, channel)


def meant(names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Names of axes as one letter each where they are known; None where none says a thing."""
    if not names:
        return None
    lower = [str(name).strip().lower() for name in names]
    found = tuple(_MEANT.get(name, name) for name in lower)
    return found if set(found) & set("zyx") else None


def zyx_by_names(
    path: AnyPath, data: ArrayLike, stored: Sequence[str], channel: int | None = None
) -> tuple[ArrayLike, tuple[str, ...]]:
    """(Z, Y, X) from an array whose axes have names, in whatever order, and what is to be said.

    Axes of length 1 are dropped. A single other axis that is longer (time, many channels) is taken
    for Z where there is no longer Z.

    Raises
    ------
    ReadError
        If more than one axis besides Y and X is longer than 1, or it is one of few channels.
    """
    names: Sequence[str] = meant(stored) or ()
    if len(names) != len(data.shape) or not {"y", "x"} <= set(names):
        raise _unclear(path, data.shape, stored)
    shape = data.shape
    if channel is not None:
        data, names = _one_channel(path, data, names, channel)
    others = [i for i, name in enumerate(names) if name not in "yx" and data.shape[i] > 1]
    if len(others) > 1 or len(set(names)) != len(names):
        raise _unclear(path, shape, stored)
    notes = _said(path, names[others[0]], data.shape[others[0]]) if others else ()
    kept = [*others, names.index("y"), names.index("x")]
    picked = data[tuple(slice(None) if i in kept else 0 for i in range(len(names)))]
    ordered = picked.transpose([sorted(kept).index(i) for i in kept])
    return (ordered if len(kept) == 3 else ordered[None]), notes


def _one_channel(
    path: AnyPath, data: ArrayLike, names: Sequence[str], channel: int
) -> tuple[ArrayLike, list[str]]:
    if "c" not in names or channel >= data.shape[names.index("c")]:
        n = data.shape[names.index("c")] if "c" in names else "no"
        raise ReadError(f"{path}: has {n} channels, counted from 0; received channel {channel}")
    at = names.index("c")
    return data[(slice(None),) * at + (channel,)], [name for name in names if name != "c"]


def _said(path: AnyPath, name: str, length: int) -> tuple[str, ...]:
    """What is to be said where another axis than Z holds the slices; few channels are none."""
    if name == "c" and length <= _MOST_CHANNELS:
        raise ReadError(
            f"{path}: expected one channel, received {length} channels of one slice; choose one, "
            f"as in {Path(path).name}::c=0, or say that they are slices, {Path(path).name}::zyx"
        )
    kind = {"c": "channels", "t": "time points"}.get(name)
    return () if kind is None else (f"Its {length} {kind} are taken for slices.",)


def by_place(path: AnyPath, data: ArrayLike) -> ArrayLike:
    """(Z, Y, X) from an array without names; (Y, X) becomes a stack with one slice.

    Raises
    ------
    ReadError
        For another number of axes, or a shape that no stack has.
    """
    shape = tuple(data.shape)
    if len(shape) == 2:
        return data[None]
    if len(shape) != 3:
        raise ReadError(
            f"{path}: expected axes (Z, Y, X) or (Y, X), received shape {shape}, whose axes are "
            "unclear; save a 3-D array, such as array[0] or array.squeeze(), or name the axes"
        )
    if _is_implausible(*shape):
        z, y, x = shape
        raise ReadError(
            f"{path}: shape {shape} would be {z} slices of {y} x {x} pixels, which is unlikely; "
            f"say the order of its axes, as in {Path(path).name}::yxz, or ::zyx where it is so"
            f"{', or ::yxc::c=0 where these are channels' if x <= _MOST_CHANNELS + 1 else ''}"
        )
    return data


def _is_implausible(z: int, y: int, x: int) -> bool:
    """Whether what is taken for slices looks like the edge of a stack seen from the side."""
    thin, long = min(y, x), max(y, x)
    if z < _SMALL or thin * 2 > min(z, long):
        return False
    return thin < _SMALL or z == long or thin * 4 <= min(z, long)


def _without_ones(data: ArrayLike, n: int) -> ArrayLike:
    extra = len(data.shape) - n
    ones = [i for i, length in enumerate(data.shape) if length == 1][: max(extra, 0)]
    return data[tuple(0 if i in ones else slice(None) for i in range(len(data.shape)))]


def _unclear(path: AnyPath, shape: Sequence[int], names: Sequence[str]) -> ReadError:
    named = ", ".join(f"{name}={length}" for name, length in zip(names, shape, strict=False))
    chosen = f", or choose one, as in {Path(path).name}::c=0" if "c" in (meant(names) or ()) else ""
    return ReadError(
        f"{path}: expected a stack (Z, Y, X) with one channel and one time point, received axes "
        f"{named or 'without names'} (shape {tuple(shape)}); keep one channel and one time point "
        f"(Fiji: Image > Duplicate...) and save again{chosen}"
    )
