"""Which blocks a volume is done in; none is listed, each is computed from its number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_emseg.errors import ShapeError
from napari_emseg.types import Box, Stack, Zyx

WHOLE_SLICE_PX = 4096**2
"""Slices of at most so many pixels stay whole, so that a block's are those of one process."""

MOST_READ = 1.25
"""Bytes that blocks read, as whole chunks, in relation to those of the volume: at most, where the
memory of a block allows."""

_BLOCK_VOXELS = 2**25
"""Of smaller blocks the overhead shows; of larger ones much is lost with a worker."""
_LEAST_BLOCKS = 16
"""Shallow volumes are cut into so many slabs, so that several workers share them."""
_MOST_VOXELS = 2**31
"""A block reads at most so many voxels, if need be at the cost of `MOST_READ`."""
_TRIED = 64


@dataclass(frozen=True)
class Block:
    """A part of a volume that is done at once.

    Parameters
    ----------
    number : int
        From 0 on, X running fastest.
    inner : (slice, slice, slice)
        What it writes; the inner parts of all blocks are the volume, each voxel once.
    outer : (slice, slice, slice)
        What it must read: the inner part and a halo, as far as the volume goes.
    """

    number: int
    inner: Box
    outer: Box

    @property
    def inside(self) -> Box:
        """Where the inner part lies in the outer one."""
        return within(self.inner, self.outer)

    def __str__(self) -> str:
        """As a person reads it: ``z 0:64, y 0:4096, x 4096:8192``."""
        spans = zip("zyx", self.inner, strict=True)
        return ", ".join(f"{axis} {span.start}:{span.stop}" for axis, span in spans)


@dataclass(frozen=True)
class Blocks:
    """All blocks of a volume; of any number of them it takes no memory.

    Parameters
    ----------
    shape : (int, int, int)
        The volume (Z, Y, X).
    size : (int, int, int)
        The inner part of a block; at the ends of the volume it is smaller.
    halo : (int, int, int)
        How far beyond it a block reads.
    grain : int
        In Y and X a block's outer part begins at a multiple of it.
    """

    shape: Zyx
    size: Zyx
    halo: Zyx = (0, 0, 0)
    grain: int = 1

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or min(self.size) < 1 or min(self.halo) < 0 or self.grain < 1:
            raise ShapeError(
                f"blocks: expected a volume and blocks with voxels, received {self.shape} in "
                f"blocks of {self.size} with a halo of {self.halo}"
            )

    @property
    def counts(self) -> Zyx:
        """How many blocks there are along each axis."""
        z, y, x = (-(-n // size) for n, size in zip(self.shape, self.size, strict=True))
        return z, y, x

    @property
    def whole_slices(self) -> bool:
        """Whether no slice is cut."""
        return self.counts[1:] == (1, 1)

    def __len__(self) -> int:
        return math.prod(self.counts)

    def __iter__(self) -> Iterator[Block]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Block:
        if not 0 <= number < len(self):
            raise IndexError(f"block {number} of {len(self)}")
        _, down, across = self.counts
        rest, x = divmod(number, across)
        z, y = divmod(rest, down)
        spans = [self._span(axis, k) for axis, k in enumerate((z, y, x))]
        inner, outer = zip(*spans, strict=True)
        return Block(number, inner, outer)

    def _span(self, axis: int, k: int) -> tuple[slice, slice]:
        length, size, halo = self.shape[axis], self.size[axis], self.halo[axis]
        start, stop = k * size, min(length, (k + 1) * size)
        begin = max(0, start - halo)
        if axis:
            begin -= begin % self.grain
        return slice(start, stop), slice(begin, min(length, stop + halo))

    def over(self, box: Box) -> list[int]:
        """Numbers of the blocks whose inner parts share voxels with a part of the volume."""
        _, down, across = self.counts
        z, y, x = (
            range(span.start // n, -(-span.stop // n))
            for span, n in zip(box, self.size, strict=True)
        )
        return [(i * down + j) * across + k for i in z for j in y for k in x]

    def read(self, chunks: Zyx) -> float:
        """Bytes that all blocks read, as whole ``chunks``, in relation to those of the volume."""
        return math.prod(self._read_along(axis, chunks[axis]) for axis in range(3))

    def _read_along(self, axis: int, chunk: int) -> float:
        length, total = self.shape[axis], 0
        for k in range(self.counts[axis]):
            outer = self._span(axis, k)[1]
            first = outer.start // chunk * chunk
            total += min(length, -(-outer.stop // chunk) * chunk) - first
        return total / length


def chunks_of(stack: Stack) -> Zyx:
    """In what a stack is stored (Z, Y, X): what must be read for one voxel."""
    chunks = getattr(stack.data, "chunks", None)
    if chunks is None:  # a map of a file, or memory
        return 1, 1, stack.shape[2]
    z, y, x = (max(each) if isinstance(each, tuple) else int(each) for each in chunks)
    return z, y, x


def bytes_read(blocks: Blocks, *stacks: Stack) -> float:
    """What all blocks together read of stacks of their volume's shape, as large as in memory."""
    voxel_bytes = (
        np.dtype(each.data.dtype).itemsize * blocks.read(chunks_of(each)) for each in stacks
    )
    return math.prod(blocks.shape) * float(sum(voxel_bytes))


def within(part: Box, frame: Box) -> Box:
    """Where a part of a volume lies in a frame around it."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, frame, strict=True))
    return z, y, x


def plan_blocks(
    shape: Zyx,
    *,
    read: Zyx = (1, 1, 1),
    write: Zyx = (1, 1, 1),
    halo: Zyx = (0, 0, 0),
    grain: int = 1,
    whole_slice_px: int = WHOLE_SLICE_PX,
    block_voxels: int = _BLOCK_VOXELS,
) -> Blocks:
    """The blocks in which a volume is done.

    Slices of at most ``whole_slice_px`` stay whole and a block is a slab of them. Larger ones are
    cut in Y and X as well, into blocks that are so large that the halo is read `MOST_READ` times at
    most, counted in whole chunks of the input.

    Parameters
    ----------
    shape : (int, int, int)
        The volume (Z, Y, X).
    read : (int, int, int)
        Chunks of the input, of which none is read in part.
    write : (int, int, int)
        Chunks, or shards, of the output: of each one block writes all.
    halo : (int, int, int)
        How many voxels beyond its own a block must see; in Y and X it counts only where slices are
        cut.
    grain : int
        In Y and X a block's outer part begins at a multiple of it.
    whole_slice_px, block_voxels : int
        Pixels of the largest slice that stays whole, and voxels that a block has at least where
        there are enough.

    Returns
    -------
    Blocks

    Raises
    ------
    ShapeError
        If an axis has no length.
    """
    z, y, x = shape
    if y * x <= whole_slice_px:
        blocks = Blocks(shape, (1, y, x), (halo[0], 0, 0), grain)
    else:
        blocks = Blocks(shape, (1, min(y, write[1]), min(x, write[2])), halo, grain)
        for axis in (1, 2):
            blocks = _smallest(blocks, axis, read[axis], write[axis], 1, math.sqrt(MOST_READ))
    slice_px = blocks.size[1] * blocks.size[2]
    least = min(-(-block_voxels // slice_px), -(-z // _LEAST_BLOCKS))
    others = math.prod(blocks._read_along(axis, read[axis]) for axis in (1, 2))
    return _smallest(blocks, 0, read[0], write[0], least, max(1.0, MOST_READ / others))


def _smallest(
    blocks: Blocks, axis: int, chunk: int, grid: int, least: int, most_read: float
) -> Blocks:
    """The smallest blocks along an axis with which little enough is read, else the best."""
    tried = [_with_size(blocks, axis, n) for n in _sizes(blocks.shape[axis], chunk, grid, least)]
    allowed = [each for each in tried if math.prod(each.size) <= _MOST_VOXELS] or tried[:1]
    reads = [each._read_along(axis, chunk) for each in allowed]
    good = (each for each, read in zip(allowed, reads, strict=True) if read <= most_read + 1e-9)
    return next(good, allowed[reads.index(min(reads))])


def _sizes(length: int, chunk: int, grid: int, least: int) -> list[int]:
    """Sizes on the grid of what is written, ascending: small ones, and whole chunks of input."""
    both = math.lcm(chunk, grid)
    first = -(-least // grid)
    small = {grid * k for k in range(first, first + _TRIED)}
    whole = {both * k for k in range(-(-least // both), -(-least // both) + _TRIED)}
    return sorted({min(n, length) for n in small | whole if n >= least} | {length})


def _with_size(blocks: Blocks, axis: int, size: int) -> Blocks:
    sizes = list(blocks.size)
    sizes[axis] = size
    return Blocks(blocks.shape, (sizes[0], sizes[1], sizes[2]), blocks.halo, blocks.grain)
