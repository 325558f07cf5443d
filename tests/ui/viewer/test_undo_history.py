"""Writes by program and Ctrl-Z, on real layers; notices when napari keeps its history otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_emseg.session.painting.labels import LIMIT, differences
from napari_emseg.ui.viewer import undo_history as undoable
from napari_emseg.ui.viewer.stack_layers import NapariLabels


def write(layer: Labels, slices: list):
    return undoable.apply(layer, differences(NapariLabels(layer), slices))


def stack(dtype=np.uint8) -> np.ndarray:
    return (np.random.default_rng(0).random((4, 40, 50)) > 0.5).astype(dtype)


@pytest.fixture(params=[3, 2])
def layer(request) -> Labels:
    data = stack()
    return Labels(data if request.param == 3 else data[0])


def at(layer: Labels, y: int, x: int, z: int = 2) -> tuple[int, ...]:
    return (z, y, x)[-layer.ndim :]


def test_a_write_is_one_step(layer):
    first = layer.data.copy()
    layer.brush_size = 5
    layer.paint(at(layer, 10, 10), 7)
    painted = layer.data.copy()
    wanted = [(z, np.full((40, 50), 3)) for z in range(4 if layer.ndim == 3 else 1)]
    assert write(layer, wanted) is not None
    assert (layer.data == 3).all()
    assert layer.data.dtype == np.uint8

    layer.undo()
    np.testing.assert_array_equal(layer.data, painted)
    layer.undo()
    np.testing.assert_array_equal(layer.data, first)
    layer.redo()
    np.testing.assert_array_equal(layer.data, painted)
    layer.redo()
    assert (layer.data == 3).all()


def test_where_nothing_differs_there_is_no_step(layer):
    same = layer.data[2] if layer.ndim == 3 else layer.data
    assert write(layer, [(2, same.copy())]) is None
    assert undoable.steps(layer) == (0, 0)


def test_a_step_can_be_extended(layer):
    first = layer.data.copy()
    layer.paint(at(layer, 10, 10), 7)
    now = layer.data[2] if layer.ndim == 3 else layer.data
    wanted = now.copy()
    wanted[30:] = 9
    undoable.extend(layer, differences(NapariLabels(layer), [(2, wanted)]))
    np.testing.assert_array_equal(layer.data[2] if layer.ndim == 3 else layer.data, wanted)
    assert undoable.steps(layer) == (1, 0)
    layer.undo()
    np.testing.assert_array_equal(layer.data, first)
    layer.redo()
    np.testing.assert_array_equal(layer.data[2] if layer.ndim == 3 else layer.data, wanted)


def test_napari_keeps_so_many_steps():
    assert Labels._history_limit == LIMIT


def test_only_what_differs_is_recorded():
    layer = Labels(np.zeros((30, 512, 512), np.uint8))
    wanted = np.zeros((512, 512), np.uint8)
    wanted[100:110, 200:230] = 1
    write(layer, [(3, wanted)])
    ((_, old, new),) = undoable.last_done(layer)
    assert old.shape == new.shape == (1, 10, 30)


def test_a_step_is_found_again_by_its_mark():
    layer = Labels(stack())
    mark = write(layer, [(1, np.full((40, 50), 3)), (2, np.full((40, 50), 4))])
    layer.paint((2, 10, 10), 7)
    assert not undoable.is_of(mark, undoable.last_done(layer))
    layer.undo()
    assert undoable.is_of(mark, undoable.last_done(layer))
    layer.undo()
    assert undoable.is_of(mark, undoable.last_undone(layer))


def test_packed_steps_are_undone_and_redone_all_the_same(layer):
    first = layer.data.copy()
    found = differences(NapariLabels(layer), [(2, np.full((40, 50), 3))])
    undoable.apply(layer, found)
    for each in found:
        each.old.pack()
        each.new.pack()
    z = 2 if layer.ndim == 3 else 0
    expected = first[2] if layer.ndim == 3 else first
    np.testing.assert_array_equal(undoable.before(layer, z, undoable.last_done(layer)), expected)
    layer.undo()
    np.testing.assert_array_equal(layer.data, first)
    layer.redo()
    np.testing.assert_array_equal(NapariLabels(layer).slice(2), np.full((40, 50), 3))


def atoms_of(layer: Labels) -> list:
    return [atom for step in layer._undo_history for atom in step]


def test_every_kind_of_step_can_be_taken_back(layer):
    """Strokes, fills, polygons, single pixels by program, and ours."""
    first = layer.data.copy()
    layer.brush_size = 9
    layer.paint(at(layer, 10, 10), 7)
    layer.fill(at(layer, 10, 10), 5)
    layer.paint_polygon([at(layer, 20, 20), at(layer, 20, 30), at(layer, 30, 30)], 4)
    rows = (np.array([2, 2, 1]),) if layer.ndim == 3 else ()
    layer.data_setitem((*rows, np.array([1, 2, 3]), np.array([4, 5, 6])), 8)
    write(layer, [(2, np.full((40, 50), 3))])
    atoms = atoms_of(layer)
    assert undoable.slices_of(layer, atoms) == ({1, 2} if layer.ndim == 3 else {0})
    for z in undoable.slices_of(layer, atoms):
        expected = first[z] if layer.ndim == 3 else first
        np.testing.assert_array_equal(undoable.before(layer, z, atoms), expected)


def test_a_stroke_across_slices_can_be_taken_back():
    layer = Labels(stack())
    first = layer.data.copy()
    layer.n_edit_dimensions, layer.brush_size = 3, 5
    layer.paint((2, 10, 10), 7)
    atoms = atoms_of(layer)
    assert undoable.slices_of(layer, atoms) == {0, 1, 2, 3}
    for z in range(4):
        np.testing.assert_array_equal(undoable.before(layer, z, atoms), first[z])
