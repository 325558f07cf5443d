"""What a process does with a block of a volume that is scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.plan import Block, Blocks
from napari_emseg.core.blocks.seen import SeenSlices
from napari_emseg.core.blocks.window import Window
from napari_emseg.core.cell_ids import CellIds, ids_of_slice
from napari_emseg.core.label_runs import Numbers
from napari_emseg.core.scores.volume.foreground import pieces_of
from napari_emseg.core.scores.volume.outlines import Outlines, Pair, SliceOutlines
from napari_emseg.core.scores.volume.pieces import Pieces
from napari_emseg.core.scores.volume.score_volume import Counted, Tally
from napari_emseg.io.read import read_stack
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Stack

_COLUMNS = ("true_ids", "predicted_ids", "voxels", "depths", "points")
_WANTED = "wanted"


@dataclass(frozen=True)
class ScoreBlocks:
    """Counts what true and predicted cells share in a block, and looks where; it can be pickled.

    Parameters
    ----------
    predicted, truth : str
        Ids through the volume.
    blocks : Blocks
        Of the volume, with what must be seen beside them.
    place : Place
        Where the run is kept.
    border : float, optional
        How near to a border of true cells pixels do not count, in px.
    version : str
        In what state both are: a process that has read others opens them anew.
    """

    predicted: str
    truth: str
    blocks: Blocks
    place: Place
    border: float | None
    version: str

    def title(self, number: int) -> str:
        """What a person calls a block."""
        return str(self.blocks[number])

    @property
    def columns(self) -> int:
        """Into how many blocks a slice is cut."""
        _, down, across = self.blocks.counts
        return down * across

    # -- pieces ------------------------------------------------------------------------------

    def count(self, number: int) -> None:
        """Keep the pieces of a block, slice by slice."""
        block = self.blocks[number]
        window = Window.of(block, self.blocks.shape)
        found = [
            pieces_of(z, true, predicted, self.border, window)
            for z, true, predicted in self._slices(block)
        ]
        kept = {name: np.concatenate([getattr(each, name) for each in found]) for name in _COLUMNS}
        self.place.write_arrays(f"pieces/{number}", kept)

    def add_up(self, tally: Tally) -> Counted:
        """Have a tally take the pieces of all blocks."""
        for first in range(0, len(self.blocks), self.columns):
            parts = [self._pieces(first + k) for k in range(self.columns)]
            span = self.blocks[first].inner[0]
            for z in range(span.start, span.stop):
                here = [each[z] for each in parts if z in each]
                if here:
                    tally.add(z, here[0] if len(here) == 1 else Pieces.joined(here))
        return tally.total()

    def _pieces(self, number: int) -> dict[int, Pieces]:
        kept = self.place.read_arrays(f"pieces/{number}")
        return Pieces(*(kept[name] for name in _COLUMNS)).by_slice()

    # -- outlines ----------------------------------------------------------------------------

    def want(self, counted: Counted) -> None:
        """Keep for which pieces the blocks are to look."""
        wanted = np.array(sorted(counted.wanted), np.int64).reshape(-1, 2)
        self.place.write_arrays(_WANTED, {"pairs": wanted})

    def look(self, number: int) -> None:
        """Keep where the wanted pieces lie in a block."""
        block, outline = self.blocks[number], SliceOutlines(map(tuple, self._wanted().tolist()))
        window = Window.of(block, self.blocks.shape)
        corner, inside = (0, window.top, window.left), window.inside
        found = [
            (pair, voxels + corner)
            for z, true, predicted in self._slices(block)
            for pair, voxels in outline.of(z, true[inside], predicted[inside])
        ]
        self.place.write_arrays(
            f"outlines/{number}",
            {
                "pairs": np.array([pair for pair, _ in found], np.int64).reshape(-1, 2),
                "counts": np.array([len(voxels) for _, voxels in found], np.int64),
                "voxels": np.concatenate([np.zeros((0, 3), np.int64), *(v for _, v in found)]),
            },
        )

    def outlines(self) -> Outlines:
        """What all blocks have seen."""
        outlines = Outlines()
        if len(self._wanted()):
            for first in range(0, len(self.blocks), self.columns):
                blocks = (self._seen(first + k) for k in range(self.columns))
                found = sorted((each for seen in blocks for each in seen), key=_slice_of)
                for _, here in groupby(found, _slice_of):
                    outlines.add(here)
        return outlines

    def _seen(self, number: int) -> Iterator[tuple[Pair, Numbers]]:
        kept = self.place.read_arrays(f"outlines/{number}")
        voxels = np.split(kept["voxels"], np.cumsum(kept["counts"])[:-1])
        return zip(map(tuple, kept["pairs"].tolist()), voxels, strict=False)

    def _wanted(self) -> npt.NDArray[np.int64]:
        return self.place.read_arrays(_WANTED)["pairs"]

    # -- pixels ------------------------------------------------------------------------------

    def _slices(self, block: Block) -> Iterator[tuple[int, CellIds, CellIds]]:
        """Number, true and predicted ids of each slice, as far as it is seen."""
        both = [
            SeenSlices(opened(each, self.version), block) for each in (self.truth, self.predicted)
        ]
        for k, z in enumerate(range(block.outer[0].start, block.outer[0].stop)):
            true, predicted = (ids_of_slice(each, k) for each in both)
            yield z, true, predicted


def _slice_of(found: tuple[Any, Numbers]) -> int:
    return int(found[1][0, 0])


@lru_cache(maxsize=4)
def opened(source: str, _version: str) -> Stack:
    """A volume of ids in a state, opened once a process to be read in parts."""
    return read_stack(source, kind="labels", raw_values=True, in_parts=True)
