"""What a block sees is read chunk by chunk, and is what lies there."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.core.blocks.seen import SeenSlices
from napari_emseg.core.blocks.window import Window
from napari_emseg.types import Stack


class Chunked:
    """An array in chunks of 4 slices that counts what is read."""

    chunks = (4, 8, 8)

    def __init__(self, data):
        self.data, self.shape, self.dtype, self.read = data, data.shape, data.dtype, 0

    def __getitem__(self, box):
        found = self.data[box]
        self.read += found.shape[0]
        return found


def test_slices_come_from_slabs_as_deep_as_chunks():
    data = np.arange(12 * 10 * 9).reshape(12, 10, 9)
    chunked = Chunked(data)
    block = Blocks(data.shape, (5, 6, 9), (2, 2, 0))[2]
    assert block.outer[0] == slice(3, 12)
    seen = SeenSlices(Stack(chunked), block)
    assert (seen.shape, len(seen)) == ((9, 8, 9), 9)
    np.testing.assert_array_equal(np.stack([seen[k] for k in range(9)]), data[block.outer])
    assert chunked.read == 9, "each once"


def test_windows_of_blocks_fill_a_slice():
    shape = (1, 21, 17)
    filled = np.zeros(shape[1:], int)
    for block in Blocks(shape, (1, 8, 8), (0, 3, 3)):
        window = Window.of(block, shape)
        rows, columns = window.inside
        filled[
            window.top : window.top + rows.stop - rows.start,
            window.left : window.left + columns.stop - columns.start,
        ] += 1
        assert (window.height, window.width) == shape[1:]
    assert (filled == 1).all()
    assert Window.whole((21, 17)).inside == (slice(0, 21), slice(0, 17))
