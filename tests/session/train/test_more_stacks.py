"""A training on several stacks: the list, without a window and without a worker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.jobs import TrainJob
from napari_emseg.session.train.more_stacks import Listed
from napari_emseg.session.train.patch_preview import READING
from napari_emseg.types import Stack, noted_names


@pytest.fixture
def choose(setup, executor, form, make_data):
    """Chooses a stack of 8 nm by its name, and so many slices and pixels; gives its data."""

    def choose(name, slices=4, size=32, nm=8.0, meaning=None):
        data = make_data(slices, size, name)
        images = replace(data.images, voxel_size_nm=nm and (50, nm, nm))
        data = replace(data, images=images, chosen=(name, f"{name} mask"))
        form.read = lambda: data
        setup.choose_data()
        executor.pass_time()
        return data

    return choose


def names(setup):
    return [row.stack.name for row in setup.more.rows]


def test_without_a_list_there_is_one_stack(setup, jobs):
    assert setup.more.message == ""
    setup.train()
    assert len(jobs.jobs[-1].stacks) == 1


def test_a_training_learns_from_the_list_and_from_what_is_chosen(setup, choose, jobs):
    choose("fly", nm=4)
    setup.add_stack()
    assert setup.more.message.startswith("fly is on the list; choose the next")
    choose("mouse", slices=6, size=64)
    said = setup.more.message.splitlines()
    assert said[0] == "Learns from 2 stacks: mouse (chosen above), fly."
    assert said[1] == (
        "fly: Pixels are 4 nm, the network learns at 8 nm: slices are resampled by 0.5."
    )
    setup.add_stack()
    assert names(setup) == ["fly", "mouse"]
    assert setup.more.message.splitlines() == said  # and mouse counts once
    setup.train()
    job = jobs.jobs[-1]
    assert isinstance(job, TrainJob)
    assert [each.called for each in job.stacks] == ["mouse", "fly"]
    assert [np.load(each.images).shape for each in job.stacks] == [(6, 64, 64), (4, 32, 32)]
    assert [each.voxel_size_nm for each in job.stacks] == [(50, 8, 8), (50, 4, 4)]
    assert all(each.validation for each in job.stacks)


def test_a_row_follows_what_is_changed_above_and_comes_back_with_it(setup, choose):
    choose("fly")
    setup.add_stack()
    setup.choose_split(setup.split.turned(0))
    setup.choose_meaning("membranes")
    by_hand = setup.split
    choose("mouse")
    assert setup.meaning == "mask"
    assert setup.more.rows[0].stack.split == by_hand
    assert setup.more.rows[0].stack.meaning == "membranes"
    choose("fly")
    assert (setup.split, setup.meaning, setup.is_guessed) == (by_hand, "membranes", False)
    assert setup.more.rows[0].stack.split == by_hand


def test_validation_slices_of_all_rows_follow_the_fraction_but_those_of_a_person(
    setup, choose, form
):
    for name in ("fly", "mouse"):
        choose(name, slices=8)
        setup.add_stack()
    setup.choose_split(setup.split.turned(0))
    by_hand = setup.split
    choose("worm", slices=8)
    assert [len(row.stack.split.validation) for row in setup.more.rows] == [2, 3]
    form.val_fraction = 0.5
    setup.change_settings()
    assert len(setup.more.rows[0].stack.split.validation) == 4
    assert setup.more.rows[1].stack.split == by_hand
    assert len(setup.split.validation) == 4


def test_weights_stay_and_reach_the_worker(setup, choose, jobs):
    choose("fly")
    setup.add_stack()
    choose("mouse")
    setup.add_stack()
    setup.more.weigh(0, 2.0)
    setup.more.weigh(1, 3.0)
    setup.choose_split(setup.split.turned(0))
    assert [row.stack.weight for row in setup.more.rows] == [2, 3]
    setup.train()
    assert [each.weight for each in jobs.jobs[-1].stacks] == [3, 2]


def test_what_is_taken_off_the_list_is_not_learned_from(setup, choose, jobs):
    for name in ("fly", "mouse"):
        choose(name)
        setup.add_stack()
    setup.more.remove(0)
    assert names(setup) == ["mouse"]
    setup.train()
    assert [each.called for each in jobs.jobs[-1].stacks] == ["mouse"]


def test_data_that_are_still_read_are_added_when_they_are_there(setup, executor, form, make_data):
    form.read = lambda: replace(make_data(name="slow"), chosen=("slow", "mask"))
    setup.choose_data()
    lane = setup._lane.latest
    waiting = []
    setup._lane.latest = lambda *calls: waiting.append(calls)
    setup.add_stack()
    assert setup.more.message == READING
    setup._lane.latest = lane
    lane(*waiting[0])
    assert names(setup) == ["slow"]


# -- what will not do ----------------------------------------------------------------------------


def test_what_will_not_do_is_said_and_not_added(setup, executor, form):
    form.missing = "Labels: choose a labels layer"
    setup.choose_data()
    executor.pass_time()
    setup.add_stack()
    assert setup.more.message == form.missing
    assert not setup.more.rows


def test_labels_without_anything_painted_are_not_added(setup, executor, form, make_data):
    data = make_data(name="bare")
    data.labels.data[:] = 0
    form.read = lambda: data
    setup.choose_data()
    executor.pass_time()
    setup.add_stack()
    assert "is labelled; paint" in setup.more.message
    assert not setup.more.rows


def test_pixels_that_are_too_far_from_the_others_are_not_added(setup, choose):
    choose("fly", nm=4)
    setup.add_stack()
    choose("worm", nm=40)
    setup.add_stack()
    assert names(setup) == ["fly"]
    assert setup.more.message.startswith("fly: pixel size: expected one that differs by at most")
    assert "check the voxel size" in setup.more.message


def test_an_unknown_pixel_size_is_said(setup, choose):
    choose("fly", nm=None)
    setup.add_stack()
    choose("mouse", nm=8)
    assert "fly: The pixel size is unknown and taken for the network's 8 nm." in setup.more.message
    choose("worm", nm=None)
    assert "No pixel size is known: all stacks are taken as they are." in setup.more.message


def test_a_listed_stack_whose_labels_are_wiped_out_stays_as_it_was(setup, executor, choose, form):
    data = choose("fly")
    setup.add_stack()
    bare = replace(data, labels=Stack(np.zeros_like(data.labels.data), kind="labels"))
    form.read = lambda: bare
    setup.change_data()
    executor.pass_time()
    assert setup.more.rows[0].stack.split.labelled
    assert "is labelled; paint" in setup.more.message


def test_rows_are_told_apart_by_what_was_chosen(setup, make_data):
    split = SliceSplit.spread(range(4), 0.25)
    for data in (make_data(), make_data()):  # of one name, from nowhere
        stack = replace(setup._chosen(data).stack, split=split)
        setup.more.put(Listed(stack))
    assert len(setup.more.rows) == 2


# -- how long, and how it looks ------------------------------------------------------------------


def test_all_stacks_count_for_the_time_and_for_the_patches(setup, choose):
    choose("fly", nm=4)
    setup.add_stack()
    choose("mouse", slices=2, size=64)
    plan = setup._plan()
    assert sorted(set(plan.shapes)) == [(16, 16), (64, 64)]  # as the network sees them
    setup.preview()
    assert len(setup.patches._sources) == 2
    setup.more.remove(0)
    assert len(setup.patches._sources) == 1


# -- classes -------------------------------------------------------------------------------------


def test_labels_of_more_classes_are_trained_on_and_listed_though_asked_for_early(
    setup, executor, form, make_data, jobs
):
    """The form takes up the classes that were found, for which all is read once more."""

    def take_up(found):
        form.classes = max(2, len(found))
        setup.change_settings()

    setup.events.class_names.connect(take_up)
    data = make_data(name="classes")
    data.labels.data[:] += 1
    data.labels.data[:, :8] = 3
    named = noted_names(("membrane", "cell", "mitochondrion"))
    data = replace(data, labels=replace(data.labels, edits=named))
    form.read = lambda: replace(data, chosen=("classes", "mask"))
    setup.choose_data()
    setup.train()
    setup.add_stack()
    executor.pass_time()
    assert form.classes == 3
    (row,) = setup.more.rows
    assert row.stack.meaning == "scribbles"
    assert [each.called for each in jobs.jobs[-1].stacks] == ["classes"]
