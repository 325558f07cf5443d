"""What is decided and told once for a stack: on the sample, with the model that ships."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.engine.jobs import PredictJob, WarmUpJob
from napari_emseg.engine.run import run
from napari_emseg.engine.segment.polarity import with_dark_membranes
from napari_emseg.engine.segment.stack import StackPrediction, segment_stack
from napari_emseg.errors import SettingError
from napari_emseg.io.samples import phantom
from napari_emseg.model.packages.library import find_model
from napari_emseg.model.packages.package import INT8_VALUES, INT8_WEIGHTS, read_package
from napari_emseg.types import Log, Stack

NM = (50.0, 4.0, 4.0)
LOADING = "Loading model 'default'."


@pytest.fixture(scope="module")
def image():
    return np.asarray(phantom()[0].data[:3])


def told(events):
    return [event.message for event in events if isinstance(event, Log)]


def probability(stack, **config):
    events = []
    found = segment_stack(
        stack, find_model("default"), "probability", device="cpu",
        config=PredictConfig(**config), on_event=events.append,
    )  # fmt: skip
    return np.stack([pixels for _, pixels in found]), told(events)


def test_of_an_ordinary_stack_nothing_is_said(image):
    assert probability(Stack(image, NM))[1] == [LOADING]


@pytest.fixture
def without_int8(tmp_path):
    """The model that ships as it would be where nncf is not installed."""
    folder = shutil.copytree(find_model("default").folder, tmp_path / "exact")
    for name in (INT8_WEIGHTS, INT8_VALUES):
        (folder / name).unlink()
    return read_package(folder)


def test_int8_is_made_of_the_stack_where_it_is_asked_for(
    image, without_int8, tmp_path, monkeypatch
):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path / "cache"))
    stack, config, said = Stack(image, (50.0, 8.0, 8.0)), PredictConfig(int8=True), []
    for _ in range(2):
        prediction = StackPrediction(
            stack, without_int8, slices=[0], device="cpu", config=config, on_event=said.append
        )
        for z, _ in prediction.predicted():
            prediction.finished(z)
        assert prediction.result().device == "OpenVINO int8 on cpu:0"
    assert told(said).count("Making the fast int8 form of the model, once ...") == 1


def test_notes_of_the_stack_are_told_once(image):
    stack = Stack(image, NM, notes=("The third slice is upside down.",))
    assert probability(stack)[1] == ["The third slice is upside down.", LOADING]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_bright_membranes_are_predicted_as_dark_ones(image, dtype):
    plain, _ = probability(Stack(image, NM))
    bright = 100 - image.astype(np.int16) if dtype != np.uint8 else 255 - image
    found, said = probability(Stack(bright.astype(dtype), NM))
    assert said[0].startswith("Membranes look brighter than cells")
    np.testing.assert_allclose(found, plain, atol=1e-3)


def test_a_stack_is_turned_over_slice_by_slice(image):
    read = []

    class Slices:
        shape, dtype = (100, *image.shape[1:]), image.dtype

        def __getitem__(self, key):
            z, *part = key if isinstance(key, tuple) else (key,)
            read.append(z)
            return 255 - image[z % 3][tuple(part)]

    turned = with_dark_membranes(Stack(Slices()), range(10, 90))
    assert sorted(read) == [10, 30, 50, 69, 89]
    np.testing.assert_array_equal(turned.slice(31), image[1])
    assert read[-1] == 31


def test_missing_sections_do_not_hide_bright_membranes(image):
    slices = np.zeros((5, *image.shape[1:]), np.uint8)
    slices[2:4] = 255 - image[:2]
    assert with_dark_membranes(Stack(slices), range(5)).slice(2).tolist() == image[0].tolist()
    assert with_dark_membranes(Stack(slices[:2]), range(2)).data is not None


def test_what_looks_wrong_is_told_once(image):
    flat = np.random.default_rng(0).normal(100, 1, image.shape)
    _, said = probability(Stack(flat, NM), membranes="dark")
    assert len([each for each in said if each.startswith("Slice ")]) == 1


def test_a_job_of_the_window_knows_its_pixel_size(image, tmp_path):
    coarse = image[:1, ::2, ::2]
    np.save(tmp_path / "image.npy", coarse)
    np.save(tmp_path / "out.npy", np.zeros(coarse.shape, np.float32))
    events = []
    job = PredictJob(
        tmp_path / "image.npy", tmp_path / "out.npy", device="cpu", voxel_size_nm=(50, 8, 8)
    )
    run(job, events.append, lambda: False)
    assert "Pixels are 8 nm, the model learned at 4 nm: slices are resampled by 2." in told(events)
    whole, _ = probability(Stack(coarse, (50.0, 8.0, 8.0)))
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), whole)


def test_a_job_of_the_window_may_ask_for_classes_and_their_doubt(image, tmp_path):
    one = image[:1]
    for name, dtype in (("image", one.dtype), ("out", np.float32), ("within", np.uint8),
                        ("doubt", np.uint8)):  # fmt: skip
        np.save(tmp_path / f"{name}.npy", one if name == "image" else np.full(one.shape, 9, dtype))
    job = PredictJob(
        tmp_path / "image.npy", tmp_path / "out.npy", device="cpu",
        within_cells=tmp_path / "within.npy", class_doubt=tmp_path / "doubt.npy",
    )  # fmt: skip
    run(job, lambda _: None, lambda: False)
    assert (np.load(tmp_path / "within.npy") == 2).all()  # of two classes there is one within cells
    assert not np.load(tmp_path / "doubt.npy").any()


def test_the_cost_is_that_of_the_resampled_slice():
    def cost(size, shape, **config):
        job = WarmUpJob(
            device="cpu", shape=shape, voxel_size_nm=size, config=PredictConfig(**config)
        )
        return run(job, lambda _: None, lambda: False)

    plain, resampled = cost(NM, (600, 800)), cost((50.0, 8.0, 8.0), (300, 400))
    assert (resampled.tiles, resampled.bytes_at_once) == (plain.tiles, plain.bytes_at_once)
    assert str(resampled.resampling) == "2"
    assert cost(None, (300, 400), pixel_size_nm=8.0).tiles == plain.tiles
    with pytest.raises(SettingError, match="at most a factor of 8"):
        cost((50.0, 50.0, 50.0), (300, 400))
