"""A model of others is tried: its own test must come out as described.

Run as ``python -m napari_emseg.model.foreign.trial PACKAGE OUT``, in a process of its own: OpenVINO
reads what strangers have made there, and not beside a person's window.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.networks.foreign import ForeignNetwork
from napari_emseg.core.networks.grey_steps import grey_values
from napari_emseg.core.segment.tiling import round_up
from napari_emseg.errors import EmsegError, ModelError
from napari_emseg.io.samples import phantom
from napari_emseg.model.packages.package import (
    TEST_INPUT,
    TEST_OUTPUT,
    ModelPackage,
    read_package,
)
from napari_emseg.model.runtimes.adapted import WholeTiles
from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime
from napari_emseg.types import Float32Array

_TOLERANCE = 1e-3
"""What a probability may be off, as bioimage.io's own test has it."""
_TRIED_PX = 256
_LARGEST_TEST_PX = 4096


def try_out(package: ModelPackage) -> int:
    """How many values the network's widest operation makes for each pixel, once it was tried."""
    network = package.info.network
    assert isinstance(network, ForeignNetwork)
    runtime = OpenVinoRuntime(package.onnx, described=network)
    runs = WholeTiles(runtime, network)
    if (package.folder / TEST_INPUT).is_file():
        image = _image(_load(package, TEST_INPUT), network)
        expected = _expected(_load(package, TEST_OUTPUT), network)
        found = runs(_tiles(image, network))[0, ..., 0]
        _require_alike(found, expected)
    else:
        found = runs(_tiles(_sample(network), network))[0, ..., 0]
        if not np.ptp(found) > 0:
            raise ModelError(
                f"model: of a slice of tissue it makes {found.flat[0]:g} everywhere; check grey "
                "values and axes"
            )
    _require_probability(found)
    return runtime.widest


def _load(package: ModelPackage, name: str) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(package.folder / name, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"model: {name} cannot be read ({error})") from error
    if array.ndim != 4 or max(array.shape) > _LARGEST_TEST_PX or array.dtype.kind not in "biuf":
        raise ModelError(
            f"model: {name} has shape {array.shape} of {array.dtype}; expected numbers with four "
            f"axes, none longer than {_LARGEST_TEST_PX}"
        )
    return np.asarray(array)


def _image(given: npt.NDArray[Any], network: ForeignNetwork) -> npt.NDArray[Any]:
    """The first image of a test as slices (C, Y, X)."""
    image: npt.NDArray[Any] = _in_order(given, network.axes, "bcyx")[0]
    if len(image) != network.input_slices:
        raise ModelError(
            f"model: {TEST_INPUT} has {len(image)} channels; expected {network.input_slices}"
        )
    return image


def _expected(said: npt.NDArray[Any], network: ForeignNetwork) -> Float32Array:
    """What a test expects as the probability of cell (Y, X)."""
    channels = _in_order(said, network.axes, "bcyx")[0]
    if network.channel >= len(channels):
        raise ModelError(
            f"model: channel: the output has {len(channels)}, received {network.channel + 1}",
            channel=1,
        )
    shown = channels[network.channel].astype(np.float32)
    cell: Float32Array = shown if network.shows == "cell" else np.float32(1) - shown
    return cell


def _in_order(values: npt.NDArray[Any], axes: str, wanted: str) -> npt.NDArray[Any]:
    return values.transpose([axes.index(each) for each in wanted])


def _tiles(image: npt.NDArray[Any], network: ForeignNetwork) -> Float32Array:
    """Slices (C, Y, X) as one tile (1, Y, X, C), as a prediction gives it to the network."""
    scaled = [grey_values(each, None, network.before).normalise(each) for each in image]
    return np.stack(scaled, axis=-1)[np.newaxis]


def _sample(network: ForeignNetwork) -> npt.NDArray[Any]:
    """Some tissue (C, Y, X), of a size that the network takes."""
    edge = network.tile_px or round_up(max(_TRIED_PX, network.least_px), network.multiple)
    image, _ = phantom()
    slices = [np.asarray(image.data[k]) for k in range(network.input_slices)]
    times = -(-edge // min(slices[0].shape))
    return np.stack([np.tile(each, (times, times))[:edge, :edge] for each in slices])


def _require_alike(found: Float32Array, expected: Float32Array) -> None:
    if found.shape != expected.shape:
        raise ModelError(
            f"model: its own test is not reproduced: {found.shape} px come out, {expected.shape} "
            "are described"
        )
    beside = np.abs(found - expected)
    allowed = _TOLERANCE * (1 + np.abs(expected))
    if not np.all(beside <= allowed):
        share = float(np.mean(~(beside <= allowed)))
        raise ModelError(
            f"model: its own test is not reproduced: {share:.1%} of the pixels differ, by up to "
            f"{np.nanmax(beside):.3g}; expected at most {_TOLERANCE:g}. Its description does not "
            "fit its weights, or what was said of grey values, channel or activation does not fit"
        )


def _require_probability(found: Float32Array) -> None:
    low, high = float(found.min()), float(found.max())
    if not (low >= -_TOLERANCE and high <= 1 + _TOLERANCE):
        raise ModelError(
            f"model: what comes out is {low:.3g} to {high:.3g}; expected a probability, 0 to 1. "
            "Say what is still to be done to it (activation)",
            activation="sigmoid",
        )


def main(folder: str, out: str) -> None:
    """Try the package in ``folder``, and write what was found into the file ``out``."""
    try:
        found: dict[str, Any] = {"widest": try_out(read_package(Path(folder)))}
    except EmsegError as error:
        found = {"error": str(error)}
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
