"""A prediction of some slices says in its file which it has, in each format with a place for it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_emseg.core.correct.edits import Edits
from napari_emseg.io.disk.unfinished import RECORD
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.napari_reader import read_layers
from napari_emseg.io.napari_writer import write_image, write_labels
from napari_emseg.io.read import read_stack
from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack

SHAPE = (5, 16, 20)
KEEPS_IT = (".tif", ".zarr", ".h5")


@pytest.mark.parametrize("ending", KEEPS_IT)
@pytest.mark.parametrize("predicted", [(1, 3), (), None])
def test_it_comes_back(tmp_path, ending, predicted):
    stack = Stack(np.full(SHAPE, 0.5, np.float32), predicted=predicted)
    path = write_stack(tmp_path / f"p{ending}", stack)
    assert read_stack(path, kind="image").predicted == predicted


def test_a_note_of_slices_that_are_not_there_says_nothing(tmp_path):
    path = write_stack(tmp_path / "p.zarr", Stack(np.zeros(SHAPE, np.float32), predicted=(1,)))
    attributes = path / ".zattrs"
    attributes.write_text(attributes.read_text().replace("[1]", "[5]").replace("1\n", "5\n"))
    assert json.loads(attributes.read_text())["napari_emseg"]["predicted"] == [5]
    assert read_stack(path, kind="image").predicted is None


@pytest.mark.parametrize("ending", KEEPS_IT)
def test_an_unfinished_output_has_the_slices_that_are_written(tmp_path, ending):
    planned = planned_stack(
        Stack(np.zeros(SHAPE, np.uint8)), 5, np.float32, predicted=tuple(range(5))
    )
    path = tmp_path / f"p{ending}"
    with ResumableWriter(path, planned, {}) as out:
        for z in range(2):
            out.put(z, np.full(SHAPE[1:], 0.5, np.float32))
    grows = next(each for each in tmp_path.iterdir() if each.suffix == ending)
    assert read_stack(grows, kind="image").predicted == (0, 1)
    with ResumableWriter(path, planned, {}, resume=True) as out:
        for z in range(2, 5):
            out.put(z, np.full(SHAPE[1:], 0.5, np.float32))
    assert not list(tmp_path.rglob(f"*{RECORD}"))
    assert read_stack(path, kind="image").predicted == (0, 1, 2, 3, 4)


def test_a_part_of_a_stack_knows_its_own():
    stack = Stack(np.zeros(SHAPE, np.float32), predicted=(1, 3))
    assert stack.take([3, 4, 1]).predicted == (0, 2)
    assert Stack(stack.data).take([1]).predicted is None


def test_a_layer_that_is_saved_and_opened_keeps_it(tmp_path):
    about = LayerMetadata(predicted=(0, 2)).stored()
    image = Image(np.full(SHAPE, 0.5, np.float32), metadata=about)
    write_image(str(tmp_path / "p.tif"), *image.as_layer_data_tuple()[:2])
    ((_, meta, _),) = read_layers(tmp_path / "p.tif")
    assert metadata_of(meta).predicted == (0, 2)


def test_what_a_person_has_painted_since_counts_too(tmp_path):
    edits = Edits()
    edits.review(4, reviewed=True)
    about = LayerMetadata(edits=edits, predicted=()).stored()
    labels = Labels(np.ones(SHAPE, np.uint8), metadata=about)
    write_labels(str(tmp_path / "p.tif"), *labels.as_layer_data_tuple()[:2])
    assert read_stack(tmp_path / "p.tif").predicted == (4,)
