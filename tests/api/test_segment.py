"""Segmenting arrays and files by the API: what goes in and out, callbacks, errors, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import dask.array as da
import numpy as np
import pytest
import zarr

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.segment.segmenter import DTYPES
from napari_emseg.engine.distributed.cluster import cluster_of
from napari_emseg.io.samples import phantom_path


@pytest.fixture(scope="module")
def image():
    """Two slices of the phantom, and their size."""
    stack, _ = em.phantom()
    return stack.with_data(np.ascontiguousarray(stack.data[:2, :256, :192]))


@pytest.fixture(scope="module")
def probability(image):
    return em.segment(image, output="probability").data


@pytest.mark.parametrize("output", DTYPES)
def test_each_output(image, output):
    made = em.segment(image, output=output)
    assert made.shape == image.shape
    assert made.data.dtype == DTYPES[output]
    assert made.voxel_size_nm == image.voxel_size_nm
    assert made.kind == ("image" if output == "probability" else "labels")
    assert made.data.any()


@pytest.mark.parametrize("output", DTYPES)
def test_the_command_line_makes_the_same(image, output, tmp_path):
    em.write_stack(tmp_path / "image.tif", image)
    args = ("predict", tmp_path / "image.tif", "--out", tmp_path / "out.npy", "--what", output)
    assert exit_status(cli, [str(each) for each in args]) == 0
    em.segment_file(tmp_path / "image.tif", tmp_path / "file.npy", output=output)
    for made in ("out.npy", "file.npy"):
        np.testing.assert_array_equal(
            np.load(tmp_path / made), em.segment(image, output=output).data
        )


def test_the_command_line_passes_on_what_was_typed_alone(image, tmp_path):
    em.write_stack(tmp_path / "image.tif", image)
    for options in ({}, {"threshold": 0.9, "smallest_cell_px": 300}):
        out = tmp_path / f"{len(options)}.npy"
        args = [str(tmp_path / "image.tif"), "--out", str(out), "--what", "mask"]
        typed = [f"--{k.replace('_', '-')}={v}" for k, v in options.items()]
        assert exit_status(cli, ["predict", *args, *typed]) == 0
        np.testing.assert_array_equal(
            np.load(out), em.segment(image, output="mask", **options).data
        )


@pytest.mark.parametrize(
    "given",
    [
        lambda pixels: pixels,
        lambda pixels: pixels.astype(">u2"),
        lambda pixels: da.from_array(pixels, chunks=(1, 64, 64)),
        lambda pixels: zarr.array(pixels),
        lambda pixels: pixels.tolist(),
    ],
    ids=["numpy", "big-endian", "dask", "zarr", "list"],
)
def test_any_array_will_do(image, probability, given):
    made = em.segment(given(image.data), output="probability", voxel_size_nm=(50, 4, 4))
    assert made.voxel_size_nm == (50, 4, 4)
    np.testing.assert_allclose(made.data, probability, atol=1e-5)


def test_a_slice_is_a_stack_of_one(image, probability):
    made = em.segment(image.data[1], output="probability")
    assert made.shape == (1, 256, 192)
    np.testing.assert_array_equal(made.data[0], probability[1])


def test_slices_come_in_the_order_wanted_into_what_is_given(image, probability):
    out, done = np.full((2, 256, 192), -1, np.float32), []
    made = em.segment(
        image, output="probability", slices=[1, 0], out=out, on_slice=lambda *k: done.append(k)
    )
    assert made.data is out
    np.testing.assert_array_equal(out, probability[::-1])
    assert done == [(1, 2), (2, 2)]


def test_a_stop_keeps_what_is_finished(image, probability):
    out, done = np.full((2, 256, 192), -1, np.float32), []
    with pytest.raises(em.CancelledError, match="1 of 2"):
        em.segment(
            image, output="probability", out=out, on_slice=lambda *k: done.append(k),
            should_stop=lambda: bool(done),
        )  # fmt: skip
    np.testing.assert_array_equal(out[0], probability[0])
    assert (out[1] == -1).all()


def test_threads_do_not_disturb_one_another(image, probability):
    with ThreadPoolExecutor(4) as pool:
        for made in pool.map(lambda _: em.segment(image, output="probability").data, range(8)):
            np.testing.assert_array_equal(made, probability)


def test_a_model_by_name_by_folder_and_itself(image, probability):
    package = em.load_model("default")
    for model in ("default", package.folder, str(package.folder), package):
        made = em.segment(image, output="probability", model=model)
        np.testing.assert_array_equal(made.data, probability)


def test_the_threshold_is_the_models_own(image, probability):
    own = em.load_model().info.threshold
    given = {"smallest_cell_px": 0}
    mask = em.segment(image, output="mask", **given).data
    np.testing.assert_array_equal(mask, np.where(probability > own, 255, 0))
    other = em.segment(image, output="mask", threshold=0.2, **given).data
    np.testing.assert_array_equal(other, np.where(probability > 0.2, 255, 0))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"output": "masks"}, em.SettingError, "probability, mask, cells, classes"),
        ({"treshold": 1}, em.SettingError, "did you mean 'threshold'"),
        ({"epochs": 1}, em.SettingError, "'epochs'"),
        ({"threshold": 2}, em.SettingError, "0 to 1"),
        ({"slices": [5]}, em.ShapeError, "0 to 1"),
        ({"slices": []}, em.ShapeError, "at least one"),
        ({"model": "nonsense"}, em.ModelError, "no model 'nonsense'"),
        ({"voxel_size_nm": (1, 2)}, em.SettingError, "voxel"),
        ({"out": np.zeros((1, 2, 3), np.uint32)}, em.ShapeError, "out: expected"),
        ({"out": np.zeros((2, 256, 192), np.uint8)}, em.ShapeError, "of uint32"),
    ],
)
def test_errors_say_what_to_do(image, given, error, words):
    with pytest.raises(error, match=words):
        em.segment(image, **given)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 8, 8, 3)), np.zeros(4), np.zeros((8, 8), complex), [["a"]]]
)
def test_what_is_no_stack_is_refused(wrong):
    with pytest.raises(em.ShapeError, match="expected"):
        em.segment(wrong)


def test_a_file_goes_on_where_it_was_stopped(tmp_path):
    out, seen = tmp_path / "out.zarr", []
    with pytest.raises(em.CancelledError):
        em.segment_file(
            phantom_path(), out, output="mask", slices=[0, 1, 2],
            on_event=lambda event: seen.append(event) if isinstance(event, em.SliceDone) else None,
            should_stop=lambda: bool(seen),
        )  # fmt: skip
    result = em.segment_file(phantom_path(), out, output="mask", slices=[0, 1, 2], resume=True)
    assert 0 < result.slices < 3
    image, _ = em.phantom()
    expected = em.segment(image, output="mask", slices=[0, 1, 2])
    np.testing.assert_array_equal(em.read_stack(out).data, expected.data > 0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"part": "1/2"}, "part: expected workers or a client"),
        ({"scheduler": "tcp://10.0.0.1:8786"}, "folder: expected one that the workers"),
        ({"workers": 2, "output": "cells", "slices": [1]}, "output: expected slices of a volume"),
        ({"workers": 2, "scheduler": "tcp://10.0.0.1:8786"}, "expected one of workers"),
    ],
)
def test_what_others_cannot_do_with_an_array(image, given, words):
    with pytest.raises(em.SettingError, match=words):
        em.segment(image, **{"output": "mask", **given})


@pytest.mark.slow
@pytest.mark.parametrize("output", ["mask", "cells"])
def test_workers_segment_an_array(image, output, tmp_path):
    done = []
    made = em.segment(
        image, output=output, workers=2, folder=tmp_path, on_slice=lambda *each: done.append(each)
    )
    wanted = em.segment(image, output=output)
    np.testing.assert_array_equal(made.data, wanted.data)
    assert (made.name, made.kind, made.predicted) == (wanted.name, wanted.kind, wanted.predicted)
    assert done == [(1, 2), (2, 2)]
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_a_client_segments_an_array(image, probability):
    with cluster_of(workers=1) as client:
        made = em.segment(image.data, output="probability", slices=[1], client=client)
    np.testing.assert_array_equal(made.data, probability[1:])
