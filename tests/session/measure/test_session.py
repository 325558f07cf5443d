"""Measuring without a window: layers are arrays, threads work at once, time passes when told."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest
from psygnal import Signal

from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.errors import ShapeError
from napari_emseg.session.measure.session import MeasureSession, Phase

SIZE = (50.0, 4.0, 4.0)


class Layer:
    """An array with what a person does to a layer."""

    changed, replaced = Signal(), Signal()

    def __init__(self, data, name="cells", *, size=SIZE, assumed=False):
        self.data, self.name, self.layer = data, name, self
        self.voxel_size_nm, self.thickness_assumed = size, assumed
        self.is_open, self.reads = True, []
        self._versions = Counter()

    @property
    def shape(self):
        if self.data.ndim != 3:
            raise ShapeError(f"cells: expected a stack, received {self.data.shape}")
        return self.data.shape

    def version(self, z):
        return self._versions[z]

    def read(self, z):
        self.reads.append(z)
        return self.data[z]

    def paint(self, z, where, value):
        self.data[z][where] = value
        self.draw(z)

    def draw(self, z):
        self._versions[z] += 1
        self.changed.emit()

    def close(self):
        self.is_open = False


@pytest.fixture
def cells():
    """Two cells beside a membrane through six slices, and a third in two of them."""
    cells = np.zeros((6, 24, 40), np.uint16)
    cells[:, 2:14, 2:18], cells[:, 2:14, 20:38], cells[2:4, 16:22, 4:30] = 3, 500, 7
    return cells


@pytest.fixture
def session(executor):
    return MeasureSession(executor)


@pytest.fixture
def said(session):
    texts = []
    session.warned.connect(texts.append)
    return texts


@pytest.fixture
def layer(cells):
    return Layer(cells)


@pytest.fixture
def measured(session, layer):
    session.choose(layer)
    session.measure()
    return session


# -- what is measured -------------------------------------------------------------------------


def test_nothing_can_be_measured_before_cells_are_chosen(session, said):
    session.choose(None)
    assert session.phase is Phase.EMPTY
    session.measure()
    assert said == [session.said]
    assert "choose them" in said[0]


def test_what_will_be_measured_is_said(session, cells):
    session.choose(Layer(cells))
    assert session.said == "6 slices of 40 x 24 px, 50 x 4 x 4 nm."
    session.choose(Layer(cells, assumed=True))
    assert "the thickness of the sections is a guess" in session.said
    session.choose(Layer(cells, size=None))
    assert session.said.endswith("voxel size unknown: all will be in px, as if voxels were cubes.")


def test_what_is_no_stack_is_refused_in_words(session, said):
    session.choose(Layer(np.zeros((2, 3, 4, 5), int)))
    assert session.phase is Phase.EMPTY
    session.measure()
    assert "expected a stack" in said[0]


def test_measures_come_with_places_and_are_counted(measured):
    assert measured.phase is Phase.READY
    assert measured.said == "3 cells in 6 slices."
    assert measured.measures.cells["id"].tolist() == [3, 7, 500]
    assert measured.shown.names == ["cells", "profiles", "slices", "contacts"]
    assert measured.place_of(1)[:3] == (2, 18.5, 16.5)
    assert measured.places.of_cell(500, 5)[:3] == (5, 7.5, 28.5)
    assert measured.places.of_cell(7, 0) is None
    assert measured.places.of_cell(99) is None


def test_a_voxel_size_that_a_person_gives_counts_where_the_layer_knows_none(session, cells):
    session.choose(Layer(cells, size=None), voxel_size_nm=(40, 5, 5))
    session.measure()
    volume = session.measures.cells["volume_um3"]
    np.testing.assert_allclose(volume[0], 6 * 12 * 16 * 40 * 25 * 1e-9)
    assert session.place_of(0)[:3] == (0, 7.5, 9.5)


def test_that_the_voxel_size_is_not_known_stays_said(session, cells):
    session.choose(Layer(cells, size=None))
    session.measure()
    assert "volume_px3" in session.measures.cells.columns
    assert "The voxel size is not known" in session.said


def test_image_and_classes_are_taken_along(session, layer, cells):
    classes = np.where(cells > 0, 2, 1)
    classes[1:3, 4:8, 4:8] = 3
    session.choose(layer, Layer(cells * 2, "image"), Layer(classes, "classes"))
    session.measure(MeasureConfig(thickness=False))
    table = session.measures.cells
    assert table["mean_grey"].tolist() == [6, 14, 1000]
    assert table["class_3_parts"].tolist() == [1, 0, 0]
    assert not any(name.startswith("membrane") for name in table.columns)
    session.shown.choose("parts")
    assert session.place_of(0)[:3] == (2, 5.5, 5.5)


def test_a_classes_layer_of_another_shape_is_refused_in_words(session, layer, cells, said):
    session.choose(layer, None, Layer(cells[1:], "classes"))
    session.measure()
    assert "classes: expected the shape of the cells" in said[0]
    assert session.measures is None
    assert session.phase is Phase.READY


def test_a_mask_of_a_volume_is_refused_and_measured_as_sections(session, cells, said):
    session.choose(Layer(np.where(cells, 255, 0).astype(np.uint8)))
    session.measure()
    assert "received a mask" in said[0]
    session.measure(sections=True)
    assert session.measures.of_mask
    assert session.shown.names == ["profiles", "slices"]
    assert session.said.startswith("14 profiles of cells in 6 slices.")


def test_stopped_measures_leave_what_was_known(measured, layer, executor, said):
    before = measured.measures
    stop = []

    def progress(now, _):
        if now[0] == 2:
            measured.stop()
        stop.append(now[0])

    measured.events.progress.connect(progress)
    measured.measure()
    assert max(stop) == 2
    assert measured.said == "Stopped after 3 of 6 slices."
    assert measured.measures is before
    assert measured.phase is Phase.READY
    assert not said


def test_other_cells_have_no_measures(measured, layer, cells):
    told = []
    measured.measured.connect(lambda: told.append(measured.measures))
    measured.choose(Layer(cells, "others"))
    assert told == [None]
    assert not layer.is_open
    assert measured.shown.names == []
    assert len(measured.shown.rows) == 0


def test_measures_stay_where_only_the_image_is_another_one(measured, layer, cells):
    before, again = measured.measures, Layer(cells)
    again.layer = layer
    measured.choose(again, Layer(cells, "image"))
    assert measured.measures is before
    assert layer.is_open
    assert not again.is_open


# -- edits since ------------------------------------------------------------------------------


def test_cells_that_are_painted_on_are_known(measured, layer, executor):
    told = []
    measured.edited.connect(lambda: told.append(set(measured.edits.ids)))
    layer.paint(4, (slice(2, 5), slice(2, 5)), 500)
    executor.pass_time()
    assert told == [{3, 500}]
    assert measured.edits.slices == [4]
    layer.paint(4, (slice(2, 5), slice(2, 5)), 3)
    executor.pass_time()
    assert told[1:] == [set()], "what is undone was never done"


def test_a_slice_that_is_only_drawn_anew_is_not_edited(measured, layer, executor):
    told = []
    measured.edited.connect(lambda: told.append(True))
    layer.draw(3)
    executor.pass_time()
    assert layer.reads == [3]
    assert not told


def test_what_is_painted_while_it_is_measured_is_known(session, layer, executor):
    session.choose(layer)
    session.events.progress.connect(
        lambda now: layer.paint(0, (3, 3), 0) if now == (5, 6) else None, max_args=1
    )
    session.measure()
    executor.pass_time()
    assert session.edits.ids == {3}


def test_nothing_holds_of_a_layer_with_other_pixels(measured, layer, executor):
    told = []
    measured.edited.connect(lambda: told.append(measured.edits.are_all))
    layer.voxel_size_nm = None
    layer.replaced.emit()
    layer.replaced.emit()
    assert told == [True]
    assert "voxel size unknown" in measured.said


def test_measured_anew_nothing_is_edited(measured, layer, executor):
    layer.paint(4, (slice(2, 5), slice(2, 5)), 500)
    executor.pass_time()
    measured.measure()
    assert not measured.edits.ids


# -- what comes of it -------------------------------------------------------------------------


def test_the_rows_that_are_shown_are_saved(measured, tmp_path, said):
    saved = []
    measured.saved.connect(saved.append)
    measured.shown.look_for("slices > 2")
    measured.save(tmp_path / "cells.csv")
    with (tmp_path / "cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["3", "500"]
    assert "volume_um3" in rows[0]
    assert saved == [f"Saved {tmp_path / 'cells.csv'}: 2 of 3 rows of the table cells."]
    measured.save(tmp_path / "nowhere" / "cells.csv")
    assert "the folder does not exist" in said[0]


def test_a_closed_session_does_nothing(measured, layer):
    measured.close()
    measured.measure()
    measured.choose(Layer(layer.data))
    assert measured.phase is Phase.CLOSED
    assert not layer.is_open
