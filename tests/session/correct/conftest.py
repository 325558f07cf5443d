"""A viewer without a window, for the logic of *Correct*."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.session.painting.array_labels import ArrayLabels

SHAPE = (5, 64, 80)


def grid(*, ids: bool) -> np.ndarray:
    """Four cells on every slice, with membranes 4 px thick; with ids 1 to 4 in reading order."""
    cells = np.zeros(SHAPE, np.uint32 if ids else np.uint8)
    for k, (rows, columns) in enumerate(
        (r, c) for r in (slice(4, 30), slice(34, 60)) for c in (slice(4, 38), slice(42, 76))
    ):
        cells[:, rows, columns] = k + 1 if ids else 1
    return cells


class PlainView:
    """A list of layers, the slice that is shown, and what was shown and selected."""

    def __init__(self) -> None:
        self.layers: list[ArrayLabels] = []
        self.selected: ArrayLabels | None = None
        self.shown: int | None = 2
        self.locked: list[ArrayLabels] = []
        self.regions: list[tuple] = []
        self.noted: list[tuple] = []
        self.replaced: ArrayLabels | None = None
        self.probability, self.sides, self.places = None, None, []

    def add(self, data, name="labels") -> ArrayLabels:
        self.layers.append(ArrayLabels(data, name))
        return self.layers[-1]

    def holds(self, labels):
        return labels in self.layers

    def select(self, labels):
        self.selected = labels

    def bring_up(self, labels, instead_of=None):
        self.select(labels)
        self.replaced = instead_of

    def current_slice(self, labels):
        if self.shown is None:
            raise ShapeError("view: expected slices (Y, X) seen from above")
        return self.shown

    def require_seen_from_above(self, labels):
        self.current_slice(labels)

    def require_paintable(self, labels):
        if labels in self.locked:
            raise LabelsError(f"labels: {labels.name!r} cannot be painted on")

    def add_beside(self, labels, data, name, edits):
        self.layers.append(ArrayLabels(data, name, edits))
        return self.layers[-1].tracker

    def name_classes(self, labels, names):
        labels.class_names = names

    def note_predicted(self, labels, prediction, slices):
        self.noted.append((labels, prediction, list(slices)))

    def show_region(self, image, z, region):
        self.regions.append((image, z, region.y, region.x))

    def probability_of(self, labels):
        return self.probability

    def show_place(self, labels, place):
        self.places.append(place)

    def show_sides(self, labels, sides, first_slice):
        self.sides = sides

    def hide_sides(self):
        self.sides = None


@pytest.fixture
def view():
    return PlainView()


@pytest.fixture
def make_grid():
    return grid
