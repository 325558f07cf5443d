from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from imageio.v3 import imwrite
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io import napari_writer
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.napari_reader import contrast_limits, get_reader
from napari_emseg.io.napari_writer import layer_voxel_size, write_image, write_labels
from napari_emseg.io.read import read_stack
from napari_emseg.types import Stack

NM = ("nanometer",) * 3


def _open(path):
    """The layer that napari makes of a file."""
    reader = get_reader(path)
    assert reader is not None
    (layer_data,) = reader(path)
    layer = Layer.create(*layer_data)
    ViewerModel().add_layer(layer)
    return layer


def _save(layer, path):
    data, meta, kind = layer.as_layer_data_tuple()
    (written,) = {"image": write_image, "labels": write_labels}[kind](str(path), data, meta)
    assert written == str(path)
    return written


def _units(layer):
    return tuple(str(unit) for unit in layer.units)


def _write(path, data, **options):
    metadata = {"axes": "ZYX", "unit": "um", "spacing": 0.05}
    tifffile.imwrite(path, data, imagej=True, resolution=(250, 200), metadata=metadata)
    return str(path)


@pytest.mark.parametrize("lazy", [False, True])
def test_an_image_opens_with_scale_and_units(tmp_path, grey, monkeypatch, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    layer = _open(_write(tmp_path / "vol.tif", grey))
    assert isinstance(layer, Image)
    assert (layer.name, _units(layer), layer.axis_labels) == ("vol", NM, ("z", "y", "x"))
    assert tuple(layer.scale) == (50, 5, 4)
    assert not layer.rgb
    np.testing.assert_array_equal(np.asarray(layer.data), grey)
    if lazy:
        looked_at = grey[[0, 2, 4]]
        assert layer.contrast_limits == [looked_at.min(), looked_at.max()]


def test_labels_open_as_labels(tmp_path, grey):
    layer = _open(_write(tmp_path / "vol-labels.tif", np.where(grey > 99, 255, 0).astype("u1")))
    assert isinstance(layer, Labels)
    assert np.unique(layer.data).tolist() == [0, 1]


@pytest.mark.parametrize("n", [3, 4])
def test_slices_of_three_or_four_columns_are_not_rgb(tmp_path, rng, n):
    np.save(tmp_path / "a.npy", rng.integers(0, 256, (8, 9, n), dtype=np.uint8))
    layer = _open(str(tmp_path / "a.npy"))
    assert not layer.rgb
    assert layer.ndim == 3


def test_an_unknown_voxel_size_is_pixels(tmp_path, grey):
    np.save(tmp_path / "a.npy", grey)
    layer = _open(str(tmp_path / "a.npy"))
    assert _units(layer) == ("pixel",) * 3
    assert tuple(layer.scale) == (1, 1, 1)


def test_a_list_of_slices_is_one_stack(tmp_path, grey):
    paths = [str(tmp_path / f"s{z}.png") for z in (10, 9, 2)]
    for path, pixels in zip(paths, grey[[2, 1, 0]], strict=True):
        imwrite(path, pixels)
    np.testing.assert_array_equal(_open(paths).data, grey[:3])
    np.testing.assert_array_equal(_open(str(tmp_path)).data, grey[:3])


@pytest.mark.parametrize("name", ["a.jpg", "a.txt", "empty", "tables"])
def test_other_files_are_left_to_others(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/a.csv").touch()
    assert get_reader(str(tmp_path / name)) is None
    assert get_reader([]) is None
    assert get_reader([str(tmp_path / "a.tif"), str(tmp_path / name)]) is None


def test_an_error_is_ours(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"hello")
    with pytest.raises(ReadError, match="not a TIFF"):
        _open(str(tmp_path / "a.tif"))


def test_contrast_limits_of_odd_values():
    data = np.full((3, 2, 2), np.nan, np.float32)
    assert contrast_limits(Stack(data)) == (0, 1)
    data[1, 0, 0] = 3
    assert contrast_limits(Stack(data)) == (3, 4)
    data[2, 0, 0] = np.inf
    data[2, 0, 1] = 7
    assert contrast_limits(Stack(data)) == (3, 7)


# round trips


@pytest.mark.parametrize("name", ["b.tif", "b.zarr"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.uint32])
def test_image_layer_to_file_to_layer(tmp_path, grey, name, dtype):
    layer = Image(grey.astype(dtype), name="b", scale=(50, 5, 4), units=("nm",) * 3)
    back = _open(_save(layer, tmp_path / name)) if dtype != np.uint32 else None
    if back is None:  # 32-bit integers are taken for labels unless the file says otherwise
        stack = read_stack(_save(layer, tmp_path / name), kind="image")
        assert stack.voxel_size_nm == (50, 5, 4)
        return
    assert (back.name, tuple(back.scale), _units(back)) == ("b", (50, 5, 4), NM)
    assert back.data.dtype == dtype
    np.testing.assert_array_equal(np.asarray(back.data), layer.data)


@pytest.mark.parametrize(
    ("top", "dtype", "stored"),
    [(1, np.uint8, np.uint8), (300, np.int32, np.uint16), (70000, np.int64, np.uint32)],
)
@pytest.mark.parametrize("name", ["cells.tif", "cells.zarr"])
def test_labels_layer_to_file_to_layer(tmp_path, rng, top, dtype, stored, name):
    data = rng.integers(0, top + 1, (3, 8, 9)).astype(dtype)
    data[0, 0, 0] = top
    layer = Labels(data, scale=(0.05, 0.004, 0.004), units=("um",) * 3)
    path = _save(layer, tmp_path / name)
    raw = read_stack(path, raw_values=True)
    assert raw.data.dtype == stored
    assert np.asarray(raw.data).max() == (255 if top == 1 else top)
    back = _open(path)
    assert isinstance(back, Labels)
    np.testing.assert_array_equal(np.asarray(back.data), data)
    assert (tuple(back.scale), _units(back)) == ((50, 4, 4), NM)


def test_scribbles_of_cells_stay_twos(tmp_path):
    data = np.zeros((2, 5, 5), np.uint8)
    data[0, 2] = 2
    back = _open(_save(Labels(data), tmp_path / "scribbles.tif"))
    np.testing.assert_array_equal(back.data, data)


def test_pixel_layers_stay_pixels(tmp_path, grey):
    back = _open(_save(Image(grey), tmp_path / "a.tif"))
    assert _units(back) == ("pixel",) * 3


def test_saving_replaces(tmp_path, grey):
    for data in (grey, grey + 1):
        _save(Image(data), tmp_path / "a.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), grey + 1)


def test_a_flat_layer_is_one_slice(tmp_path, grey):
    layer = Image(grey[0], scale=(5, 4), units=("nm", "nm"))
    stack = read_stack(_save(layer, tmp_path / "a.tif"))
    assert (stack.shape, stack.voxel_size_nm) == ((1, 19, 23), (5, 5, 4))


def test_of_several_levels_the_first_is_written(tmp_path, rng):
    data = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    layer = Image([data, data[:, ::2, ::2]], multiscale=True)
    np.testing.assert_array_equal(read_stack(_save(layer, tmp_path / "a.tif")).data, data)


def test_extra_axes_of_length_one_are_dropped(tmp_path, grey):
    layer = Image(grey[None], scale=(1, 50, 4, 4), units=("nm",) * 4)
    stack = read_stack(_save(layer, tmp_path / "a.tif"))
    assert (stack.shape, stack.voxel_size_nm) == (grey.shape, (50, 4, 4))


def test_layers_that_are_no_stack_are_refused(tmp_path, rng):
    with pytest.raises(WriteError, match="received RGB"):
        _save(Image(rng.random((4, 5, 3)), rgb=True), tmp_path / "a.tif")
    with pytest.raises(WriteError, match=r"layer 'four'.*\(2, 2, 5, 5\); save one channel"):
        _save(Image(rng.random((2, 2, 5, 5)), name="four"), tmp_path / "a.tif")
    with pytest.raises(WriteError, match="ids from 0"):
        _save(Labels(np.full((2, 3, 3), -1)), tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("meta", "voxel"),
    [
        ({}, None),
        ({"scale": (50, 4, 4)}, None),
        ({"scale": (50, 4, 4), "units": "nm"}, (50, 4, 4)),
        ({"scale": (0.05, 4, 4), "units": ("um", "nm", "nm")}, (50, 4, 4)),
        ({"scale": (50, 4, 4), "units": ("pixel", "nm", "nm")}, None),
        ({"scale": (-50, 4, 4), "units": "nm"}, None),
    ],
)
def test_layer_voxel_size(meta, voxel):
    assert layer_voxel_size(meta) == voxel


# -- what a person has edited -------------------------------------------------------------------


def _edited(dtype, value=1):
    """A labels layer with a painted square, and a reviewed slice."""
    data = np.zeros((4, 12, 10), dtype)
    data[:, 2:] = 1
    edits = Edits()
    edits.begin(1, data[1].copy())
    data[1, 3:5, 4:6] = value
    edits.review(3, reviewed=True)
    return Labels(data, metadata={"napari_emseg": {"edits": edits}}), edits


@pytest.mark.parametrize(
    ("ending", "dtype", "value"),
    [
        (".tif", np.uint8, 0),  # in ImageJ's form
        (".tif", np.uint32, 70_000),  # in OME's
        (".zarr", np.uint8, 0),
        (".zarr", np.uint32, 9),
    ],
)
def test_edits_come_back_with_the_labels(tmp_path, ending, dtype, value):
    layer, edits = _edited(dtype, value)
    back = _open(_save(layer, tmp_path / f"labels{ending}"))
    np.testing.assert_array_equal(np.asarray(back.data), layer.data)
    note = back.metadata["napari_emseg"]["edits"]
    assert note == edits.note_of(layer.data)
    found = Edits.from_note(note, back.data.shape)
    assert found.slices == (1, 3)
    touched = found.of(1).touched(layer.data[1])
    np.testing.assert_array_equal(np.argwhere(touched), [(3, 4), (3, 5), (4, 4), (4, 5)])

    back.data[0, 0, 0] = 1  # can be painted on
    back.data[0, 0, 0] = 0
    again = _open(_save(back, tmp_path / f"again{ending}"))  # also where nobody watches them
    assert again.metadata["napari_emseg"]["edits"] == note


def test_without_edits_nothing_is_noted(tmp_path):
    for metadata in ({}, {"napari_emseg": {"edits": Edits()}}):
        layer = Labels(np.ones((2, 5, 5), np.uint8), metadata=metadata)
        back = _open(_save(layer, tmp_path / "labels.tif"))
        assert back.metadata == {}


def test_damaged_edits_leave_the_labels_readable(tmp_path):
    layer, _ = _edited(np.uint8)
    path = _save(layer, tmp_path / "labels.tif")
    with tifffile.TiffFile(path) as tif:
        tag = tif.pages[0].tags[65123]
    with Path(path).open("r+b") as file:
        file.seek(tag.valueoffset)
        file.write(b"\xff" * 10)
    back = _open(path)
    np.testing.assert_array_equal(back.data, layer.data)
    assert back.metadata == {}


def test_who_wants_to_know_is_told_that_labels_are_saved(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(napari_writer, "labels_written", [told.append])
    layer, edits = _edited(np.uint8)
    _save(layer, tmp_path / "labels.tif")
    (meta,) = told
    assert meta["metadata"]["napari_emseg"]["edits"] is edits
    with pytest.raises(WriteError):
        write_labels(str(tmp_path / "none" / "labels.tif"), layer.data, meta)
    assert len(told) == 1


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".h5"])
def test_classes_come_back_with_their_names(tmp_path, ending):
    names = ("membrane", "cell", "mitochondrion")
    data = np.zeros((2, 5, 6), np.uint8)
    data[0, :2] = 1  # membrane alone: no mask of 0 and 255
    layer = Labels(data, metadata=LayerMetadata(class_names=names, edits=Edits()).stored())
    back = _open(_save(layer, tmp_path / f"labels{ending}"))
    np.testing.assert_array_equal(np.asarray(back.data), data)
    assert metadata_of(back).class_names == names
    assert Edits.from_note(metadata_of(back).edits, back.data.shape).slices == ()


# -- what is kept, and where --------------------------------------------------------------------


@pytest.fixture
def said(monkeypatch):
    """What napari's notifications say."""
    said = []
    monkeypatch.setattr("napari.utils.notifications.show_info", said.append)
    return said


@pytest.fixture
def told(monkeypatch):
    told = []
    monkeypatch.setattr(napari_writer, "labels_written", [told.append])
    return told


@pytest.mark.parametrize("name", ["labels", "stack [default] mask", "vol 1.5 nm", "a.tif mask"])
def test_a_name_without_an_ending_becomes_a_tiff_that_keeps_all(tmp_path, said, told, name):
    layer, edits = _edited(np.uint32, 9)
    layer.scale, layer.units = (50, 4, 4), NM
    data, meta, _ = layer.as_layer_data_tuple()
    (written,) = write_labels(str(tmp_path / name), data, meta)
    assert written == str(tmp_path / f"{name}.tif")
    back = _open(written)
    assert isinstance(back, Labels)
    assert tuple(back.scale) == (50, 4, 4)
    assert metadata_of(back).edits == edits.note_of(layer.data)
    assert (len(told), said) == (1, [])


def test_an_added_ending_replaces_nothing_unasked(tmp_path):
    (tmp_path / "labels.tif").write_bytes(b"somebody's")
    layer, _ = _edited(np.uint8)
    with pytest.raises(WriteError, match="exists already; type the name with its ending"):
        write_labels(str(tmp_path / "labels"), layer.data, layer.as_layer_data_tuple()[1])
    assert (tmp_path / "labels.tif").read_bytes() == b"somebody's"


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".h5"])
@pytest.mark.parametrize("kind", ["mask", "cells", "classes"])
def test_what_a_prediction_was_made_of_comes_back(tmp_path, said, ending, kind):
    about = LayerMetadata(source="em", model="/m/tiny", kind=kind, made=12.5)
    layer = Labels(np.ones((4, 12, 10), np.uint32), metadata=about.stored())
    back = _open(_save(layer, tmp_path / f"em {kind}{ending}"))
    assert metadata_of(back) == about
    assert np.unique(np.asarray(back.data)).tolist() == [1]
    assert said == []


@pytest.mark.parametrize("name", ["labels.npy", "slices/"])
def test_what_a_format_cannot_keep_is_said_and_is_not_called_saved(tmp_path, said, told, name):
    layer, _ = _edited(np.uint8)
    layer.scale, layer.units = (50, 4, 4), NM
    write_labels(f"{tmp_path}/{name}", *layer.as_layer_data_tuple()[:2])
    assert told == []
    (sentence,) = said
    for words in ("the voxel size", "what is edited and reviewed", "save as .tif too"):
        assert words in sentence


@pytest.mark.parametrize("name", ["classes.npy", "slices/"])
def test_that_names_of_classes_and_predicted_slices_are_lost_is_said(tmp_path, said, told, name):
    names = ("membrane", "cell", "nucleus")
    about = LayerMetadata(kind="classes", class_names=names, predicted=(0, 2))
    layer = Labels(np.ones((4, 12, 10), np.uint8), metadata=about.stored())
    write_labels(f"{tmp_path}/{name}", *layer.as_layer_data_tuple()[:2])
    assert told == []
    (sentence,) = said
    assert "what the classes are called, which slices are predicted and" in sentence
    assert "edited" not in sentence
