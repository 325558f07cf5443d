"""What a process does with a block of a volume on its way from probability to cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.plan import Block, Blocks
from napari_emseg.core.cells3d.block_graph import (
    BlockGraph,
    Counts,
    same_over_border,
    slices_around,
)
from napari_emseg.core.cells3d.fragments import order_of_first
from napari_emseg.core.cells3d.graph import learned_scale
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.label_images import LabelImage
from napari_emseg.engine.cells.volume import AsProbability
from napari_emseg.engine.distributed.stage import versions
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.io.read import read_stack
from napari_emseg.io.volumes.ome_volume import OmeVolume
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Float32Array, VoxelSize, Zyx

if TYPE_CHECKING:
    from napari_emseg.core.scores.probability import PredictionReading

FRAGMENTS = "fragments"
"""What the fragments are kept as."""

_KEPT = ("source", "reading", "blocks", "model", "threshold", "config", "voxel_size_nm", "run")

HALO_PX = 96
"""Where slices are cut, fragments are made with so many pixels more on each side."""


@dataclass(frozen=True)
class CellBlocks:
    """What the blocks of a volume are cells of, and where what is made of them lies.

    Fragments are numbered from 1 in each slice of each block; `counts` of all blocks say where
    those numbers begin in the volume.

    Parameters
    ----------
    source : str
        Probability of cell, or a mask, or cells of single slices.
    reading : PredictionReading
        Which of these it is.
    blocks : Blocks
        Of the volume.
    place : Place
        Where the run is kept.
    fragments : OmeVolume
        The fragments, int32.
    model : str
        Folder of the model whose edge weights count.
    threshold : float
        A pixel is cell where its probability is above this.
    config : CellsConfig
        How slices are cut.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm.
    run : str
        Another one for each run: what a process remembers of one is nothing of the next.
    """

    source: str
    reading: PredictionReading
    blocks: Blocks
    place: Place
    fragments: OmeVolume
    model: str
    threshold: float
    config: CellsConfig
    voxel_size_nm: VoxelSize | None
    run: str

    @cached_property
    def probability(self) -> AsProbability:
        """The probability of cell."""
        scale = learned_scale(self.voxel_size_nm)
        return AsProbability(_opened(self.source).data, scale, self.reading)

    def __getstate__(self) -> dict[str, Any]:
        return {key: each for key, each in self.__dict__.items() if key != "probability"}

    def same(self) -> Mapping[str, str]:
        """What must be the same in all processes: versions, and the edge weights."""
        from napari_emseg.model.packages.edges import edges_file
        from napari_emseg.model.packages.library import find_model

        return {**versions(), "edges": f"sha256 {sha256_of(edges_file(find_model(self.model)))}"}

    def title(self, number: int) -> str:
        """What a person calls a block."""
        return str(self.blocks[number])

    def to_dict(self) -> dict[str, Any]:
        """What is kept of it beside the output, for JSON."""
        about = asdict(self)
        return {name: about[name] for name in _KEPT}

    @classmethod
    def kept(cls, place: Place, about: Mapping[str, Any]) -> CellBlocks:
        """The inverse of `to_dict`, for what is kept at ``place``."""
        from napari_emseg.core.scores.probability import PredictionReading

        plan, size = about["blocks"], about["voxel_size_nm"]
        shape, block, halo = (tuple(plan[name]) for name in ("shape", "size", "halo"))
        blocks = Blocks(shape, block, halo, plan["grain"])
        return cls(
            about["source"], PredictionReading(**about["reading"]), blocks, place,
            OmeVolume(place / FRAGMENTS, blocks.shape, "int32", "labels"), about["model"],
            about["threshold"], CellsConfig(**about["config"]),
            None if size is None else tuple(size), about["run"],
        )  # fmt: skip

    def fragment_at(self, point: Zyx) -> int:
        """The number of the fragment at a voxel, from 1; 0 where there is none."""
        z, y, x = point
        (number,) = self.blocks.over((slice(z, z + 1), slice(y, y + 1), slice(x, x + 1)))
        found = self.fragments.read((slice(z, z + 1), slice(y, y + 1), slice(x, x + 1)))
        here = int(found[0, 0, 0])
        return here and here + int(self.before()[z, number % self.columns])

    def numbers_in(self, number: int) -> list[slice]:
        """Where the fragments of a block stand in a table that begins with that of none."""
        block, column = self.blocks[number], number % self.columns
        z = block.inner[0]
        begins = (self.before()[z, column] + 1).tolist()
        counts = self.counts()[z, column].tolist()
        return [slice(a, a + n) for a, n in zip(begins, counts, strict=True)]

    @property
    def columns(self) -> int:
        """Into how many blocks a slice is cut."""
        _, down, across = self.blocks.counts
        return down * across

    # -- fragments -------------------------------------------------------------------------

    def cut(self, number: int) -> None:
        """Cut a block into fragments; keep how many there are, and what lies over its borders."""
        block = self.blocks[number]
        depth, height, width = (span.stop - span.start for span in block.inner)
        rows, columns = block.inside[1:]
        counts, made = np.zeros(depth, np.int64), np.zeros((depth, height, width), np.int32)
        right, below = [], []
        for k in range(depth):
            fragments = self._cut(block, block.inner[0].start + k)
            made[k], numbers = _numbered(fragments[rows, columns], int(fragments.max(initial=0)))
            counts[k] = made[k].max(initial=0)
            right.append(numbers[fragments[rows, columns.stop :]])
            below.append(numbers[fragments[rows.stop :, columns]])
        self.fragments.write(block.inner, made)
        self.place.write_arrays(
            f"counts/{number}",
            {"counts": counts, "right": np.stack(right), "below": np.stack(below)},
        )

    def _cut(self, block: Block, z: int) -> LabelImage:
        from napari_emseg.core.cells3d.volume_cells import cut_plane

        plane = self.probability[(z, *block.outer[1:])]
        return cut_plane(plane, self.threshold, self.config)[1]

    # -- numbers ---------------------------------------------------------------------------

    def number(self, _: int) -> None:
        """Say where the numbers of each slice of each block begin; when all are cut."""
        counts = np.zeros((self.blocks.shape[0], self.columns), np.int64)
        for block in self.blocks:
            held = self.place.read_arrays(f"counts/{block.number}")
            counts[block.inner[0], block.number % self.columns] = held["counts"]
        self.place.write_arrays("numbers", {"counts": counts})

    def counts(self) -> Counts:
        """How many fragments each slice has in each column of blocks: (Z, columns)."""
        return _numbers(self)[0]

    def before(self) -> Counts:
        """How many fragments lie before those: (Z, columns)."""
        return _numbers(self)[1]

    # -- edges -----------------------------------------------------------------------------

    def connect(self, number: int) -> None:
        """Weigh the edges that begin in a block, and find what its borders have cut."""
        from napari_emseg.model.packages.edges import read_edges
        from napari_emseg.model.packages.library import find_model

        block, column = self.blocks[number], number % self.columns
        before, inner = self.before()[:, column], block.inner[0]
        needed = slices_around(self.counts()[:, column], inner)
        slices = [(*self._plane(block, z), int(before[z])) for z in needed]
        graph = BlockGraph.of(
            slices, [inner.start <= z < inner.stop for z in needed],
            read_edges(find_model(self.model)), threshold=self.threshold,
            voxel_size_nm=self.voxel_size_nm,
        )  # fmt: skip
        found = graph.evidence
        self.place.write_arrays(
            f"graph/{number}",
            {
                "first": found.first, "second": found.second, "logit": found.logit,
                "size": found.size, "area": graph.area, "same": self._same_over_borders(block),
            },
        )  # fmt: skip

    def _plane(self, block: Block, z: int) -> tuple[LabelImage, Float32Array]:
        box = block.inner[1:]
        fragments = self.fragments.read((slice(z, z + 1), *box))[0]
        return fragments, np.nan_to_num(self.probability[(z, *box)].astype(np.float32, copy=False))

    def _same_over_borders(self, block: Block) -> npt.NDArray[np.int64]:
        """Pairs (N, 2) of fragments of this block and the next ones, by numbers from 0."""
        _, down, across = self.blocks.counts
        row, column = divmod(block.number % self.columns, across)
        strips, found = self.place.read_arrays(f"counts/{block.number}"), []
        for name, axis, is_there, step in (
            ("right", 2, column + 1 < across, 1), ("below", 1, row + 1 < down, across)
        ):  # fmt: skip
            if is_there:
                found += self._same(block, strips[name], axis, block.number + step)
        return np.concatenate([np.zeros((0, 2), np.int64), *found])

    def _same(
        self, block: Block, strip: npt.NDArray[np.int32], axis: int, other: int
    ) -> list[npt.NDArray[np.int64]]:
        before, width = self.before(), strip.shape[axis]
        theirs = self.blocks[other].inner
        box = list(theirs)
        box[axis] = slice(box[axis].start, min(box[axis].stop, box[axis].start + width))
        there = self.fragments.read((box[0], box[1], box[2]))
        mine = strip[:, : there.shape[1], : there.shape[2]]
        column, next_column = block.number % self.columns, other % self.columns
        begins = before[theirs[0]][:, [column, next_column]] - 1
        return [
            same_over_border(*each) + begin
            for *each, begin in zip(mine, there, begins, strict=True)
        ]


def _numbered(fragments: LabelImage, highest: int) -> tuple[LabelImage, npt.NDArray[np.int32]]:
    """Fragments (Y, X) as 1, 2, ... in the order of their first pixels, and by which table."""
    found = order_of_first(fragments)
    numbers = np.pad(found, (0, highest + 1 - found.size))
    return numbers[fragments], numbers


@lru_cache(maxsize=4)
def _opened(source: str) -> Any:
    return read_stack(source, kind="image", in_parts=True)


@lru_cache(maxsize=2)
def _numbers(cells: CellBlocks) -> tuple[Counts, Counts]:
    counts: Counts = cells.place.read_arrays("numbers")["counts"]
    return counts, (np.cumsum(counts) - counts.ravel()).reshape(counts.shape)
