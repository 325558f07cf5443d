"""Inputs and outputs as descriptions of bioimage.io 0.4 and 0.5 have them, told alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_emseg.core.networks.foreign import AXES
from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.model.foreign.unmet import unmet

_TWO_D = f"one of {', '.join(AXES)}: b batch, c channel, y row, x column; no 3-D, no time"
_LETTERS = {"batch": "b", "channel": "c", "time": "t", "index": "i"}


@dataclass(frozen=True)
class Tensor:
    """What goes into a network, or comes out.

    Parameters
    ----------
    axes : str
        A letter an axis, such as ``bcyx``.
    sizes : dict
        By letter the smallest size, and the steps in which it may be larger; 0 where it may not.
    steps : tuple of dict
        What is done to it, as the description says.
    names : tuple of str
        What it, and its channels, are called.
    halo : int
        How near to its edge it is not to be believed, in px.
    pixel_nm : tuple of float, optional
        Edges of a pixel along Y and X in nm.
    """

    axes: str
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    steps: tuple[Mapping[str, Any], ...] = ()
    names: tuple[str, ...] = ()
    halo: int = 0
    pixel_nm: tuple[float, float] | None = None


def read_tensor(where: str, found: Mapping[str, Any]) -> Tensor:
    """Read one tensor of a description; ``where`` names it in errors.

    Raises
    ------
    ModelError
        If it has an axis, a size or a scale that is not met here; it is named.
    """
    return _of_0_4(where, found) if isinstance(found["axes"], str) else _of_0_5(where, found)


def _require_two_d(where: str, axes: str) -> str:
    if axes not in AXES:
        raise unmet(f"{where}: axes", axes, _TWO_D)
    return axes


# -- 0.4 -------------------------------------------------------------------------------------------


def _of_0_4(where: str, found: Mapping[str, Any]) -> Tensor:
    axes, shape = _require_two_d(where, str(found["axes"])), found["shape"]
    halo = found.get("halo") or [0] * len(axes)
    return Tensor(
        axes,
        _sizes_0_4(where, axes, shape),
        tuple(found.get("preprocessing") or found.get("postprocessing") or ()),
        (str(found.get("name", "")),),
        max((int(px) for axis, px in zip(axes, halo, strict=True) if axis in "yx"), default=0),
    )


def _sizes_0_4(where: str, axes: str, shape: Any) -> dict[str, tuple[int, int]]:
    if isinstance(shape, list):
        return {axis: (int(size), 0) for axis, size in zip(axes, shape, strict=True)}
    if "min" in shape:
        pairs = zip(axes, shape["min"], shape["step"], strict=True)
        return {axis: (int(least), int(step)) for axis, least, step in pairs}
    for axis, scale, offset in zip(axes, shape["scale"], shape["offset"], strict=True):
        if axis in "yx":
            _require_same(where, axis, scale, offset)
    return {}


# -- 0.5 -------------------------------------------------------------------------------------------


def _of_0_5(where: str, found: Mapping[str, Any]) -> Tensor:
    axes = [_Axis.read(f"{where}: axes", each) for each in found["axes"]]
    letters = _require_two_d(where, "".join(each.letter for each in axes))
    in_plane = {each.letter: each for each in axes if each.letter in "yx"}
    nm = [in_plane[letter].nm for letter in "yx" if letter in in_plane]
    named = [name for each in axes for name in each.names]
    return Tensor(
        letters,
        {each.letter: each.size for each in axes if each.size is not None},
        tuple(found.get("preprocessing") or found.get("postprocessing") or ()),
        (str(found.get("id", "")), *named),
        max((each.halo for each in in_plane.values()), default=0),
        (nm[0], nm[1]) if len(nm) == 2 and nm[0] and nm[1] else None,
    )


@dataclass(frozen=True)
class _Axis:
    letter: str
    size: tuple[int, int] | None
    names: tuple[str, ...]
    halo: int
    nm: float | None

    @classmethod
    def read(cls, where: str, found: Mapping[str, Any]) -> _Axis:
        kind = str(found["type"])
        letter = str(found.get("id", ""))[:1] if kind == "space" else _LETTERS.get(kind, "?")
        names = tuple(map(str, found.get("channel_names") or ()))
        per_unit = nm_per_unit(found.get("unit") or "")
        return cls(
            letter,
            _size_0_5(where, letter, found, len(names)),
            names,
            int(found.get("halo", 0)),
            None if per_unit is None else per_unit * float(found.get("scale", 1.0)),
        )


def _size_0_5(
    where: str, letter: str, found: Mapping[str, Any], named: int
) -> tuple[int, int] | None:
    size = found.get("size", named if letter == "c" else None)
    if isinstance(size, int):
        return size, 0
    if isinstance(size, Mapping) and "step" in size:
        return int(size["min"]), int(size["step"])
    if isinstance(size, Mapping) and "tensor_id" in size:
        if letter in "yx":
            _require_same(where, letter, 1, size.get("offset", 0))
        return None
    if letter in "yx":
        raise unmet(f"{where}: {letter}: size", size, "a size that is known before")
    return None


def _require_same(where: str, axis: str, scale: Any, offset: Any) -> None:
    if scale != 1 or offset != 0:
        raise unmet(
            f"{where}: {axis}",
            f"scale {scale}, offset {offset}",
            "an output as large as the input (scale 1, offset 0)",
        )
