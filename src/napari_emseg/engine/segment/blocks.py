"""What a process does with a block of a volume on its way through a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_emseg.core.blocks.plan import Block, Blocks, within
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.segment.pixel_fit import fit_pixels
from napari_emseg.core.segment.tiling import Region
from napari_emseg.engine.distributed.stage import versions
from napari_emseg.engine.segment.look import Look, opened
from napari_emseg.engine.segment.watch import Watch
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.io.volumes.ome_volume import OmeVolume
from napari_emseg.types import Event, Log, VoxelSize, What

if TYPE_CHECKING:
    from napari_emseg.model.packages.package import ModelPackage
    from napari_emseg.model.predict.predictor import Predictor

BESIDE_PX = 64
"""Where slices are cut, masks are made of so many pixels more at most on each side, so that a cell
which is too small is known to be."""


@dataclass(frozen=True)
class PredictBlocks:
    """Predicts a block and writes it; it can be pickled, and the model is loaded once a process.

    Parameters
    ----------
    source : str
        The image.
    out : OmeVolume
        What is written.
    blocks : Blocks
        Of ``out``.
    first : int
        The slice of the image that is slice 0 of ``out``.
    model, device : str
        See `engine.segment.jobs.SegmentJob`.
    what : {"probability", "mask", "classes"}
        See `core.segment.segmenter`.
    config : PredictConfig
        How the network runs; its ``membranes`` are dark or bright.
    rules : MaskConfig
        How the probability becomes a mask.
    look : Look, optional
        Where slices are cut: what is known of each as a whole.
    """

    source: str
    out: OmeVolume
    blocks: Blocks
    first: int
    model: str
    device: str
    what: What
    config: PredictConfig
    rules: MaskConfig
    look: Look | None = None

    def __call__(self, number: int) -> list[str]:
        """Do a block; gives what a person should know of it."""
        from napari_emseg.core.segment.segmenter import DTYPES, Segmenter

        block, said = self.blocks[number], list[str]()
        stack = opened(self.source, self.config.membranes)
        predictor = _predictor(self.model, self.device, self.config, stack.voxel_size_nm)
        network, segmenter = predictor.network, Segmenter(self.what, self.rules)
        depth = self._depth(block, len(stack), network.input_slices // 2)
        read = stack.with_data(np.asarray(stack.data[(depth, *block.outer[1:])]))
        watch = Watch(
            predictor, self.rules.threshold, lambda event: _keep(said, event), doubts=number == 0
        )
        region, inside = self._regions(block)
        for z in range(block.inner[0].start, block.inner[0].stop):
            seen = network.slices_seen(self.first + z, len(stack))
            image = np.stack([read.slice(each - depth.start) for each in seen])
            if self.look is None:
                channels = watch(image)
                watch.look(self.first + z, channels)
            else:
                tissue = [
                    self.look.tissue(each, part, block.outer[1:])
                    for each, part in zip(seen, image, strict=True)
                ]
                channels = predictor(image, region, tissue)
            (pixels,) = segmenter(z, channels)
            done = pixels[inside].astype(DTYPES[self.what], copy=False)
            self.out.write((slice(z, z + 1), *block.inner[1:]), done[np.newaxis])
        return [*said, f"Blocks are predicted by {predictor.runtime}."]

    def title(self, number: int) -> str:
        """What a person calls a block."""
        return str(self.blocks[number])

    def same(self) -> Mapping[str, str]:
        """What must be the same in all processes: versions, and the model's weights."""
        package = package_here(self.model)
        return {**versions(), f"model {package.info.name}": f"sha256 {sha256_of(package.weights)}"}

    def _depth(self, block: Block, slices: int, beside: int) -> slice:
        """The slices of the image that a block sees."""
        inner = block.inner[0]
        first, stop = self.first + inner.start, self.first + inner.stop
        return slice(max(0, first - beside), min(slices, stop + beside))

    def _regions(self, block: Block) -> tuple[Region, Region]:
        """What of the outer part is predicted, and where in that the inner part lies."""
        beside = min(BESIDE_PX, self.rules.smallest_cell_px)
        rows, columns = (
            slice(max(outer.start, inner.start - beside), min(outer.stop, inner.stop + beside))
            for inner, outer in zip(block.inner[1:], block.outer[1:], strict=True)
        )
        z = slice(0, 1)
        larger, outer = (z, rows, columns), (z, *block.outer[1:])
        return within(larger, outer)[1:], within((z, *block.inner[1:]), larger)[1:]


def _keep(said: list[str], event: Event) -> None:
    if isinstance(event, Log):
        said.append(event.message)


def package_here(model: str) -> ModelPackage:
    """A model by its folder at the client; where that is not there, the one of its name."""
    from napari_emseg.model.packages.library import find_model

    return find_model(model if Path(model).exists() else Path(model).name)


@lru_cache(maxsize=1)
def _predictor(
    model: str, device: str, config: PredictConfig, voxel_size_nm: VoxelSize | None
) -> Predictor:
    from napari_emseg.model.predict.predictor import Predictor

    package = package_here(model)
    pixels = fit_pixels(voxel_size_nm, package.info.voxel_size_nm, config)
    return Predictor.of(package, device, config, resampling=pixels.resampling)
