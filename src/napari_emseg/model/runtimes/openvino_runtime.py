"""Networks run by OpenVINO, on the processor or on Intel graphics, without Keras."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from napari_emseg.core.networks.foreign import ForeignNetwork
from napari_emseg.errors import DeviceError, ModelError
from napari_emseg.io.folders import cache_folder
from napari_emseg.model.hardware.device_choice import pick_device
from napari_emseg.model.hardware.memory import memory_errors
from napari_emseg.model.hardware.threads import threads_to_use
from napari_emseg.model.runtimes._openvino import openvino as ov
from napari_emseg.model.runtimes.adapted import adapt
from napari_emseg.model.runtimes.conversion_cache import keep_newest
from napari_emseg.model.runtimes.openvino_guard import check_file, check_kinds, check_sizes
from napari_emseg.types import Float32Array

_SHAPES_KEPT = 4
"""Compiled shapes: of a slice and of its tiles, and of both on their side for test-time flips."""
_EXACT_TILES, _INT8_TILES = (1088, 5.5), (2048, 2.5)
"""Edge of the largest tiles, so that a slice of 4096 x 4096 px takes less than 500 MB with 16 base
filters, and the feature maps that were seen to take up memory (`Runtime`)."""
_COMPILED_KEPT = 40
"""Compiled networks on disk; each is as large as its weights."""
_HOW: dict[str, object] = {
    # one tile at a time, on all cores: neither batches nor several streams are faster
    "PERFORMANCE_HINT": "LATENCY",
    # else a processor that knows bfloat16 takes it, and the third digit is lost
    "INFERENCE_PRECISION_HINT": "f32",
    # a thread that is bound to a core waits for whatever else runs there, and the others for it
    "ENABLE_CPU_PINNING": False,
}
_WAY_OUT = "OpenVINO knows the processor and Intel graphics; for another GPU have Keras run it; "
_WAY_OUT_OF_OTHERS = "networks of others run on the processor and on Intel graphics alone; "
_log = logging.getLogger(__name__)


class OpenVinoRuntime:
    """Runs a network with OpenVINO, tile by tile, each shape compiled once.

    Parameters
    ----------
    weights : Path
        ONNX, or OpenVINO's own form (``.xml`` with a ``.bin`` beside it).
    device : str
        ``auto`` (Intel graphics where there are any), ``cpu``, ``gpu`` or ``gpu:0``.
    is_int8 : bool
        Whether it computes with 8-bit integers.
    described : ForeignNetwork, optional
        What goes into a network of others, and what comes out.

    Attributes
    ----------
    widest : int
        Values that an operation makes for each pixel, at most, of the shapes that were run.

    Raises
    ------
    ModelError, DeviceError
        If the weights cannot be read, or there is no such device.
    """

    def __init__(
        self,
        weights: Path,
        device: str = "cpu",
        *,
        is_int8: bool = False,
        described: ForeignNetwork | None = None,
    ) -> None:
        devices = _devices()
        # networks of others run nowhere else
        self._mending = {"runtime": "keras"} if described is None else {}
        way_out = _WAY_OUT if described is None else _WAY_OUT_OF_OTHERS
        chosen = pick_device(device, list(devices), way_out, **self._mending)
        self.name, self.device = f"OpenVINO{' int8' if is_int8 else ''} on {chosen}", chosen
        self.tile_size, self.maps = _INT8_TILES if is_int8 else _EXACT_TILES
        self._openvino_name = devices[chosen]
        self._network, self._weights, self.widest = _read(weights, described), weights, 1
        # the ends of (N, Y, X, C) and (N, Y, X, K), which no tile changes
        self._slices, self._channels = (
            port.get_partial_shape()[3].get_length()
            for port in (self._network.input(0), self._network.output(0))
        )
        self._request_for = lru_cache(_SHAPES_KEPT)(self._compile)
        # a request computes one tile at a time, and threads share the runtime of a model
        self._one_at_a_time = threading.Lock()

    def __call__(self, tiles: Float32Array) -> Float32Array:
        """Predict tiles (N, Y, X, C); gives float32 channels (N, Y, X, K)."""
        tiles = np.require(tiles, np.float32, ["C_CONTIGUOUS", "WRITEABLE"])
        channels = np.empty((*tiles.shape[:3], self._channels), np.float32)
        with self._one_at_a_time, self._errors(), memory_errors():
            self._infer(tiles, channels)
        return channels

    def _infer(self, tiles: Float32Array, channels: Float32Array) -> None:
        request = self._request_for(tiles.shape[1], tiles.shape[2])
        for k in range(len(tiles)):
            # read and written where they are, without a copy
            request.set_input_tensor(ov.Tensor(tiles[k : k + 1], shared_memory=True))
            request.set_output_tensor(ov.Tensor(channels[k : k + 1], shared_memory=True))
            request.infer()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """A network that a device cannot run, such as Intel graphics with an old driver."""
        try:
            yield
        except RuntimeError as error:
            _log.debug("%s", error)
            raise DeviceError(
                f"device: OpenVINO cannot run this network on {self.device} "
                f"({str(error).strip().splitlines()[-1]}); choose another device"
                f"{', or have Keras run it' if self._mending else ''}",
                **self._mending,
            ) from error

    def _compile(self, height: int, width: int) -> ov.InferRequest:
        """The network for tiles of one shape; a fixed shape is faster than any."""
        network = self._network.clone()
        with _as_model_error(self._weights, **self._mending):
            _reshape(network, [1, height, width, self._slices])
            self.widest = max(self.widest, check_sizes(network, self._weights))
            if (out := tuple(network.output(0).shape)) != (1, height, width, self._channels):
                raise ValueError(f"of {height} x {width} px it makes {out[1]} x {out[2]} px")
        how = _HOW | _kept_on_disk()
        if threads_to_use() and self.device.startswith("cpu"):
            how["INFERENCE_NUM_THREADS"] = threads_to_use()
        return _core().compile_model(network, self._openvino_name, how).create_infer_request()


def _reshape(network: ov.Model, shape: list[int]) -> None:
    try:
        network.reshape(shape)
    except RuntimeError as error:
        raise ValueError(
            f"it takes no tiles of {shape[1]} x {shape[2]} px, or none with such axes"
        ) from error


@cache
def _core() -> ov.Core:
    return ov.Core()


def list_openvino_devices() -> list[str]:
    """Devices by name, GPUs first: ``["gpu:0", "cpu:0"]``."""
    return list(_devices())


def describe_openvino_device(device: str) -> str:
    """What the maker calls a device, such as ``Intel(R) Iris(R) Xe Graphics``."""
    return str(_core().get_property(_devices()[device], "FULL_DEVICE_NAME"))


@cache
def _devices() -> dict[str, str]:
    """OpenVINO's devices by our names, GPUs first: ``{"gpu:0": "GPU", "cpu:0": "CPU"}``."""
    present = _core().available_devices
    gpus = [each for each in present if each.split(".")[0] == "GPU"]
    processors = [each for each in present if each == "CPU"]
    return {
        f"{kind}:{k}": each
        for kind, found in (("gpu", gpus), ("cpu", processors))
        for k, each in enumerate(found)
    }


def _read(weights: Path, described: ForeignNetwork | None) -> ov.Model:
    mending = {"runtime": "keras"} if described is None else {}
    with _as_model_error(weights, **mending):
        check_file(weights)
        network = _core().read_model(weights)
        check_kinds(network, of_others=described is not None)
        return network if described is None else adapt(network, described)


@contextmanager
def _as_model_error(weights: Path, **mending: str) -> Iterator[None]:
    try:
        with memory_errors():
            yield
    except (RuntimeError, ValueError, OSError) as error:
        _log.debug("%s", error)
        said = f" ({error})" if isinstance(error, ValueError) else ""  # OpenVINO's are pages long
        way_out = "train or import the model again, or have Keras run it"
        raise ModelError(
            f"model: OpenVINO cannot read {weights}{said}; "
            f"{way_out if mending else 'describe it otherwise, or export it anew'}",
            **mending,
        ) from error


def _kept_on_disk() -> dict[str, str]:
    """Have what is compiled kept for the next process, where that can be written."""
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    keep_newest(folder, _COMPILED_KEPT)
    return {"CACHE_DIR": str(folder)}
