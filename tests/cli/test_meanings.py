"""What a person reads of what labels, truth and prediction were taken for."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.scores.metrics import score_stack
from napari_emseg.engine.train.labelled_stack import LabelledStack
from napari_emseg.engine.train.sources import reading_of
from napari_emseg.engine.train.sources import target_of as target_of_labels
from napari_emseg.io.read import read_stack
from tissue import mask_of, picture_of, smoothed, touching_ids

MASK = mask_of(touching_ids())


def run(*args):
    return exit_status(cli, [str(each) for each in args])


@pytest.fixture(params=["made up", "real"])
def tissue(request):
    """Image and mask (Z, Y, X) uint8."""
    if request.param == "made up":
        return picture_of(MASK), MASK
    folder = request.getfixturevalue("isbi_dir")
    volume, labels = (tifffile.imread(folder / f"train-{k}.tif") for k in ("volume", "labels"))
    return volume[24:26], labels[24:26]


@pytest.fixture
def evaluated(tmp_path, capsys):
    def evaluate(prediction, truth, *options):
        for name, data in (("prediction", prediction), ("truth", truth)):
            tifffile.imwrite(tmp_path / f"{name}.tif", data)
        files = [tmp_path / f"{name}.tif" for name in ("prediction", "truth")]
        status = run("evaluate", *files, "--json", *options)
        told = capsys.readouterr()
        return (json.loads(told.out) if status == 0 else None), told.err

    return evaluate


@pytest.fixture
def target_of(tmp_path):
    """What is said of labels before a training, and its target."""

    def look(image, labels, meaning=None):
        for name, data in (("image", image), ("labels", labels)):
            tifffile.imwrite(tmp_path / f"{name}.tif", data)
        files = [tmp_path / f"{name}.tif" for name in ("image", "labels")]
        said = []
        images, labels = (
            read_stack(file, kind=kind)
            for file, kind in zip(files, ("image", "labels"), strict=True)
        )
        stack = LabelledStack(images, labels, meaning)
        target = target_of_labels(stack, reading_of(stack, 2, said.append), Recipe())
        return target, " ".join(each.message for each in said)

    return look


# -- train --------------------------------------------------------------------------------------


def test_membranes_painted_white_are_noticed(tissue, target_of):
    image, mask = tissue
    _, said = target_of(image, 255 - mask)
    assert "Labels are read as mask: " in said
    assert "Cell and membrane look swapped" in said
    target, said = target_of(image, 255 - mask, "membranes")
    assert "swapped" not in said
    np.testing.assert_array_equal(target[0].classes, mask[0] > 0)


def test_ids_that_touch_are_parted(tissue, target_of):
    from skimage.segmentation import watershed

    image, mask = tissue
    ids = np.stack([watershed(each * 0, ndimage.label(each)[0]) for each in mask])
    ids[:, :20] = 0
    target, said = target_of(image, ids.astype(np.uint16))
    assert "a membrane is drawn between them" in said
    assert ndimage.label(target[0].classes)[1] > 20


def test_image_and_labels_swapped_are_refused(tissue, tmp_path, capsys):
    image, mask = tissue
    tifffile.imwrite(tmp_path / "image.tif", image)
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    files = (tmp_path / "mask.tif", tmp_path / "image.tif")
    assert run("train", *files, "--out", tmp_path / "run", "--device", "cpu") != 0
    assert "looks like a picture" in capsys.readouterr().err
    assert not (tmp_path / "run" / "last.keras").exists()


# -- evaluate -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "membrane"), [(2, 1), (1, 2)])
def test_classes_1_and_2_score_as_a_mask(tissue, evaluated, cell, membrane):
    mask = tissue[1]
    opened = np.stack([ndimage.binary_opening(each > 0, iterations=1) for each in mask])
    found, said = evaluated(np.where(opened, cell, membrane).astype(np.uint8), mask)
    right = score_stack(opened, mask)
    assert found["stack"]["v_rand"] == right.v_rand
    assert found["prediction_is"] in said
    assert f"{'above' if cell == 2 else 'below'} 1.5 is cell" in said


def test_a_probability_in_16_bits(tissue, evaluated):
    mask = tissue[1]
    found, said = evaluated((smoothed(mask) * 65535).astype(np.uint16), mask)
    assert found["stack"]["v_rand"] > 0.98
    assert "a probability of cell in whole numbers from 0 to 65535" in said
    assert "truth.tif is read as mask: " in said


def test_a_probability_of_membrane_is_pointed_at(tissue, evaluated):
    found, said = evaluated(1 - smoothed(tissue[1]), tissue[1])
    assert found["stack"]["v_rand"] < 0.5
    assert re.search("Reversed it would score V_rand (0.9|1.0)", said)
    assert any("Reversed" in note for note in found["notes"])


def test_ids_in_8_bits(tissue, evaluated):
    mask = tissue[1]
    ids = np.stack([ndimage.label(each)[0] % 200 for each in mask]).astype(np.uint8)
    found, said = evaluated(ids, mask)
    assert found["stack"]["threshold"] == 0.5
    assert found["stack"]["v_rand"] > 0.99
    assert "cells, each with an id of its own" in said


def test_a_truth_with_white_membranes(tissue, evaluated):
    mask = tissue[1]
    found, said = evaluated(mask, 255 - mask)
    assert "the meaning membranes for the truth" in said
    found, said = evaluated(mask, 255 - mask, "--truth-means", "membranes")
    assert found["stack"]["v_rand"] == pytest.approx(score_stack(mask, mask).v_rand)
    assert found["notes"] == []


def test_a_picture_for_a_truth_is_refused(tissue, evaluated):
    image, mask = tissue
    found, said = evaluated(mask, image)
    assert found is None
    assert "truth: this looks like a picture" in said
