"""The steps of a description, before and after its network, as ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from napari_emseg.core.networks.foreign import AFTER, BEFORE, Step
from napari_emseg.model.foreign.unmet import unmet

_EPSILON = 1e-6
"""What the specification adds where a description does not say how much."""

_WITHIN_SLICE = frozenset("yx")


def steps_before(where: str, found: Sequence[Mapping[str, Any]], channels: int) -> tuple[Step, ...]:
    """What is done to grey values; each step as a description of 0.4 or 0.5 has it.

    Raises
    ------
    ModelError
        If one is not known here, or needs more than the slice; it is named.
    """
    return _steps(where, found, BEFORE, channels)


def steps_after(where: str, found: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """What is done to the output; see `steps_before`."""
    return _steps(where, found, AFTER, 1)


def _steps(
    where: str, found: Sequence[Mapping[str, Any]], known: Sequence[str], channels: int
) -> tuple[Step, ...]:
    steps = (_step(where, each, known, channels) for each in found)
    return tuple(each for each in steps if each is not None)


def _step(where: str, found: Mapping[str, Any], known: Sequence[str], channels: int) -> Step | None:
    name = str(found.get("id", found.get("name")))
    values = dict(found.get("kwargs") or {})
    where = f"{where}: {name}"
    if name == "ensure_dtype" and str(values.get("dtype")).startswith("float"):
        return None  # everything is float32 here
    if name == "fixed_zero_mean_unit_variance" or (
        name == "zero_mean_unit_variance" and _mode(values, "fixed") == "fixed"
    ):
        return _fixed(where, values)
    if name not in known:
        raise unmet(where, values, f"one of {', '.join(known)}")
    if name in ("zero_mean_unit_variance", "scale_range"):
        _require_slice_alone(where, values, channels)
    return _OF[name](where, values)


def _mode(values: Mapping[str, Any], otherwise: str) -> str:
    """How 0.4 measures; 0.5 has a step of its own for fixed values."""
    named = "mean" in values or "mode" in values
    return str(values.get("mode", otherwise)) if named else "per_sample"


def _require_slice_alone(where: str, values: Mapping[str, Any], channels: int) -> None:
    """What is measured is measured on each slice, which all versions can say in their way."""
    if (mode := values.get("mode", "per_sample")) != "per_sample":
        raise unmet(f"{where}: mode", mode, "per_sample: each slice is scaled by itself")
    if reference := values.get("reference_tensor"):
        raise unmet(f"{where}: reference_tensor", reference, "none")
    axes = values.get("axes")
    if axes is None:
        axes = "cyx"
    letters = {str(each)[:1] for each in axes} - {"b"}
    if not letters >= _WITHIN_SLICE or (channels > 1 and "c" in letters):
        raise unmet(f"{where}: axes", axes, "y and x together, each slice by itself")


def _fixed(where: str, values: Mapping[str, Any]) -> Step:
    mean = _number(where, values, "mean")
    deviation = _number(where, values, "std")
    if "mode" in values:  # 0.4 adds to the deviation here, too
        deviation += _number(where, values, "eps", _EPSILON)
    return Step("scale_linear", (1 / deviation, -mean / deviation))


def _linear(where: str, values: Mapping[str, Any]) -> Step:
    gain, offset = _number(where, values, "gain", 1.0), _number(where, values, "offset", 0.0)
    if not gain:
        raise unmet(f"{where}: gain", gain, "another number than 0")
    return Step("scale_linear", (gain, offset))


def _clip(where: str, values: Mapping[str, Any]) -> Step:
    for name in ("min_percentile", "max_percentile"):
        if values.get(name) is not None:
            raise unmet(f"{where}: {name}", values[name], "min and max as numbers")
    ends = _number(where, values, "min", float("-inf")), _number(where, values, "max", float("inf"))
    return Step("clip", ends)


def _standard(where: str, values: Mapping[str, Any]) -> Step:
    return Step("zero_mean_unit_variance", (_number(where, values, "eps", _EPSILON),))


def _range(where: str, values: Mapping[str, Any]) -> Step:
    first = _number(where, values, "min_percentile", 0.0)
    last = _number(where, values, "max_percentile", 100.0)
    if not 0 <= first < last <= 100:
        raise unmet(where, values, "two percentiles of 0 to 100, the lower one first")
    return Step("scale_range", (first, last, _number(where, values, "eps", _EPSILON)))


def _plain(name: str) -> Callable[[str, Mapping[str, Any]], Step]:
    def make(where: str, values: Mapping[str, Any]) -> Step:
        axis = values.get("axis", "channel")
        if axis not in ("channel", "c"):
            raise unmet(f"{where}: axis", axis, "channel")
        return Step(name)

    return make


_OF: dict[str, Callable[[str, Mapping[str, Any]], Step]] = {
    "scale_linear": _linear,
    "clip": _clip,
    "zero_mean_unit_variance": _standard,
    "scale_range": _range,
    "sigmoid": _plain("sigmoid"),
    "softmax": _plain("softmax"),
}


def _number(
    where: str, values: Mapping[str, Any], name: str, otherwise: float | None = None
) -> float:
    """A number, or the one number in a list: one for all channels."""
    found = values.get(name)
    found = otherwise if found is None else found
    if isinstance(found, list) and len(set(map(str, found))) == 1:
        found = found[0]
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise unmet(f"{where}: {name}", found, "one number for all channels")
    return float(found)
