"""The guess on real labels, and on what people do to them; skipped where the data is absent."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import tifffile
from scipy import ndimage
from skimage.segmentation import watershed

from napari_emseg.core.label_meaning import guess_meaning
from napari_emseg.core.scores.probability import prediction_meaning
from napari_emseg.errors import LabelsError
from tissue import smoothed, through_jpeg

MASKS = {
    "isbi2012": ("train-labels.tif", "train-volume.tif"),
    "vnc": ("train-membranes.tif", "train-images.tif"),
    "epfl": ("train-membranes.tif", "train-images.tif"),
}


@pytest.fixture(scope="module")
def some_slices(isbi_dir):
    """Two slices of a file, (2, Y, X)."""

    def read(source, name):
        path = isbi_dir.parent / source / name
        if not path.exists():
            pytest.skip(f"{path} is absent")
        with tifffile.TiffFile(path) as file:
            count = len(file.pages)
            return np.stack([file.pages[k].asarray() for k in (count // 3, 2 * count // 3)])

    return read


@pytest.fixture(params=MASKS)
def mask_and_image(request, some_slices):
    return [some_slices(request.param, name) for name in MASKS[request.param]]


def ids_of(mask):
    return np.stack([ndimage.label(each)[0] for each in mask]).astype(np.uint16)


def test_masks_and_their_images(mask_and_image):
    mask, image = mask_and_image
    for labels in (mask, mask // 255, (mask > 0)):
        for given in (None, image, 255 - image):
            found = guess_meaning(labels, images=given)
            assert (found.meaning, found.remarks) == ("mask", ())
        assert prediction_meaning(labels).kind == "mask"
    for labels in (image, cv2.GaussianBlur(image.transpose(1, 2, 0), (0, 0), 2).transpose(2, 0, 1)):
        with pytest.raises(LabelsError, match="looks like a picture"):
            guess_meaning(labels)


def test_membranes_painted_white(mask_and_image):
    mask, image = mask_and_image
    for labels in (255 - mask, 1 - mask // 255, through_jpeg(255 - mask), 2 - mask // 255):
        for given in (None, image):
            assert "swapped" in guess_meaning(labels, images=given).remarks[-1]
        assert guess_meaning(labels, told="membranes").shares.cell == pytest.approx(
            (mask > 0).mean(), abs=0.01
        )


@pytest.mark.parametrize("change", ["jpeg 50", "jpeg 90", "smaller", "larger", "smooth 16"])
def test_blurred_masks(mask_and_image, change):
    mask, _ = mask_and_image
    how, _, number = change.partition(" ")
    if how == "jpeg":
        labels = through_jpeg(mask, int(number))
    elif how == "smooth":
        labels = (smoothed(mask) * 65535).astype(np.uint16)
    else:
        by, method = (0.4, cv2.INTER_AREA) if how == "smaller" else (1.7, cv2.INTER_CUBIC)
        labels = np.stack([
            cv2.resize(each, None, fx=by, fy=by, interpolation=method) for each in mask
        ])  # fmt: skip
    found = guess_meaning(labels)
    assert found.meaning == "mask"
    assert "cut at half" in found.remarks[0]
    assert found.shares.cell == pytest.approx((mask > 0).mean(), abs=0.02)
    assert prediction_meaning(labels).kind == "percent_of_255"


def test_ids_and_touching_ids(mask_and_image):
    mask, image = mask_and_image
    ids = ids_of(mask)
    touching = np.stack([watershed(a * 0, b) for a, b in zip(mask, ids, strict=True)])
    for labels in (ids, (ids % 256).astype(np.uint8), ids.astype(np.int64)):
        found = guess_meaning(labels, images=image)
        assert found.meaning == "instances"
        assert found.shares.unknown < 0.02  # of ISBI none; elsewhere membranes 50 px wide
        assert prediction_meaning(labels).kind == "ids"
    found = guess_meaning(touching.astype(np.uint16))
    assert (found.meaning, found.shares.unknown) == ("instances", 0)
    assert "is drawn between them" in found.remarks[0]


def test_classes_of_which_1_is_membrane(mask_and_image):
    mask, _ = mask_and_image
    labels = mask // 255 + 1
    found = guess_meaning(labels)
    assert (found.meaning, found.remarks) == ("scribbles", ())
    assert found.shares.cell == (mask > 0).mean()
    assert prediction_meaning(labels).words == "a mask, above 1.5 is cell"


@pytest.mark.parametrize("source", ["vnc", "epfl"])
def test_class_maps(some_slices, source):
    labels = some_slices(source, "train-classes.tif")
    found = guess_meaning(labels, classes=3)
    assert (found.meaning, found.shares.unknown) == ("scribbles", 0)
    assert found.remarks == ("They hold 3 classes: membrane, cell, class 3.",)
    assert prediction_meaning(labels).kind == "classes"
    mask = guess_meaning(labels - 1)  # counted from 0
    assert (mask.meaning, mask.shares.cell) == ("mask", found.shares.cell)
    assert prediction_meaning(labels - 1).kind == "classes"


def test_snemi3d(some_slices):
    found = guess_meaning(some_slices("snemi3d", "train-labels.tif"))
    assert found.meaning == "instances"
    assert 0.005 < found.shares.unknown < 0.1
    assert "is drawn between them" in found.remarks[0]
    assert "tissue that nobody labelled" in found.remarks[1]
    with pytest.raises(LabelsError, match="looks like a picture"):
        guess_meaning(some_slices("snemi3d", "train-input.tif"))
