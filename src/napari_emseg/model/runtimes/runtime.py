"""What runs a network, tiles in and its channels out, and the choice of it.

Neither keras nor openvino is loaded before one of them is chosen.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Protocol

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.networks.foreign import ForeignNetwork
from napari_emseg.errors import DeviceError, MissingPackageError, ModelError, SettingError
from napari_emseg.io.file_fingerprint import FileFingerprint
from napari_emseg.model.hardware.backend import load_backend
from napari_emseg.model.hardware.device_choice import has_gpu_for_keras, matching_devices
from napari_emseg.model.packages.package import ModelPackage, read_package
from napari_emseg.model.runtimes.converted import int8_weights, onnx_weights
from napari_emseg.types import Float32Array, Log, OnEvent

_log = logging.getLogger(__name__)


class Runtime(Protocol):
    """Something that runs a network on a device.

    Attributes
    ----------
    name : str
        What runs it and where, such as ``OpenVINO int8 on cpu:0``.
    device : str
        Where, such as ``cpu:0``.
    tile_size : int
        Edge in px of the tiles that suit it: larger ones take more memory than they save time.
    maps : float
        Feature maps of full size and single precision that it holds at once, at most, for each
        base filter; `benchmarks/bench_memory.py` measures whole predictions.
    """

    name: str
    device: str
    tile_size: int
    maps: float

    def __call__(self, tiles: Float32Array) -> Float32Array:
        """Predict tiles (N, Y, X, C) of C input slices each; gives channels (N, Y, X, K).

        The tiles are of one shape, float32, with mean 0 and deviation 1. What the channels mean
        says `core.classes`.

        Raises
        ------
        MemoryError
            If the device has too little for so many tiles of that size.
        DeviceError
            If the device cannot run the network.
        """
        ...


def load_runtime(
    package: ModelPackage,
    device: str = "auto",
    config: PredictConfig = PredictConfig(),
    on_event: OnEvent = lambda _: None,
) -> Runtime:
    """The runtime of a package on a device, kept loaded for the next call.

    Parameters
    ----------
    package : ModelPackage
        The model.
    device : str
        ``auto``, ``cpu``, ``gpu`` or ``gpu:0``.
    config : PredictConfig
        Which runtime, and whether it must be exact.
    on_event : callable
        Receives a `Log` where it takes long, or is not what a person may expect.

    Raises
    ------
    ModelError, DeviceError
        If the weights cannot be read, there is no such device, or OpenVINO was asked for and is
        not there.
    """
    if isinstance(package.info.network, ForeignNetwork):
        return _load_foreign(package, package.info.network, device, config)
    if choose_runtime(device, config.runtime) == "openvino":
        try:
            return _load_openvino(package, device, config, on_event)
        except ModelError as error:
            if config.runtime == "openvino":
                raise
            on_event(Log(f"Keras runs the network, because OpenVINO cannot: {error}"))
    load_backend()
    return _load_keras(FileFingerprint.of(package.weights), device)


def choose_runtime(device: str, runtime: str = "auto") -> str:
    """What runs the networks on a device: a GPU that works first, else OpenVINO, else Keras."""
    if runtime != "auto":
        return runtime
    if not device.startswith("cpu") and matching_devices(device, _keras_gpus()):
        return "keras"
    return "openvino" if matching_devices(device, openvino_devices()) else "keras"


def available_devices() -> list[str]:
    """Devices that a prediction can take, GPUs first; Keras is asked where that is worth it."""
    return list(dict.fromkeys([*_keras_gpus(), *openvino_devices(), "cpu:0"]))


def _keras_gpus() -> list[str]:
    """GPUs that Keras can compute on; where there is none for it, it is not even loaded."""
    if not has_gpu_for_keras():
        return []
    try:
        load_backend()
    except MissingPackageError as error:
        _log.debug("no Keras: %s", error)
        return []
    from napari_emseg.model.hardware.devices import list_devices

    return [each for each in list_devices() if each.startswith("gpu")]


def openvino_devices() -> list[str]:
    """What OpenVINO can compute on; empty where it is not installed."""
    try:
        from napari_emseg.model.runtimes.openvino_runtime import list_openvino_devices
    except ImportError as error:
        _log.debug("no OpenVINO: %s", error)
        return []
    return list_openvino_devices()


def _load_openvino(
    package: ModelPackage, device: str, config: PredictConfig, on_event: OnEvent
) -> Runtime:
    """The int8 form where it is wanted, or good and not unwanted; else the exact one."""
    _require_openvino("Keras")
    if config.int8 or (package.info.int8_is_good and not config.exact):
        try:
            return _load_ir(FileFingerprint.of(int8_weights(package)), device, is_int8=True)
        except (ModelError, OSError) as error:
            on_event(Log(f"The model's fast int8 form cannot be used: {error}"))
    return _load_ir(FileFingerprint.of(onnx_weights(package, on_event)), device, is_int8=False)


def _load_foreign(
    package: ModelPackage, network: ForeignNetwork, device: str, config: PredictConfig
) -> Runtime:
    """A network of others, which OpenVINO alone runs, and exactly."""
    for name, unwanted in (("runtime", config.runtime == "keras"), ("int8", config.int8)):
        if unwanted:
            raise SettingError(
                f"{name}: {package.info.name!r} is a network of others (ONNX), which OpenVINO runs "
                f"in single precision; leave {name} as it is by default"
            )
    _require_openvino()
    from napari_emseg.model.runtimes.adapted import WholeTiles

    weights = FileFingerprint.of(onnx_weights(package))
    return WholeTiles(_load_ir(weights, device, is_int8=False, described=network), network)


def _require_openvino(*others: str) -> None:
    if not openvino_devices():
        way_out = "".join(f", or have {each} run the network" for each in others)
        raise DeviceError(
            f"runtime: OpenVINO is not installed; run 'python -m pip install openvino'{way_out}",
            **({"runtime": "keras"} if others else {}),
        )


@lru_cache(maxsize=2)
def _load_ir(
    weights: FileFingerprint,
    device: str,
    *,
    is_int8: bool,
    described: ForeignNetwork | None = None,
) -> Runtime:
    from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime

    return OpenVinoRuntime(weights.path, device, is_int8=is_int8, described=described)


@lru_cache(maxsize=2)
def _load_keras(weights: FileFingerprint, device: str) -> Runtime:
    from napari_emseg.model.hardware.devices import on_device
    from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network

    with on_device(device) as name:
        return KerasRuntime(load_network(read_package(weights.path.parent)), name)
