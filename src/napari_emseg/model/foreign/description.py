"""What a description in the bioimage.io form says of a network, as a prediction must know it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_emseg.core.config.foreign import ForeignConfig
from napari_emseg.core.config.terms import UNSTATED, TermsConfig
from napari_emseg.core.networks.foreign import ForeignNetwork, Step
from napari_emseg.model.foreign.steps import steps_after, steps_before
from napari_emseg.model.foreign.tensors import Tensor, read_tensor
from napari_emseg.model.foreign.unmet import unmet
from napari_emseg.types import VoxelSize

FORMATS = ("0.4", "0.5")

_SIGNS = {
    "membrane": re.compile(r"membran|bound|border|edge|contour|outline", re.IGNORECASE),
    "cell": re.compile(r"cell|interior|foreground|neurit|cytoplasm|inside", re.IGNORECASE),
}
"""By what a channel's name tells what it shows; looked for in this order."""


@dataclass(frozen=True)
class Description:
    """What others say of their model.

    Parameters
    ----------
    name : str
        What they call it.
    network : ForeignNetwork
        What goes in, and what of the output counts.
    voxel_size_nm : tuple of float, optional
        (Z, Y, X) of what it learned on; of Z nobody knows, and it is taken for Y.
    threshold : float
        A pixel is cell where its probability is above this.
    terms : TermsConfig
        Who made it, and its licence.
    """

    name: str
    network: ForeignNetwork
    voxel_size_nm: VoxelSize | None
    threshold: float
    terms: TermsConfig


def of_form(name: str, given: Mapping[str, Any]) -> Description:
    """What a person says of a bare ONNX file; the rest is as `ForeignConfig` has it."""
    form = ForeignConfig().changed(given)
    network = ForeignNetwork(
        axes=form.axes,
        input_slices=form.input_slices,
        before=_normalisation(form),
        multiple=_power_of_two_in(form.tile_px) if form.tile_px else form.multiple_px,
        tile_px=form.tile_px,
        least_px=form.tile_px or form.multiple_px,
        margin_px=form.margin_px,
    )
    return _with_form(name, network, None, TermsConfig(), form.to_dict())


def of_rdf(rdf: Mapping[str, Any], given: Mapping[str, Any]) -> Description:
    """What a description says; what a person has ``given`` of `ForeignConfig` comes before it.

    Raises
    ------
    ModelError
        If there is something in it that is not done here, which is named.
    """
    version = str(rdf.get("format_version"))
    if not version.startswith(FORMATS):
        raise unmet("format_version", version, f"one of {', '.join(FORMATS)}")
    into, out = (_the_tensor(rdf, where) for where in ("inputs", "outputs"))
    if into.axes != out.axes:
        raise unmet("outputs: axes", out.axes, f"those of the input, {into.axes}")
    slices = int(given.get("input_slices", 1))
    if (channels := into.sizes.get("c", (1, 0))[0]) != slices:
        raise unmet(
            "inputs: channels", channels,
            "1, or 3 where they are neighbouring slices, which a person has to say",
            **({"input_slices": 3} if channels == 3 else {}),
        )  # fmt: skip
    least, step = _tile(into)
    network = ForeignNetwork(
        axes=into.axes,
        input_slices=slices,
        before=steps_before("inputs: preprocessing", into.steps, slices),
        after=steps_after("outputs: postprocessing", out.steps),
        multiple=step or _power_of_two_in(least),
        least_px=least,
        tile_px=0 if step else least,
        margin_px=out.halo or ForeignConfig().margin_px,
        **_guess(out.names),
    )
    voxel = None if into.pixel_nm is None else (into.pixel_nm[0], *into.pixel_nm)
    return _with_form(str(rdf.get("name", "")), network, voxel, _terms(rdf), given)


def _the_tensor(rdf: Mapping[str, Any], where: str) -> Tensor:
    found = rdf[where]
    if where == "inputs" and len(found) != 1:
        raise unmet(where, [str(each.get("name", each.get("id"))) for each in found], "one")
    return read_tensor(where, found[0])


def _tile(into: Tensor) -> tuple[int, int]:
    """Smallest height and width, and the step in which they grow; 0 where they do not."""
    rows, columns = into.sizes["y"], into.sizes["x"]
    if rows != columns and not (rows[1] and columns[1]):
        raise unmet("inputs: size", f"{rows} x {columns}", "as many rows as columns")
    step = math.lcm(rows[1], columns[1])
    if step and (rows[0] % step or columns[0] % step):
        return math.lcm(rows[0], columns[0]), 0  # sizes between the steps: the smallest alone
    return max(rows[0], columns[0]), step


def _power_of_two_in(length: int) -> int:
    """The largest power of two, up to 32, that divides a length."""
    return math.gcd(length, 32)


def _guess(names: Sequence[str]) -> dict[str, Any]:
    """What counts, by the names of the output (the first) and its channels; empty if unknown."""
    tensor, *channels = names
    for named in (channels, [tensor] if len(channels) < 2 else []):
        for shows, sign in _SIGNS.items():
            for channel, name in enumerate(named):
                if sign.search(name):
                    return {"channel": channel, "shows": shows}
    return {}


def _normalisation(form: ForeignConfig) -> tuple[Step, ...]:
    found: dict[str, float]
    match form.normalisation:
        case "scale_range":
            found = {"min_percentile": form.min_percentile, "max_percentile": form.max_percentile}
        case "scale_linear":
            found = {"gain": form.gain}
        case "zero_mean_unit_variance":
            found = {}
        case _:
            return ()
    step = {"id": form.normalisation, "kwargs": {"axes": "yx", **found}}
    return steps_before("normalisation", [step], form.input_slices)


def _with_form(
    name: str,
    network: ForeignNetwork,
    voxel_size_nm: VoxelSize | None,
    terms: TermsConfig,
    given: Mapping[str, Any],
) -> Description:
    """A network as described, and over it what a person has said."""
    form = ForeignConfig().changed(given)
    changes: dict[str, Any] = {}
    if "channel" in given:
        changes["channel"] = form.channel - 1
    if form.shows != "unknown":
        changes["shows"] = form.shows
    if "normalisation" in given:
        changes["before"] = _normalisation(form)
    if form.activation != "none":
        changes["after"] = (*network.after, Step(form.activation))
    if "margin_px" in given:
        changes["margin_px"] = form.margin_px
    if form.pixel_nm:
        voxel_size_nm = (form.pixel_nm, form.pixel_nm, form.pixel_nm)
    return Description(name, replace(network, **changes), voxel_size_nm, form.threshold, terms)


def _terms(rdf: Mapping[str, Any]) -> TermsConfig:
    """Authors, and the licence where it is one that we know; another one stands with the data."""
    authors = [str(each.get("name", "")) for each in rdf.get("authors") or ()]
    said = str(rdf.get("license") or UNSTATED)
    known = next(each.choices for each in TermsConfig.settings() if each.name == "license")
    author = ", ".join(each for each in authors if each)
    if said in known:
        return TermsConfig(author, said)
    return TermsConfig(author, UNSTATED, f"the model itself is under {said}")
