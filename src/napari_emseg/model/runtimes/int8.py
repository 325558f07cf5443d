"""The fast form of a network: 8-bit integers (int8), made from its ONNX weights by nncf.

Run as ``python -m napari_emseg.model.runtimes.int8 ONNX TILES OUT``, it is the process that
makes it: nncf prints, changes how Python logs, and takes memory, and none of that may cost a
person a training.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.normalise import normalise_tissue
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.core.segment.tiling import pad_to_multiple
from napari_emseg.core.train.source import PatchSource
from napari_emseg.errors import ModelError
from napari_emseg.io.disk.atomic import replacing_file
from napari_emseg.io.scratch import Scratch
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.packages.attachments import attach
from napari_emseg.model.packages.package import (
    INT8_VALUES,
    INT8_WEIGHTS,
    ModelPackage,
)
from napari_emseg.model.runtimes.converted import int8_weights, onnx_weights
from napari_emseg.model.runtimes.run_in_subprocess import end_with_parent, run_in_subprocess
from napari_emseg.model.runtimes.runtime import Runtime
from napari_emseg.types import Float32Array, Log, OnEvent, Stack

_MOST_TILES, _TILE_PX = 12, 256
"""What the ranges of the values are measured on."""
_OUTLIERS = 1e-5
"""Fraction of a layer's values beyond each end of its range: a few would make all steps coarse."""
_NOTHING = 5e-5
"""Difference of V_rand that is none."""
_log = logging.getLogger(__name__)

Judge: TypeAlias = Callable[[Runtime], Sequence[float]]
"""Gives V_rand of what a runtime predicts, of each source; NaN where it means nothing."""


def calibration_tiles(
    stack: Stack,
    slices: Sequence[int],
    network: NetworkConfig,
    resampling: Resampling = AS_IT_IS,
) -> Float32Array:
    """Normalised tiles (N, Y, X, C) cut from the middle of some slices, spread over all."""

    def see(z: int) -> list[Float32Array]:
        seen = read_seen(stack, z, network)
        fitted = resampling.to_network(seen) if resampling.is_needed else seen
        return [normalise_tissue(each) for each in fitted]

    return _tiles(see, slices, network, _MOST_TILES)


def tiles_of_sources(sources: Sequence[PatchSource], network: NetworkConfig) -> Float32Array:
    """Such tiles of the slices of several sources, about as many of each."""
    most = -(-_MOST_TILES // len(sources))
    each = [_tiles(partial(s.seen, network=network), s.slices, network, most) for s in sources]
    rows, columns = np.min([tiles.shape[1:3] for tiles in each], axis=0)
    return np.concatenate([tiles[:, :rows, :columns] for tiles in each])


def _tiles(
    see: Callable[[int], list[Float32Array]],
    slices: Sequence[int],
    network: NetworkConfig,
    most: int,
) -> Float32Array:
    chosen = np.unique(np.linspace(0, len(slices) - 1, most).astype(int))
    return np.stack([_middle(see(slices[k]), network.multiple) for k in chosen])


def _middle(seen: list[Float32Array], multiple: int) -> Float32Array:
    """The middle (Y, X, C) of a slice and of those seen with it, each (Y, X)."""
    edges = [max(0, length - _TILE_PX) // 2 for length in seen[0].shape]
    middle = tuple(slice(edge, edge + _TILE_PX) for edge in edges)
    return np.stack([pad_to_multiple(each[middle], multiple) for each in seen], axis=-1)


def add_int8(
    package: ModelPackage,
    make_tiles: Callable[[], Float32Array],
    judge: Judge,
    on_event: OnEvent = lambda _: None,
) -> None:
    """Add the int8 form to a package, and note there what it costs, where that is possible.

    The package is whole without, so what goes wrong is logged and costs nobody the training.

    Parameters
    ----------
    package : ModelPackage
        A package with ONNX weights; others are left as they are.
    make_tiles : callable
        Gives normalised tiles (N, Y, X, C) to measure the ranges of the values on.
    judge : callable
        Judges the exact form and this one, on other slices.
    on_event : callable
        Receives `Log`.
    """
    if not (package.onnx.is_file() and all(find_spec(name) for name in ("openvino", "nncf"))):
        return
    on_event(Log("Making the fast int8 form of the model, and judging it ..."))
    try:
        make_int8(package.onnx, make_tiles(), package.int8)
        cost = _cost(package, judge)
        note_int8(package.folder, cost)
    except Exception:  # noqa: BLE001 - see above; much of this is the work of others
        _log.warning("The model has no fast int8 form: it could not be made.", exc_info=True)
    else:
        if np.isfinite(cost):
            on_event(Log(f"The fast int8 form is {_judged(cost)} on the validation slices."))


def _judged(cost: float) -> str:
    """A difference of V_rand in words."""
    if abs(cost) < _NOTHING:
        return "as good as the exact one"
    return f"{'worse' if cost > 0 else 'better'} than the exact one by {abs(cost):.4f} of V_rand"


def copy_int8(package: ModelPackage, folder: Path) -> None:
    """Give the int8 form of a package, and what it costs, to another one of the same weights."""
    if not package.int8.is_file():
        return
    for name in (INT8_WEIGHTS, INT8_VALUES):
        shutil.copyfile(package.folder / name, folder / name)
    note_int8(folder, package.info.int8_cost)


def _cost(package: ModelPackage, judge: Judge) -> float:
    """V_rand of the exact form minus that of the int8 form, where they differ most.

    What V_rand cannot judge counts only where it judges nothing.
    """
    from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime

    exact, fast = (np.array(judge(OpenVinoRuntime(w))) for w in (package.onnx, package.int8))
    found = [each for each in exact - fast if np.isfinite(each)]
    return float(max(found, default=np.nan))


def ensure_int8(
    package: ModelPackage,
    stack: Stack,
    slices: Sequence[int],
    resampling: Resampling = AS_IT_IS,
    on_event: OnEvent = lambda _: None,
) -> None:
    """Make the int8 form of a package that has none, from the stack at hand, and keep it.

    Parameters
    ----------
    package : ModelPackage
        A model of ours.
    stack : Stack
        Image (Z, Y, X) with dark membranes.
    slices : sequence of int
        Of these some are taken.
    resampling : Resampling
        To the pixel size that the network learned on.
    on_event : callable
        Receives a `Log`, since it takes a while.

    Raises
    ------
    ModelError
        If it cannot be made.
    """
    out = int8_weights(package)
    if out.is_file():
        return
    onnx = onnx_weights(package, on_event)
    on_event(Log("Making the fast int8 form of the model, once ..."))
    try:
        tiles = calibration_tiles(stack, slices, package.info.unet, resampling)
        make_int8(onnx, tiles, out)
    except (RuntimeError, OSError) as error:
        raise ModelError(
            f"int8: the model's int8 form cannot be made ({error}); predict without it"
        ) from error


def make_int8(onnx: Path, tiles: Float32Array, out: Path) -> None:
    """Write the int8 form of an ONNX file as ``out`` (``.xml``), its values beside it (``.bin``).

    Raises
    ------
    RuntimeError
        If it cannot be made.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with Scratch() as scratch:
        saved, made = scratch.put(tiles, "tiles"), scratch.folder / out.name
        run_in_subprocess(__name__, onnx, saved, made)
        for suffix in (".bin", ".xml"):  # which is looked for, and comes last
            with replacing_file(out.with_suffix(suffix)) as beside:
                shutil.copyfile(made.with_suffix(suffix), beside)


def note_int8(folder: Path, cost: float | None) -> None:
    """Say in a package's description that it has an int8 form, and what that costs.

    Parameters
    ----------
    folder : Path
        Of the package, with the files of the form.
    cost : float, optional
        V_rand that it loses; None or NaN where that means nothing.
    """
    means_something = cost is not None and np.isfinite(cost)
    attach(folder, INT8_WEIGHTS, INT8_VALUES, int8_cost=cost if means_something else None)


def main(onnx: str, tiles: str, out: str) -> None:
    """Quantise the network in the file ``onnx`` after what it does on ``tiles``."""
    from napari_emseg.model.runtimes._openvino import openvino as ov  # isort: skip  # before nncf
    import nncf
    from nncf.quantization.advanced_parameters import OverflowFix
    from nncf.quantization.range_estimator import (
        AggregatorType,
        RangeEstimatorParameters,
        StatisticsCollectorParameters,
        StatisticsType,
    )

    nncf.set_log_level(logging.ERROR)
    seen = np.load(tiles)
    network = ov.Core().read_model(onnx)
    network.reshape([1, *seen.shape[1:]])
    examples = nncf.Dataset([tile[np.newaxis] for tile in seen])
    end = StatisticsCollectorParameters(
        statistics_type=StatisticsType.QUANTILE,
        aggregator_type=AggregatorType.MEAN,
        quantile_outlier_prob=_OUTLIERS,
    )
    network = nncf.quantize(
        network,
        examples,
        subset_size=len(seen),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            # Weights in half of the range: a processor without VNNI adds two products in 16 bits,
            # which overflow with larger ones, and would predict something else than all others.
            overflow_fix=OverflowFix.ENABLE,
            activations_range_estimator_params=RangeEstimatorParameters(min=end, max=end),
        ),
    )
    network.reshape([-1, -1, -1, seen.shape[3]])  # tiles of any size again
    ov.save_model(network, out, compress_to_fp16=False)


if __name__ == "__main__":
    end_with_parent()
    main(*sys.argv[1:])
