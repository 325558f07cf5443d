"""At which pixels a network learns, and what is said of stacks that are brought together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.train.job_note import JobNote
from napari_emseg.engine.train.jobs import LabelledFiles, TrainJob
from napari_emseg.engine.train.labelled_stack import LabelledStack, labelled_stacks
from napari_emseg.engine.train.sources import network_voxel_size, resampling_of, sources_of
from napari_emseg.errors import LabelsError, SettingError, ShapeError
from napari_emseg.io.samples import phantom
from napari_emseg.model.packages.library import DEFAULT, find_model
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Stack, noted_names


def stack_at(voxel):
    return Stack(np.zeros((2, 8, 8), np.uint8), voxel)


FINE, COARSE, UNKNOWN = stack_at((30.0, 4.0, 4.0)), stack_at((40.0, 8.0, 8.0)), stack_at(None)


@pytest.mark.parametrize(
    ("images", "pixel_nm", "voxel"),
    [
        ([FINE, COARSE], 0.0, (30, 4, 4)),
        ([COARSE, FINE], 0.0, (40, 8, 8)),
        ([UNKNOWN, COARSE], 0.0, (40, 8, 8)),
        ([COARSE, FINE], 5.0, (40, 5, 5)),
        ([UNKNOWN], 0.0, None),
    ],
)
def test_the_pixel_size_is_said_or_that_of_the_first(images, pixel_nm, voxel):
    recipe = Recipe(train=TrainConfig(network_pixel_nm=pixel_nm))
    assert network_voxel_size(images, recipe) == voxel


def test_a_model_and_a_run_bring_their_pixel_size_along(tmp_path):
    model = find_model(DEFAULT)
    assert network_voxel_size([COARSE], Recipe(), start_from=model) == (40, 4, 4)
    assert network_voxel_size([UNKNOWN], Recipe(), start_from=model) == model.info.voxel_size_nm
    run = RunFolder(tmp_path)
    run.write_config({"voxel_size_nm": [40, 5, 5]})
    assert network_voxel_size([FINE], Recipe(), start_from=model, before=run) == (40, 5, 5)
    run.write_config({})  # of a version that trained at the stack's own
    assert network_voxel_size([FINE], Recipe(), start_from=model, before=run) == (30, 4, 4)


def test_what_is_said_of_pixels():
    said = []
    assert resampling_of(COARSE, (30, 4, 4), said.append).down == 2
    assert not resampling_of(UNKNOWN, (30, 4, 4), said.append).is_needed
    assert not resampling_of(FINE, (30, 4, 4), said.append).is_needed
    assert not resampling_of(FINE, None, said.append).is_needed
    assert [event.message for event in said] == [
        "Pixels are 8 nm, the network learns at 4 nm: slices are resampled by 2.",
        "The pixel size is unknown and taken for the network's 4 nm.",
    ]


def test_stacks_of_one_name_are_numbered_and_errors_name_theirs():
    images, labels = (each.take([0, 1]) for each in phantom())
    pair = LabelledStack(images, labels)
    said = []
    first, second = sources_of([pair, pair], Recipe(), images.voxel_size_nm, said.append)
    assert (first.name, second.name) == (f"{images.name} (1)", f"{images.name} (2)")
    assert any(each.message.startswith(f"{second.name}: Labels are read as") for each in said)
    wrong = LabelledStack(images, labels, validation=[7])
    with pytest.raises(LabelsError, match=r"\(2\): validation slices: 7"):
        sources_of([pair, wrong], Recipe(), None, said.append)


def of_classes(name, *called):
    """A stack with scribbles of three classes that have these names."""
    scribbles = np.repeat(np.arange(1, 4, dtype=np.uint8), 192)[:512].reshape(1, 16, 32)
    labels = Stack(
        np.repeat(scribbles, 4, axis=0), kind="labels", edits=noted_names(("membrane", *called))
    )
    images = np.random.default_rng(0).integers(0, 255, labels.shape, np.uint8)
    return LabelledStack(Stack(images, name=name), labels, "scribbles")


MITO, NUCLEUS = of_classes("a", "cell", "mitochondrion"), of_classes("b", "cell", "nucleus")


def test_a_class_that_is_another_in_another_stack_is_refused_and_both_are_named():
    recipe = Recipe(NetworkConfig(classes=3))
    with pytest.raises(
        LabelsError,
        match="class 3, received 'mitochondrion' in a and 'nucleus' in b; give each class the same",
    ):
        sources_of([MITO, NUCLEUS], recipe, None, lambda _: None)


@pytest.mark.parametrize(
    ("other", "network"),
    [
        (of_classes("b", "Cell ", "Mitochondrion"), NetworkConfig(classes=3)),
        (of_classes("b"), NetworkConfig(classes=3)),
        (NUCLEUS, NetworkConfig(classes=3, class_names="membrane,cell,organelle")),
    ],
)
def test_classes_of_one_name_or_none_or_that_are_named_are_learned_together(other, network):
    made = sources_of([MITO, other], Recipe(network), None, lambda _: None)
    assert [each.name for each in made] == ["a", "b"]


def test_of_two_classes_names_do_not_matter():
    pair = [
        replace(each, labels=each.labels.with_data(np.minimum(each.labels.data, 2)))
        for each in (MITO, of_classes("b", "axon"))
    ]
    assert len(sources_of(pair, Recipe(), None, lambda _: None)) == 2


@pytest.mark.parametrize("name", ["slices", "val_slices", "weights", "labels_mean"])
def test_one_for_each_stack_or_none(name):
    pairs = [(FINE, Stack(FINE.data, kind="labels"))] * 3
    with pytest.raises(SettingError, match=f"{name}: expected one for each of the 3 stacks"):
        labelled_stacks(pairs, **{name: [1, 2]})


def test_one_meaning_is_that_of_all():
    pairs = [(FINE, Stack(FINE.data, kind="labels"))] * 3
    assert [each.meaning for each in labelled_stacks(pairs, labels_mean=["mask"])] == ["mask"] * 3
    assert [each.weight for each in labelled_stacks(pairs)] == [1.0] * 3


def test_what_cannot_be_trained_on():
    with pytest.raises(ShapeError, match="at least one"):
        labelled_stacks([])
    with pytest.raises(ShapeError, match="expected the image's shape"):
        LabelledStack(FINE, Stack(np.zeros((3, 8, 8), np.uint8), kind="labels"))


def test_a_job_of_several_stacks_is_noted_and_an_older_note_is_read(tmp_path):
    one = LabelledFiles(tmp_path / "a", tmp_path / "b", "mask", (1, 2), weight=2.0)
    other = LabelledFiles(tmp_path / "c", tmp_path / "d", voxel_size_nm=(50.0, 4.0, 4.0))
    job = TrainJob((one, other), tmp_path / "run", library=tmp_path)
    JobNote.of(job).write(tmp_path)
    assert JobNote.read(tmp_path).train_job() == job
    note = JobNote.of(TrainJob((one,), tmp_path / "run"))
    (files,) = note.job.pop("stacks")
    del files["weight"]
    older = JobNote(None, {**note.job, **files})
    (read,) = older.train_job().stacks
    assert (read.images, read.slices, read.weight) == (tmp_path / "a", (1, 2), 1.0)
