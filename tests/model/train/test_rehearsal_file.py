"""What a model was trained on goes along with it, and its parent is named."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_emseg.core.train.patches import make_batch
from napari_emseg.core.train.source import PatchSource
from napari_emseg.core.train.targets import make_target
from napari_emseg.model.packages.library import export_model, import_package
from napari_emseg.model.packages.package import REHEARSAL_FILE, read_package
from napari_emseg.model.train.rehearsal_file import read_rehearsal_set, write_rehearsal_set
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.model.train.train import train
from napari_emseg.types import Log


@pytest.fixture
def parent(trained):
    return import_package(trained.result.package, "mother")


@pytest.fixture
def rehearsing(recipe):
    return replace(recipe, train=replace(recipe.train, epochs=1, rehearse=0.5))


@pytest.fixture
def begin(source_of, stack, labels, rehearsing, parent, tmp_path):
    """Train on slice 4 alone, from the parent."""
    events = []
    only = labels.copy()
    only[:4] = 0

    def begin(recipe=rehearsing, **about):
        source = source_of(stack, make_target(only, "mask", recipe.train))
        result = train(
            [source], recipe, folder=tmp_path / "run", name="child", on_event=events.append,
            **{"start_from": parent, **about},
        )  # fmt: skip
        return result, events

    return begin


def test_a_training_leaves_what_it_learned_from(trained):
    slices = json.loads((trained.folder / "config.json").read_text())["train_slices"]
    rehearsal_set = read_rehearsal_set(trained.result.package / REHEARSAL_FILE)
    assert len(rehearsal_set) == len(slices)
    assert rehearsal_set[0].image.shape == (1, 96, 96)
    assert {*np.unique(rehearsal_set[0].classes)} == {0, 1}


@pytest.mark.slow
def test_a_child_names_its_parent_and_rehearses_its_set(begin, parent):
    result, events = begin()
    package = read_package(result.package)
    assert package.info.parent == "mother"
    assert any("had learned is rehearsed" in e.message for e in events if isinstance(e, Log))
    both = read_rehearsal_set(result.package / REHEARSAL_FILE)
    inherited = read_rehearsal_set(parent.folder / REHEARSAL_FILE)
    assert len(both) == len(inherited) + 1
    np.testing.assert_array_equal(both[0].image, inherited[0].image)


def test_a_model_that_began_at_random_has_no_parent(trained):
    assert read_package(trained.result.package).info.parent is None


@pytest.mark.slow
def test_a_resumed_child_still_knows(begin, rehearsing, tmp_path):
    begin()
    longer = replace(rehearsing, train=replace(rehearsing.train, epochs=2))
    result, _ = begin(longer, resume=True, start_from=None)
    assert read_package(result.package).info.parent == "mother"
    assert len(read_rehearsal_set(RunFolder(tmp_path / "run").rehearsal_set)) > 1
    assert len(read_rehearsal_set(result.package / REHEARSAL_FILE)) > 2


@pytest.mark.slow
def test_without_rehearsal_nothing_is_copied(begin, rehearsing, tmp_path):
    result, _ = begin(replace(rehearsing, train=replace(rehearsing.train, rehearse=0.0)))
    assert not RunFolder(tmp_path / "run").rehearsal_set.exists()
    assert len(read_rehearsal_set(result.package / REHEARSAL_FILE)) == 1


def test_patches_come_from_the_rehearsal_set_as_often_as_asked(stack, target, recipe, trained):
    rehearsal_set = read_rehearsal_set(trained.result.package / REHEARSAL_FILE)
    for each in rehearsal_set:
        each.image[:] = 1000  # nothing else is as bright
    images = {z: np.zeros(stack.shape[1:], np.float32) for z in range(len(stack))}
    mixed = replace(recipe, train=replace(recipe.train, batch_size=200, rehearse=0.3))
    source = PatchSource(images, target, (0, 1))
    batch, _, _ = make_batch([source], mixed, epoch=1, step=0, rehearsal_set=rehearsal_set)
    old = (np.abs(batch).max(axis=(1, 2, 3)) > 500).sum()
    assert 40 <= old <= 80


def test_without_a_rehearsal_set_all_patches_are_as_before(stack, target, recipe):
    images = {z: stack.slice(z).astype(np.float32) for z in range(len(stack))}
    mixed = replace(recipe, train=replace(recipe.train, rehearse=0.5))
    sources = [PatchSource(images, target, (0, 1))]
    for a, b in zip(
        make_batch(sources, recipe, epoch=1, step=0),
        make_batch(sources, mixed, epoch=1, step=0),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip"])
def test_a_damaged_rehearsal_set_is_none(tmp_path, damage):
    (tmp_path / REHEARSAL_FILE).write_bytes(damage)
    assert read_rehearsal_set(tmp_path / REHEARSAL_FILE) == []
    assert read_rehearsal_set(tmp_path / "missing.npz") == []


def test_a_rehearsal_set_survives_the_file(tmp_path, trained):
    rehearsal_set = read_rehearsal_set(trained.result.package / REHEARSAL_FILE)
    write_rehearsal_set(tmp_path / REHEARSAL_FILE, rehearsal_set)
    for a, b in zip(read_rehearsal_set(tmp_path / REHEARSAL_FILE), rehearsal_set, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)


@pytest.mark.parametrize("out", ["folder", "model.zip"])
def test_no_export_takes_it(parent, tmp_path, out):
    assert (parent.folder / REHEARSAL_FILE).exists()
    export_model("mother", tmp_path / out)
    back = import_package(tmp_path / out, "back")
    assert not (back.folder / REHEARSAL_FILE).exists()
