"""The phantom that ships is what its program makes, and looks like tissue in numbers."""

from __future__ import annotations

import importlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from skimage.measure import label

FOLDER = Path(__file__).parents[2] / "sample_data"
SMALL = {"slices": 2, "size": 96}


@pytest.fixture(scope="module")
def program():
    """The program, loaded as `python sample_data/make_phantom.py` would: beside its parts."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        yield importlib.import_module("make_phantom")
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == FOLDER:
            del sys.modules[name]


@pytest.fixture(scope="module")
def stack():
    return tifffile.imread(FOLDER / "phantom.tif")


@pytest.fixture(scope="module")
def truth():
    return tifffile.imread(FOLDER / "phantom_labels.tif")


def correlations(stack):
    return [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairwise(stack)]


def test_same_seed_gives_the_same_pixels(program):
    first, second = (program.make_phantom(3, **SMALL) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_other_tissue(program):
    (_, one), (_, other) = (program.make_phantom(seed, **SMALL) for seed in (3, 4))
    assert (one != other).mean() > 0.1


def test_global_random_state_plays_no_part(program):
    np.random.seed(1)
    first = program.make_phantom(3, **SMALL)
    np.random.seed(2)
    np.testing.assert_array_equal(first, program.make_phantom(3, **SMALL))


@pytest.mark.parametrize(("slices", "size"), [(1, 64), (3, 100)])
def test_any_number_of_slices_and_size(program, slices, size):
    for array in program.make_phantom(0, slices, size):
        assert array.shape == (slices, size, size)
        assert array.dtype == np.uint8


def test_command_writes_both_files_the_same_each_time(program, tmp_path):
    for folder in ("a", "b"):
        args = ["--slices", "2", "--size", "64", "--out", str(tmp_path / folder)]
        result = CliRunner().invoke(program.main, args)
        assert result.exit_code == 0, result.output
    for name in ("phantom.tif", "phantom_labels.tif"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_program_runs_as_a_script_from_anywhere(tmp_path):
    args = ["--slices", "1", "--size", "64", "--out", str(tmp_path / "made")]
    script = [sys.executable, "-B", str(FOLDER / "make_phantom.py"), *args]
    subprocess.run(script, check=True, cwd=tmp_path, capture_output=True)
    assert len(list((tmp_path / "made").glob("*.tif"))) == 2


@pytest.mark.slow
def test_committed_files_are_what_the_program_makes(program, stack, truth):
    """Compare loosely: another version of OpenCV or SciPy may round a pixel differently."""
    made_stack, made_truth = program.make_phantom(seed=0, slices=8, size=512)
    close = np.abs(made_stack.astype(int) - stack) <= 1
    assert close.mean() > 0.999
    assert (made_truth == truth).mean() > 0.999


def test_stack_uses_the_grey_levels_of_a_real_one(stack):
    assert stack.shape == (8, 512, 512)
    assert stack.dtype == np.uint8
    assert 110 < stack.mean() < 135
    assert 35 < stack.std() < 47
    assert np.isin(stack, (0, 255)).mean() < 0.01  # hardly anything is clipped


def test_truth_is_black_and_white_with_a_real_share_of_membrane(truth):
    assert truth.shape == (8, 512, 512)
    assert set(np.unique(truth)) == {0, 255}
    assert all(0.17 < (part == 0).mean() < 0.27 for part in truth)


def test_no_speck_of_membrane_lies_alone_in_a_cell(truth):
    for part in truth:
        membrane = label(np.pad(part == 0, 1, constant_values=True), connectivity=2)
        assert np.bincount(membrane.ravel())[1:].min() >= 60


def test_every_slice_has_a_real_number_of_cells(truth):
    counts = [label(part, connectivity=1).max() for part in truth]
    assert all(40 <= count <= 250 for count in counts), counts


def test_membrane_is_darker_than_cells(stack, truth):
    cell, membrane = stack[truth == 255], stack[truth == 0]
    assert cell.mean() - membrane.mean() > 40


def test_neighbouring_slices_resemble_each_other(stack, truth):
    assert min(correlations(stack)) > 0.1
    assert min(correlations(truth)) > 0.1
    assert max(correlations(truth)) < 0.9  # and yet the tissue moves


@pytest.mark.parametrize("name", ["phantom.tif", "phantom_labels.tif"])
def test_files_know_their_voxel_size(name):
    with tifffile.TiffFile(FOLDER / name) as tif:
        assert tif.series[0].axes == "ZYX"
        pixels = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]
    sizes_um = [pixels[f"PhysicalSize{axis}"] for axis in "ZYX"]
    assert sizes_um == pytest.approx([0.05, 0.004, 0.004])
    assert {pixels[f"PhysicalSize{axis}Unit"] for axis in "ZYX"} == {"µm"}


def test_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.tif")) < 2_500_000
