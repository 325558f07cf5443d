"""Which files make a stack, in which order: by the pattern of their names."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from imageio.v3 import imwrite

from napari_emseg.errors import ReadError
from napari_emseg.io.layout.slice_names import missing_numbers, slice_order
from napari_emseg.io.read import check_partners, read_slices, read_stack


def _ordered(names):
    found = slice_order("folder", names)
    return [names[i] for i in found.order], found.notes


@pytest.mark.parametrize(
    "ordered",
    [
        ["slice_0000", "slice_0001", "slice_0002"],
        ["train-1", "train-2", "train-3"],  # a dash, and no sign
        ["s9", "s10", "s11"],
        ["1.8", "1.9", "1.10"],  # two numbers with a dot between
        ["v1.2.9", "v1.2.10"],
        ["a.001", "a.002"],
        ["2024-01-05_s1", "2024-01-05_s2"],
        ["w1_s1", "w1_s2", "w2_s3", "w2_s4"],
        ["sec1/img", "sec2/img"],
        ["c0", "c1", "c2", "c3"],
        ["z_01_ch00", "z_02_ch00", "z_03_ch00"],
    ],
)
def test_plain_numbers_are_not_worth_a_word(ordered):
    assert _ordered(ordered[::-1]) == (ordered, ())


def test_decimals():
    names = ["z0.05um", "z0.1um", "z0.15um", "z0.2um", "z1.0um"]
    found, notes = _ordered(sorted(names, reverse=True))
    assert found == names
    assert notes[0] == (
        "Slices are in the order of the decimals in their names, z0.05um to z1.0um."
    )
    assert notes[1] == "Numbers are missing among the slices: 0.25 to 0.95."


def test_signs():
    names = ["z-10", "z-2", "z0", "z+3"]
    found, notes = _ordered(["z+3", "z-10", "z-2", "z0"])
    assert found == names
    assert "signed numbers" in notes[0]
    assert _ordered(["z-0.5", "z-1.5", "z0.5"])[0] == ["z-1.5", "z-0.5", "z0.5"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["s_000", "s_000_masks", "s_001", "s_001_masks"], r"two families.*s_000 \(2\)"),
        (["s_1", "s_1_mask"], "two families"),
        (["image", "mask"], "two families"),
        (["s_1", "s_1_mask", "s_1_pred"], "3 families"),
        (["s_1", "s_2", "s_2 copy"], r"such as s_1 \(2\) and s_2 copy \(1\)"),
        (["s_1", "s_2", "s_2 (1)"], "two families"),
        (["s_1", "s_2", "overview"], "two families"),
        (["s1", "s01"], "s1 and s01 have the same number"),
        (["a_1", "b_1"], "two families"),
        (["z1_c0", "z1_c1", "z2_c0", "z2_c1"], r"2 channels \(c0 to c1"),
        (["img_000_ch00", "img_000_ch01", "img_001_ch00", "img_001_ch01"], "2 channels"),
        (["s1_r1-c1", "s1_r1-c2", "s2_r1-c1", "s2_r1-c2"], "2 tiles"),
        (["Tile_r1-c1_S001", "Tile_r1-c2_S001", "Tile_r1-c3_S001"], "3 tiles"),
        (["c0", "c1"], "2 channels"),
        (["im_ch00", "im_ch01", "im_ch02"], "3 channels"),
        (["t_x0_y0", "t_x0_y1", "t_x1_y0", "t_x1_y1"], "2 tiles"),
    ],
)
def test_what_is_no_one_stack_is_refused(names, said):
    with pytest.raises(ReadError, match=said):
        slice_order("folder", names)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["z000", "z003"], "missing among the slices: 1, 2."),
        (["s1", "s2", "s10", "s12"], "missing among the slices: 3 to 9, 11."),
        (["slice_a", "slice_b"], "order of their names, slice_a to slice_b"),
        (["a", "b", "c"], "order of their names, a to c"),
        (["w1_s1", "w1_s2", "w2_s1", "w2_s2"], "Several numbers in the names differ; the first"),
        (["s1_09", "s2_07", "s3_08"], "Several numbers in the names differ; the first"),
    ],
)
def test_what_is_said(names, said):
    assert said in " ".join(_ordered(names)[1])


def test_missing_numbers():
    def of(*numbers):
        return [str(n) for n in missing_numbers([Decimal(n) for n in numbers])]

    assert of("1", "2", "5") == ["3", "4"]
    assert of("0.5", "1.0", "2.0") == ["1.5"]
    assert of("0.5", "1.2", "2.0") == []  # no step
    assert of("20240105", "20240301120000") == []  # no count
    assert of("7") == []


def _slices(folder, names):
    folder.mkdir()
    for k, name in enumerate(names):
        imwrite(folder / f"{name}.png", np.full((6, 7), k, np.uint8))
    return folder


def test_folders_are_read_in_that_order(tmp_path):
    folder = _slices(tmp_path / "z", ["z-1", "z1", "z0"])
    stack = read_stack(folder)
    assert stack.data[:, 0, 0].tolist() == [0, 2, 1]
    assert "signed" in stack.notes[0]
    with pytest.raises(ReadError, match="two families"):
        read_stack(_slices(tmp_path / "m", ["s_0", "s_1", "s_0_masks", "s_1_masks"]))


def test_slices_of_several_folders(tmp_path):
    one, two = _slices(tmp_path / "sec1", ["img"]), _slices(tmp_path / "sec2", ["img"])
    assert len(read_slices([two / "img.png", one / "img.png"])) == 2
    other = _slices(tmp_path / "masks", ["img"])
    with pytest.raises(ReadError, match="two families"):
        read_slices([one / "img.png", other / "img.png"])


# partners


def test_partners_with_the_same_numbers(tmp_path):
    images = _slices(tmp_path / "images", ["im_3", "im_4"])
    assert check_partners(images, _slices(tmp_path / "labels", ["mask-003", "mask-004"])) == ()
    (note,) = check_partners(images, _slices(tmp_path / "from0", ["m0", "m1"]))
    assert "Slice 3 of" in note
    assert "slice 0 of" in note


def test_partners_whose_numbers_differ(tmp_path):
    images = _slices(tmp_path / "images", ["im_1", "im_2", "im_5"])
    with pytest.raises(ReadError, match=r"labels lacks 5 and .*images lacks 3; keep the slices"):
        check_partners(images, _slices(tmp_path / "labels", ["m1", "m2", "m3"]))
    with pytest.raises(ReadError, match="few lacks 1, 5"):
        check_partners(images, _slices(tmp_path / "few", ["m2", "m7"]))


def test_of_other_things_nothing_is_known(tmp_path):
    images = _slices(tmp_path / "images", ["im_1", "im_2"])
    assert check_partners(images, tmp_path / "labels.tif") == ()
    assert check_partners(images, _slices(tmp_path / "words", ["a", "b"])) == ()
