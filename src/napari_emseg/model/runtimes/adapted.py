"""Networks of others in the form that ours have: tiles (N, Y, X, C) in, probability of cell out."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.networks.foreign import ForeignNetwork, Step
from napari_emseg.model.runtimes._openvino import openvino as ov
from napari_emseg.model.runtimes._openvino import opset as ops
from napari_emseg.model.runtimes.runtime import Runtime
from napari_emseg.types import Float32Array

_OURS = "byxc"


def adapt(network: ov.Model, described: ForeignNetwork) -> ov.Model:
    """A network around that of others which takes and gives what ours do.

    Its own input is that of ours with its axes in another order; of its first output the channel
    that counts is made a probability of cell.

    Raises
    ------
    ValueError
        If it has not the axes that are described.
    """
    for what, ports in (("input", network.inputs), ("output", network.outputs[:1])):
        rank = ports[0].get_partial_shape().rank
        if len(ports) != 1 or rank.is_dynamic or rank.get_length() != len(_OURS):
            raise ValueError(
                f"it has {len(ports)} {what}s, the first with axes {ports[0].get_partial_shape()}; "
                f"expected one with four axes, {described.axes}"
            )
    _require_channels("input", network.inputs[0], described, described.input_slices, exactly=True)
    _require_channels("output", network.outputs[0], described, described.channel + 1)
    tiles = ops.parameter([-1, -1, -1, described.input_slices], np.float32, name="tiles")
    old = network.inputs[0]
    given = ops.transpose(tiles, _order(_OURS, described.axes))
    old.replace(ops.convert(given, old.get_element_type().to_dtype()).output(0))
    answer = network.outputs[0].get_node().input_value(0)
    cell = _probability(ops.convert(answer, np.float32).output(0), described)
    return ov.Model([ops.result(cell)], [tiles], "network of others")


def _require_channels(
    what: str, port: ov.Output, described: ForeignNetwork, wanted: int, *, exactly: bool = False
) -> None:
    channels = port.get_partial_shape()[described.axes.index("c")]
    if channels.is_dynamic:
        return
    if (there := channels.get_length()) < wanted or (exactly and there != wanted):
        raise ValueError(
            f"its {what} has {there} channels where axes are {described.axes}, expected "
            f"{'' if exactly else 'at least '}{wanted}"
        )


def _probability(answer: ov.Output, described: ForeignNetwork) -> ov.Output:
    """What the network says (axes as described) as the probability of cell (N, Y, X, 1)."""
    for step in described.after:
        answer = _done(answer, step, described.axes.index("c"))
    answer = ops.transpose(answer, _order(described.axes, _OURS)).output(0)
    first, last = (np.array([described.channel + more]) for more in (0, 1))
    # not gathered: of a channel that is not there, that reads what lies behind in memory
    one = ops.slice(answer, first, last, np.array([1]), np.array([3])).output(0)
    if described.shows == "cell":
        return one
    return ops.subtract(np.float32(1), one).output(0)


def _done(answer: ov.Output, step: Step, channels: int) -> ov.Output:
    match step.name, step.values:
        case "sigmoid", _:
            node = ops.sigmoid(answer)
        case "softmax", _:
            node = ops.softmax(answer, channels)
        case "clip", (least, most):
            node = ops.clamp(answer, least, most)
        case _, (gain, offset):
            node = ops.add(ops.multiply(answer, np.float32(gain)), np.float32(offset))
    return node.output(0)


def _order(axes: str, wanted: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([axes.index(each) for each in wanted], np.int64)


class WholeTiles:
    """A runtime whose network takes no tiles smaller than some, or those of one size alone.

    Smaller ones are mirrored at their lower and right border.

    Parameters
    ----------
    runtime : Runtime
        Runs the network.
    described : ForeignNetwork
        Says which sizes it takes.
    """

    def __init__(self, runtime: Runtime, described: ForeignNetwork) -> None:
        self._runtime, self._least = runtime, described.least_px
        self.name, self.device, self.maps = runtime.name, runtime.device, runtime.maps
        self.tile_size = described.tile_px or runtime.tile_size

    def __call__(self, tiles: Float32Array) -> Float32Array:
        """As `Runtime` has it."""
        rows, columns = tiles.shape[1:3]
        missing = [(0, max(0, self._least - length)) for length in (rows, columns)]
        if np.any(missing):
            tiles = np.pad(tiles, [(0, 0), *missing, (0, 0)], mode="reflect")
        return self._runtime(tiles)[:, :rows, :columns]
