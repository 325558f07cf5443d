"""Stacks as people have them, through the command line: predicted right, or said."""

from __future__ import annotations

import re
from itertools import count

import cv2
import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image
from scipy import ndimage

from napari_emseg.api.segment import segment_file
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.scores.metrics import score_stack
from napari_emseg.errors import CancelledError
from napari_emseg.io.read import read_stack

pytestmark = pytest.mark.isbi

UNKNOWN = (
    "The pixel size of the stack is unknown and, unless it is given, taken for the model's 4 nm."
)
INVERTED = "Membranes look brighter than cells, so the image is inverted for the model"
NM = {"axes": "ZYX", "unit": "nm", "spacing": 50}


@pytest.fixture(scope="module")
def tissue(request):
    """Image and mask (Z, Y, X) uint8."""
    folder = request.getfixturevalue("isbi_dir")
    volume, labels = (tifffile.imread(folder / f"train-{k}.tif") for k in ("volume", "labels"))
    return volume[24:26], labels[24:26]


@pytest.fixture
def said(capsys):
    """What the command line says, and how it ends."""

    def run(*args, status=0):
        capsys.readouterr()
        ended = exit_status(cli, [str(each) for each in args])
        told = capsys.readouterr()
        assert ended == status, told.err
        return told.err

    return run


@pytest.fixture
def predict(said, tmp_path):
    """Predict a file; what comes out, and what is said."""

    def run(file, *options):
        out = tmp_path / "out.npy"
        told = said("predict", file, "--out", out, "--overwrite", "--device", "cpu", *options)
        return np.load(out), told

    return run


def write(path, data, **how):
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **how})
    return path


def v_rand(probability, truth):
    return score_stack(probability, truth).v_rand


@pytest.fixture
def plain(predict, tissue, tmp_path):
    """The probability of the tissue as it is."""
    return predict(write(tmp_path / "plain.tif", tissue[0]))[0]


# -- grey values --------------------------------------------------------------------------------


def test_a_black_rim(predict, plain, tissue, tmp_path):
    image, truth = tissue
    framed = np.zeros((2, 608, 608), np.uint8)
    framed[:, 48:560, 48:560] = image
    file = write(tmp_path / "image.tif", framed)
    found, _ = predict(file)
    inside = found[:, 48:560, 48:560]
    assert v_rand(inside, truth) > v_rand(plain, truth) - 0.02
    cells, _ = predict(file, "--what", "cells")
    cells[:, 48:560, 48:560] = 0
    assert not cells.any()


def test_a_missing_section(predict, tissue, tmp_path):
    image, _ = tissue
    file = write(tmp_path / "image.tif", np.stack([image[0], np.zeros_like(image[0]), image[1]]))
    ids, told = predict(file, "--what", "cells")
    line = "Slice 1 holds nothing (a missing section): no cells there; cells are linked across it."
    assert told.count(line) == 1
    assert not ids[1].any()
    both, _ = predict(write(tmp_path / "both.tif", image), "--what", "cells")
    np.testing.assert_array_equal(ids[[0, 2]], both)
    assert len(np.intersect1d(ids[0], ids[2])) > 20


def test_a_missing_section_where_a_run_goes_on(said, tissue, tmp_path):
    image, _ = tissue
    file = write(tmp_path / "image.tif", np.stack([image[0], np.zeros_like(image[0]), image[1]]))
    options = ("--what", "cells", "--device", "cpu")
    said("predict", file, "--out", tmp_path / "whole.zarr", *options)
    asked = count()
    with pytest.raises(CancelledError, match="Stopped after 2 of 3"):
        segment_file(
            file, tmp_path / "out.zarr", device="cpu", should_stop=lambda: next(asked) >= 2
        )
    said("predict", file, "--out", tmp_path / "out.zarr", *options, "--resume")
    whole, parts = (read_stack(tmp_path / f"{name}.zarr").data for name in ("whole", "out"))
    np.testing.assert_array_equal(np.asarray(parts), np.asarray(whole))


def test_hot_pixels(predict, plain, tissue, tmp_path):
    image, truth = tissue
    grey = 500 + (image.astype("f4") - image.mean()) / image.std() * 50
    random = np.random.default_rng(0)
    grey[:, random.integers(0, 512, 20), random.integers(0, 512, 20)] = 65535
    found, told = predict(write(tmp_path / "image.tif", grey))
    assert v_rand(found, truth) > v_rand(plain, truth) - 0.02
    assert INVERTED not in told


@pytest.mark.parametrize("options", [(), ("--invert",), ("--membranes", "bright")])
def test_bright_membranes(predict, plain, tissue, tmp_path, options):
    found, told = predict(write(tmp_path / "image.tif", 255 - tissue[0]), *options)
    assert (INVERTED in told) == (not options)
    np.testing.assert_array_equal(found, plain)


def test_bright_membranes_that_are_said_to_be_dark_are_pointed_at(predict, tissue, tmp_path):
    _, told = predict(write(tmp_path / "image.tif", 255 - tissue[0]), "--membranes", "dark")
    assert INVERTED not in told
    assert told.count("Slice 0: ") == 1


def test_invert_and_dark_membranes_contradict_each_other(said, tmp_path):
    options = ("--invert", "--membranes", "dark")
    told = said("predict", tmp_path, "--out", tmp_path / "x.npy", *options, status=2)
    assert "--invert and --membranes dark differ" in told


def test_min_is_white(predict, said, plain, tissue, tmp_path):
    image, mask = tissue
    file = write(tmp_path / "image.tif", 255 - image, photometric="miniswhite")
    found, told = predict(file)
    assert "Read as it is shown" in told
    np.testing.assert_array_equal(found, plain)
    assert "Read as it is shown" in said("convert", file, tmp_path / "converted.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "converted.npy"), image)
    labels = write(tmp_path / "mask.tif", 255 - mask, photometric="miniswhite")
    np.save(tmp_path / "probability.npy", plain)
    told = said("evaluate", tmp_path / "probability.npy", labels)
    assert "mask.tif is read as mask: 81 % cell" in told


def test_grey_values_in_32_bits(predict, tissue, tmp_path):
    image, truth = tissue
    noise = np.random.default_rng(0).integers(0, 16, image.shape)
    file = write(tmp_path / "image.tif", (image.astype(np.int32) * 32 - 1200 + noise).astype("i4"))
    assert read_stack(file).kind == "image"
    assert v_rand(predict(file)[0], truth) > 0.97


# -- axes and sizes -----------------------------------------------------------------------------


def test_two_channels_are_asked_about(said, tissue, tmp_path):
    image = tissue[0][0]
    file = write(
        tmp_path / "image.tif", np.stack([image, 255 - image]), imagej=True,
        metadata={"axes": "CYX"},
    )  # fmt: skip
    told = said("predict", file, "--out", tmp_path / "x.npy", status=1)
    assert "2 channels" in told
    assert "image.tif::c=0" in told
    said("predict", f"{file}::c=0", "--out", tmp_path / "x.npy", "--device", "cpu")
    assert np.load(tmp_path / "x.npy").shape == (1, 512, 512)


def test_named_axes_win(predict, tissue, tmp_path):
    data = np.stack([tissue[0][0, :256, :256]] * 5).transpose(2, 1, 0)
    stored = zarr.create_array(
        str(tmp_path / "image.zarr"), shape=data.shape, dtype=data.dtype, chunks=(64, 64, 5),
        dimension_names=("x", "y", "z"),
    )  # fmt: skip
    stored[:] = data
    found, _ = predict(tmp_path / "image.zarr")
    assert found.shape == (5, 256, 256)


def test_z_at_the_end_is_asked_about(said, predict, tissue, tmp_path):
    np.save(tmp_path / "image.npy", np.stack([tissue[0][0, :256, :256]] * 5, -1))
    told = said("predict", tmp_path / "image.npy", "--out", tmp_path / "x.npy", status=1)
    assert "256 slices of 256 x 5" in told
    assert "image.npy::yxz" in told
    assert predict(f"{tmp_path / 'image.npy'}::yxz")[0].shape == (5, 256, 256)


def test_sizes_in_two_units(predict, tissue, tmp_path):
    about = {"axes": "ZYX", "unit": "nm", "spacing": 0.05, "zunit": "micron"}
    file = write(
        tmp_path / "image.tif", tissue[0], imagej=True, resolution=(1 / 4, 1 / 4), metadata=about
    )
    assert read_stack(file).voxel_size_nm == pytest.approx((50, 4, 4))
    _, told = predict(file)
    assert "pixel" not in told.lower()


def test_the_one_image_of_bioformats2raw(predict, plain, tissue, tmp_path):
    image = tissue[0]
    group = zarr.open_group(str(tmp_path / "image.zarr"), mode="w", zarr_format=2)
    group.attrs["bioformats2raw.layout"] = 3
    series = group.create_group("0")
    series.create_array("0", shape=image.shape, dtype=image.dtype, chunks=(1, 512, 512))[:] = image
    scale = {"type": "scale", "scale": [50, 4, 4]}
    series.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": [{"name": n, "type": "space", "unit": "nanometer"} for n in "zyx"],
            "datasets": [{"path": "0", "coordinateTransformations": [scale]}],
        }
    ]
    assert read_stack(tmp_path / "image.zarr").voxel_size_nm == (50, 4, 4)
    found, told = predict(tmp_path / "image.zarr")
    assert "pixel" not in told.lower()
    np.testing.assert_array_equal(found, plain)


def coarse(image):
    """At 16 nm (Z, Y, X)."""
    return np.stack([
        cv2.resize(each, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) for each in image
    ])  # fmt: skip


def v_rand_at_4_nm(probability, truth):
    fine = [
        cv2.resize(each, truth.shape[1:], interpolation=cv2.INTER_CUBIC) for each in probability
    ]
    return v_rand(np.clip(np.stack(fine), 0, 1), truth)


@pytest.mark.parametrize("by_hand", [False, True])
def test_pixels_of_16_nm(predict, tissue, tmp_path, by_hand):
    image, truth = tissue
    size = {} if by_hand else {"imagej": True, "resolution": (1 / 16, 1 / 16), "metadata": NM}
    options = ("--pixel-size-nm", "16") if by_hand else ()
    found, told = predict(write(tmp_path / "image.tif", coarse(image), **size), *options)
    assert "Pixels are 16 nm, the model learned at 4 nm: slices are resampled by 4." in told
    assert UNKNOWN not in told
    assert v_rand_at_4_nm(found, truth) > 0.93


def test_of_an_unknown_pixel_size_it_is_said_and_the_scale_does(predict, tissue, tmp_path):
    image, truth = tissue
    file = write(tmp_path / "image.tif", coarse(image))
    as_it_is, told = predict(file)
    assert UNKNOWN in told
    found, told = predict(file, "--scale", "4")
    assert "and the scale is 4: slices are resampled by 4." in told
    assert v_rand_at_4_nm(found, truth) > 0.93 > 0.85 > v_rand_at_4_nm(as_it_is, truth)


def test_pixels_that_are_far_from_the_models_are_refused(said, tissue, tmp_path):
    file, out = write(tmp_path / "image.tif", tissue[0]), tmp_path / "x.npy"
    told = said("predict", file, "--out", out, "--pixel-size-nm", "40", status=1)
    assert "received 40 x 40 nm" in told
    assert [each.name for each in tmp_path.iterdir()] == ["image.tif"]


# -- folders ------------------------------------------------------------------------------------


def write_slices(folder, named):
    folder.mkdir()
    for name, pixels in named.items():
        iio.imwrite(folder / f"{name}.png", pixels)
    return folder


def test_two_families_in_a_folder_are_refused(said, tissue, tmp_path):
    image, mask = tissue
    names = {f"s_{z:03d}": image[z] for z in range(2)}
    names |= {f"s_{z:03d}_masks": mask[z] for z in range(2)}
    folder = write_slices(tmp_path / "slices", names)
    told = said("predict", folder, "--out", tmp_path / "x.npy", status=1)
    assert "s_000 (2) and s_000_masks (2)" in told


def test_gaps_in_a_folder_are_said(predict, tissue, tmp_path):
    image, _ = tissue
    found, told = predict(write_slices(tmp_path / "slices", {"z000": image[0], "z003": image[1]}))
    assert found.shape == (2, 512, 512)
    assert told.count("Numbers are missing among the slices: 1, 2.") == 1


def test_decimals_in_a_folder(predict, tissue, tmp_path):
    numbers = ("0.05", "0.1", "0.15", "0.2", "1.0")
    rolled = [np.roll(tissue[0][0, :256, :256], 20 * k, 1) for k in range(5)]
    folder = write_slices(
        tmp_path / "slices", {f"z{n}um": each for n, each in zip(numbers, rolled, strict=True)}
    )
    assert "order of the decimals" in predict(folder)[1]
    np.testing.assert_array_equal(read_stack(folder).data, np.stack(rolled))


def test_slices_without_partners_are_refused_and_shifted_ones_are_said(said, tissue, tmp_path):
    image, mask = tissue
    images = write_slices(tmp_path / "images", {f"z{k}": each for k, each in enumerate(image)})
    shifted = write_slices(tmp_path / "l1", {f"z{k}": e for k, e in enumerate(mask, 1)})
    lacking = write_slices(tmp_path / "l2", {"z0": mask[0], "z2": mask[1]})
    told = said("evaluate", shifted, images, status=1)
    assert re.search("Slice 1 of .*l1 is taken to belong to slice 0 of .*images", told)
    out = ("--out", tmp_path / "run")
    told = said("train", images, lacking, *out, status=1)
    assert "l2 lacks 1" in told
    assert not (tmp_path / "run").exists()


def test_ids_in_a_palette(said, tissue, tmp_path):
    mask = tissue[1]
    ids = (ndimage.label(mask[0])[0] % 200).astype(np.uint8)
    picture = Image.fromarray(ids).convert("P")
    picture.putdata(ids.ravel().tolist())
    picture.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())
    (tmp_path / "labels").mkdir()
    picture.save(tmp_path / "labels" / "0.png")
    write(tmp_path / "mask.tif", mask[:1])
    told = said("evaluate", tmp_path / "mask.tif", tmp_path / "labels", "--json")
    assert "labels is read as instances" in told
    assert "8-bit" not in told
    np.testing.assert_array_equal(read_stack(tmp_path / "labels", kind="labels").data[0], ids)


@pytest.mark.parametrize("ends", [1, 3, 4])
def test_cells_of_several_slices_where_a_run_goes_on(said, tissue, tmp_path, ends):
    image, _ = tissue
    nothing = np.zeros_like(image[0])
    file = write(tmp_path / "image.tif", np.stack([*image[:2], image[0, ::-1], nothing, image[1]]))
    options = ("--what", "cells", "--device", "cpu", "--least-slices", "2")
    told = said("predict", file, "--out", tmp_path / "whole.zarr", *options)
    whole = np.asarray(read_stack(tmp_path / "whole.zarr").data)
    assert f"{whole.max()} cells.\n" in told
    assert (np.count_nonzero(whole, (1, 2)) > 0).tolist() == [True, True, True, False, True]
    asked = count()
    with pytest.raises(CancelledError):
        segment_file(
            file, tmp_path / "out.zarr", device="cpu", least_slices=2,
            should_stop=lambda: next(asked) >= ends,
        )  # fmt: skip
    told = said("predict", file, "--out", tmp_path / "out.zarr", *options, "--resume")
    assert f"{whole.max()} cells.\n" in told
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "out.zarr").data), whole)


def test_how_many_cells_live_in_one_slice_is_said(said, tissue, tmp_path):
    image, _ = tissue
    file = write(tmp_path / "image.tif", np.stack([image[0], image[0, ::-1], image[0]]))
    told = said("predict", file, "--out", tmp_path / "out.npy", "--what", "cells")
    assert "of them in one slice alone (--least-slices 2 leaves them out).\n" in told
