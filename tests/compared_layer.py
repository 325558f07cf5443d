"""A layer as a comparison knows it, without a window."""

from __future__ import annotations

from collections import Counter

import numpy as np
from psygnal import Signal

from napari_emseg.errors import ShapeError


class Layer:
    """An array with what a person does to a layer."""

    changed, replaced = Signal(), Signal()

    def __init__(self, data, name="layer", *, offset=(0, 0, 0), model="", on_read=None):
        self.data, self.name, self.layer, self.model_folder = data, name, self, model
        self.class_names, self.voxel_size_nm = (), None
        self.offset, self.seen_slice, self.on_read = offset, 0, on_read
        self.is_open, self.filled = True, None
        self._versions = Counter()

    @property
    def shape(self):
        if self.data.ndim != 3:
            raise ShapeError(f"image: expected a stack, received {self.data.shape}")
        return self.data.shape

    @property
    def dtype(self):
        return self.data.dtype

    @property
    def holds_ids(self):
        return self.data.dtype.kind != "f"

    def version(self, z):
        return self._versions[z]

    def is_predicted(self, z):
        return None if self.filled is None else z in self.filled

    def read(self, z):
        pixels = self.data[z].copy()
        if self.on_read is not None:
            self.on_read(z)
        return pixels

    def offset_of(self, other):
        return other.offset

    def close(self):
        self.is_open = False

    def paint(self, index, value):
        """As a brush does on slice ``index[0]``."""
        self.data[index] = value
        self._versions[np.ravel(index)[0] if np.isscalar(index) else index[0]] += 1
        self.changed.emit()
