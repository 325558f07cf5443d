"""How much memory a prediction takes, how much there is, and how to tell that it ran out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.networks.network import Network
from napari_emseg.core.segment.tiling import plan_tiles
from napari_emseg.errors import EmsegError
from napari_emseg.model.hardware.device_choice import ask_nvidia_smi, number_of_gpu
from napari_emseg.model.hardware.memory_limits import free_to_take
from napari_emseg.model.hardware.threads import share_of_machine

_SHARE = 0.5
"""Share of the free memory that a prediction may take."""
_SMALLEST_TILE_PX = 64
_MOST_AT_ONCE = 8
"""Tiles in a batch on a GPU; more are no faster."""
_SIGNS = (
    "outofmemory", "resourceexhausted", "badalloc", "outofhostmemory", "outofresources",
    "memobjectallocation", "failedtoallocate", "cannotallocatememory", "can'talloc",
    "failedtomapsegment", "resourcetemporarilyunavailable", "can'tstartnewthread",
)  # fmt: skip
"""What TensorFlow, JAX, PyTorch, OpenVINO and OpenCL call it, without spaces and underscores; the
last three are the words of system and Python where there is no room for a library or a thread."""


def bytes_at_once(
    shape: tuple[int, int], network: Network, config: PredictConfig, maps: float
) -> int:
    """Memory that the prediction of a slice (Y, X) takes beside the network itself.

    Parameters
    ----------
    maps : float
        Of the runtime, as all that is called so here (`model.runtimes.runtime.Runtime`).
    """
    tile = plan_tiles(shape, config.tile_size, network.reach, network.multiple)[0]
    pixels = tile.shape[0] * tile.shape[1] * max(1, config.batch_size)
    numbers = maps * network.first_filters + network.input_slices + network.channels
    slices = 2 * network.channels * shape[0] * shape[1]  # blended, and passed on
    return round(4 * (pixels * numbers + slices))


def fit_to_memory(
    shape: tuple[int, int],
    network: Network,
    config: PredictConfig,
    *,
    maps: float,
    free_bytes: float,
    on_gpu: bool,
) -> PredictConfig:
    """Tiles and batches for slices (Y, X) that take no more than half of the free memory.

    Tiles are as large as ``config`` allows, since small ones cost time, then a GPU gets as many
    at once as fit. What a person has set is only made smaller, and where even the smallest tiles
    take more, they are tried.
    """
    at_once = config.batch_size or (_MOST_AT_ONCE if on_gpu else 1)
    fitted = replace(config, batch_size=at_once)
    while bytes_at_once(shape, network, fitted, maps) > _SHARE * free_bytes:
        smaller = in_smaller_pieces(shape, network, fitted, maps)
        if smaller is None:
            break
        fitted = smaller
    return fitted


def in_smaller_pieces(
    shape: tuple[int, int], network: Network, config: PredictConfig, maps: float
) -> PredictConfig | None:
    """With half the tiles at once, or else smaller tiles; None where they are the smallest."""
    if config.batch_size > 1:
        return replace(config, batch_size=config.batch_size // 2)
    edge = max(plan_tiles(shape, config.tile_size, network.reach, network.multiple)[0].shape)
    smaller = replace(config, tile_size=max(_SMALLEST_TILE_PX, edge // 2))
    now, then = (bytes_at_once(shape, network, each, maps) for each in (config, smaller))
    return smaller if then < now else None


def free_memory(device: str) -> float:
    """Bytes that are free on a device such as ``gpu:0``; without end where nobody knows.

    Of a machine's memory it is what this process may take of it, and of that its share
    (`use_threads`).
    """
    if device.startswith("cpu"):
        return free_to_take() * share_of_machine()
    number = number_of_gpu(int(device.partition(":")[2] or 0))
    free_mib = ask_nvidia_smi("memory.free")
    return float(free_mib[number]) * 2**20 if number < len(free_mib) else math.inf


@contextmanager
def memory_errors() -> Iterator[None]:
    """Raise `MemoryError` in place of whatever a library raises where memory runs out."""
    try:
        yield
    except (MemoryError, EmsegError):
        raise
    except Exception as error:
        if says_memory_is_short(f"{type(error).__name__}: {error}"):
            raise MemoryError(str(error)) from error
        raise


def says_memory_is_short(text: str) -> bool:
    """Whether words of a library, or the last ones of a process, are about too little memory."""
    said = text.lower().replace(" ", "").replace("_", "")
    return any(sign in said for sign in _SIGNS)
