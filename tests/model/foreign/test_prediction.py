"""A model of others predicts as one of ours does: tiles, pixel size, tissue, blocks."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import foreign_packages as others
import napari_emseg as em
from napari_emseg.errors import DeviceError, SettingError
from napari_emseg.model.foreign.arrival import import_model
from napari_emseg.model.packages.library import shipped_folder


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The model that ships, as somebody else would pass it on."""
    model = others.as_others_have_it(shipped_folder("default") / "weights.onnx")
    folder = tmp_path_factory.mktemp("theirs")
    return others.write_package(folder / "theirs", model, raw=others.image(256), nm=4.0)


def probability(image, model, **settings):
    return em.segment(image, model=model, output="probability", **settings).data


@pytest.mark.parametrize("settings", [{}, {"tta": True}, {"pixel_size_nm": 5.0}], ids=str)
def test_the_same_network_says_the_same(theirs, settings):
    package = import_model(theirs, "theirs")
    image = em.phantom()[0].take([0])
    found = probability(image, package, **settings)
    assert found.shape == image.shape
    # grey values are those of the whole slice in both: there is no rim, and no hot pixel
    expected = probability(image, "default", exact=True, **settings)
    assert np.abs(found - expected).max() < 1e-5


def test_rims_without_tissue_are_membrane(theirs):
    stack = em.phantom()[0].take([0])
    data = stack.data.copy()
    data[:, :, :150] = 0
    found = probability(stack.with_data(data), import_model(theirs, "theirs"))
    assert np.all(found[:, :, :140] == 0)
    assert found[:, :, 160:].mean() > 0.5


def test_its_own_tiles_alone_cover_any_slice(tmp_path):
    """Of a network with a size written into it: what it says has no seams."""
    edge = 96
    path = tmp_path / "fixed.onnx"
    path.write_bytes(_of_one_size(edge).SerializeToString())
    package = import_model(path, shows="cell", tile_px=edge, margin_px=4)
    free = tmp_path / "free.onnx"
    free.write_bytes(others.small_network(channels=1).SerializeToString())
    without = import_model(free, shows="cell", margin_px=4)
    rng = np.random.default_rng(0)
    for shape in ((1, 40, 50), (1, 96, 96), (1, 97, 300), (1, 201, 215)):
        image = rng.integers(0, 255, shape).astype(np.uint8)
        whole = probability(image, without, membranes="dark")
        assert np.abs(probability(image, package, membranes="dark") - whole).max() < 1e-5
        large = probability(image, package, membranes="dark", tile_size=512)
        assert np.abs(large - whole).max() < 1e-5


def _of_one_size(edge):
    model = others.small_network(channels=1, size=edge)
    shape = numpy_helper.from_array(np.array([1, 1, edge, edge], np.int64), "shape")
    model.graph.initializer.append(shape)
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(helper.make_node("Reshape", ["before", "shape"], ["out"]))
    return model


def test_neighbours_go_in_as_channels(tmp_path):
    path = tmp_path / "three.onnx"
    path.write_bytes(others.small_network(slices=3, channels=1).SerializeToString())
    package = import_model(path, shows="cell", input_slices=3)
    image = em.phantom()[0]
    assert len(image) > 2
    changed = image.data.copy()
    changed[2] = changed[2][::-1]
    first, other = (
        probability(image.with_data(each), package, slices=[0, 1]) for each in (image.data, changed)
    )
    assert np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1], other[1])


def test_half_precision_and_further_outputs_do(tmp_path):
    model = others.small_network(channels=1)
    for tensor in model.graph.initializer:
        half = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.elem_type = TensorProto.FLOAT16
    more = helper.make_tensor_value_info("two", TensorProto.FLOAT16, ["b", 4, "y", "x"])
    model.graph.output.append(more)
    path = tmp_path / "half.onnx"
    path.write_bytes(model.SerializeToString())
    found = probability(em.phantom()[0], import_model(path, shows="cell"), slices=[0])
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1


def test_keras_int8_and_other_gpus_are_refused_in_words(theirs):
    package, image = import_model(theirs, "theirs"), em.phantom()[0].take([0])
    for wrong in ({"runtime": "keras"}, {"int8": True}):
        with pytest.raises(SettingError, match="is a network of others"):
            probability(image, package, **wrong)
    with pytest.raises(DeviceError, match="networks of others run on the processor"):
        probability(image, package, device="gpu:7")


def test_larger_than_one_machine_it_says_the_same(theirs, tmp_path):
    package = import_model(theirs, "theirs")
    image = em.phantom()[0].take([0, 1])
    em.write_stack(tmp_path / "in.zarr", image)
    em.segment_file(
        tmp_path / "in.zarr", tmp_path / "out.zarr", model=package, output="probability", workers=1
    )
    found = em.read_stack(tmp_path / "out.zarr").data
    expected = probability(image, package)
    assert np.abs(np.asarray(found, np.float32) - expected).max() < 0.01
