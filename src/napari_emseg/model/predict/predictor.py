"""A model on a device, that predicts slices in pieces as large as its memory allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.networks.network import Network
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.core.segment.tiling import Region, Tile, plan_tiles
from napari_emseg.core.segment.tissue import Tissue
from napari_emseg.errors import DeviceError, MemoryShortError
from napari_emseg.model.hardware.memory import (
    bytes_at_once,
    fit_to_memory,
    free_memory,
    in_smaller_pieces,
)
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.predict.predict import TileBuffer, predict_slice
from napari_emseg.model.runtimes.runtime import Runtime, load_runtime
from napari_emseg.types import Float32Array, Log, OnEvent


@dataclass(frozen=True)
class CostEstimate:
    """What the prediction of one slice will take.

    Parameters
    ----------
    runtime : str
        What will compute and where, such as ``OpenVINO int8 on cpu:0``.
    tiles : int
        Into how many the slice is cut.
    seconds : float
        How long it takes, as measured with one tile.
    bytes_at_once : int
        Memory beside the network itself.
    resampling : Resampling
        What slices go through the network with.
    """

    runtime: str
    tiles: int
    seconds: float
    bytes_at_once: int
    resampling: Resampling = AS_IT_IS


class Predictor:
    """Predicts slices, with less at a time where memory turns out too short.

    First fewer tiles go through the network together, then smaller ones, then the processor takes
    over; it stays so for the slices that follow, and a `Log` says so once.

    Parameters
    ----------
    load : callable
        Gives the runtime on a device, as `load_runtime` does.
    network : Network
        The network's shape.
    device : str
        ``auto``, ``cpu``, ``gpu`` or ``gpu:0``.
    config : PredictConfig
        Largest tiles and batches, and whether to average over all orientations.
    on_event : callable
        Receives a `Log` where something had to change.
    resampling : Resampling
        To the pixel size that the network learned on.
    """

    def __init__(
        self,
        load: Callable[[str], Runtime],
        network: Network,
        device: str,
        config: PredictConfig,
        on_event: OnEvent = lambda _: None,
        resampling: Resampling = AS_IT_IS,
    ) -> None:
        self._load, self.network, self._resampling = load, network, resampling
        self._wanted, self._on_event = config, on_event
        self._runtime = load(device)
        self._room = TileBuffer()
        self._fitted: dict[tuple[int, int], PredictConfig] = {}

    @classmethod
    def of(
        cls,
        package: ModelPackage,
        device: str = "auto",
        config: PredictConfig = PredictConfig(),
        on_event: OnEvent = lambda _: None,
        resampling: Resampling = AS_IT_IS,
    ) -> Predictor:
        """The predictor of a model package; raises what `load_runtime` does."""
        load = partial(load_runtime, package, config=config, on_event=on_event)
        return cls(load, package.info.network, device, config, on_event, resampling)

    @property
    def runtime(self) -> str:
        """What computes and where, such as ``OpenVINO int8 on cpu:0``."""
        return self._runtime.name

    def __call__(
        self,
        image: npt.NDArray[Any],
        region: Region | None = None,
        tissue: Sequence[Tissue] | None = None,
    ) -> Float32Array:
        """Predict a slice (C, Y, X) or a region of it; gives channels (Y, X, K).

        Where the image is a part of a slice, ``tissue`` says what its grey values are in the whole.

        Raises
        ------
        MemoryShortError
            If even the smallest tiles are too large for the processor's memory.
        """
        shape = self._resampling.shape((image.shape[1], image.shape[2]))
        trouble: Exception | None = None
        while True:
            config = self._config_for(shape)
            try:
                result = predict_slice(
                    image, self._runtime, self.network, config, region, self._room,
                    self._resampling, tissue,
                )  # fmt: skip
            except (MemoryError, DeviceError) as error:
                self._ask_for_less(shape, config, error)
                trouble = error
            else:
                if trouble is not None:
                    self._tell(shape, trouble)
                return result

    def cost(self, shape: tuple[int, int]) -> CostEstimate:
        """What the prediction of a slice (Y, X) will take; computes one blank tile, twice.

        The first one has the network compiled, so that no slice has to wait for it.
        """
        shape = self._resampling.shape(shape)
        config = self._config_for(shape)
        tiles = self._tiles(shape, config)
        blank = np.zeros((1, *tiles[0].shape, self.network.input_slices), np.float32)
        self._runtime(blank)
        begun = time.monotonic()
        self._runtime(blank)
        seconds = (time.monotonic() - begun) * len(tiles) * (8 if config.tta else 1)
        memory = bytes_at_once(shape, self.network, config, self._runtime.maps)
        return CostEstimate(self.runtime, len(tiles), seconds, memory, self._resampling)

    def _config_for(self, shape: tuple[int, int]) -> PredictConfig:
        """Tiles and batches for slices of a shape, on the device that computes now."""
        if shape not in self._fitted:
            device, wanted = self._runtime.device, self._wanted
            tile_size = wanted.tile_size or self._runtime.tile_size
            if self.network.tile_px:
                tile_size = min(tile_size, self.network.tile_px)
            self._fitted[shape] = fit_to_memory(
                shape, self.network, replace(wanted, tile_size=tile_size),
                maps=self._runtime.maps,
                free_bytes=free_memory(device), on_gpu=device.startswith("gpu"),
            )  # fmt: skip
        return self._fitted[shape]

    def _tiles(self, shape: tuple[int, int], config: PredictConfig) -> list[Tile]:
        return plan_tiles(shape, config.tile_size, self.network.reach, self.network.multiple)

    def _ask_for_less(
        self, shape: tuple[int, int], config: PredictConfig, error: MemoryError | DeviceError
    ) -> None:
        """Take smaller pieces, else the processor; raise where there is nothing less to ask for."""
        smaller = None
        if isinstance(error, MemoryError):
            smaller = in_smaller_pieces(shape, self.network, config, self._runtime.maps)
        if smaller is not None:
            self._fitted[shape] = smaller
        elif self._runtime.device.startswith("gpu"):
            self._runtime = self._load("cpu")
            self._fitted.clear()
        elif isinstance(error, DeviceError):
            raise error
        else:
            raise MemoryShortError(
                f"stack: there is too little free memory for a slice of {shape[0]} x {shape[1]} "
                "px, even tile by tile; close other programs, or take a machine with more"
            ) from error

    def _tell(self, shape: tuple[int, int], trouble: Exception) -> None:
        """Say once, in the end, what has changed and why."""
        if isinstance(trouble, DeviceError):
            self._on_event(Log(f"{self.runtime} goes on, because: {trouble}"))
            return
        config = self._config_for(shape)
        height, width = self._tiles(shape, config)[0].shape
        self._on_event(
            Log(
                f"Memory was short, so {self.runtime} goes on with tiles of {height} x {width} px, "
                f"{config.batch_size} at a time."
            )
        )
