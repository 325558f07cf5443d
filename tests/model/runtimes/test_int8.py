"""The int8 form: made once, judged, noted in the package; never at the cost of anything else."""

from __future__ import annotations

import logging
import math
import shutil

import numpy as np
import pytest
import yaml

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.normalise import normalise
from napari_emseg.errors import ModelError
from napari_emseg.model.packages.library import SHIPPED, find_model
from napari_emseg.model.packages.package import RDF, read_package
from napari_emseg.model.runtimes import int8
from napari_emseg.model.runtimes._openvino import openvino as ov
from napari_emseg.model.runtimes.int8 import add_int8, calibration_tiles, copy_int8, ensure_int8
from napari_emseg.model.runtimes.runtime import load_runtime
from napari_emseg.types import Stack

pytestmark = pytest.mark.onnx


def tiles_of(stack):
    return lambda: calibration_tiles(stack, range(3), NetworkConfig(1, 4))


@pytest.fixture
def without_int8(whole_package, tmp_path):
    """A copy of a package that has ONNX weights and no int8 form."""
    folder = shutil.copytree(whole_package.folder, tmp_path / "p")
    rdf = yaml.safe_load((folder / RDF).read_text())
    for each in rdf.pop("attachments"):
        (folder / each["source"]).unlink()
    rdf["config"]["napari_emseg"]["int8_cost"] = None
    (folder / RDF).write_text(yaml.safe_dump(rdf))
    return read_package(folder)


def test_tiles_come_from_slices_spread_over_all():
    data = np.random.default_rng(0).integers(0, 255, (40, 30, 700), np.uint8)
    tiles = calibration_tiles(Stack(data), range(5, 35), NetworkConfig(2, 4, input_slices=3))
    assert tiles.shape == (12, 32, 256, 3)
    assert tiles.dtype == np.float32
    for tile, z in ((tiles[0], 5), (tiles[-1], 34)):
        expected = normalise(data[z])[:, 222 : 222 + 256]
        np.testing.assert_array_equal(tile[:30, :, 1], expected)


def test_few_slices_are_taken_once_each(stack, tiny):
    assert len(calibration_tiles(stack, [1, 3], tiny)) == 2


def test_the_form_is_made_judged_and_noted(without_int8, stack, caplog):
    judged, said = [], []

    def judge(runtime):
        judged.append(runtime(np.zeros((1, 16, 24, 1), np.float32)))  # of any size
        return [(0.95, 0.97), (0.94, 0.975)][len(judged) - 1]

    add_int8(without_int8, tiles_of(stack), judge, said.append)
    package = read_package(without_int8.folder)
    assert package.info.int8_cost == pytest.approx(0.01)  # where both differ most
    assert not package.info.int8_is_good
    assert package.int8.is_file()
    assert package.int8.stat().st_size + (package.folder / "int8.bin").stat().st_size < 1e6
    assert 0 < np.abs(judged[0] - judged[1]).max() < 0.2
    assert "worse than the exact one by 0.0100 of V_rand" in said[-1].message
    assert not caplog.records


def largest_weight(package) -> int:
    ops = ov.Core().read_model(package.int8).get_ops()
    whole = [op.data for op in ops if op.get_type_name() == "Constant" and op.data.dtype == np.int8]
    assert whole
    return max(int(np.abs(each.astype(int)).max()) for each in whole)


def test_no_processor_overflows(without_int8, stack):
    """Without VNNI, products of unsigned and signed bytes are added in pairs, in 16 bits."""
    add_int8(without_int8, tiles_of(stack), lambda _: [0.9])
    for package in (read_package(without_int8.folder), *map(find_model, SHIPPED)):
        assert 2 * 255 * largest_weight(package) < 2**15


def test_a_cost_that_means_nothing_is_not_noted(whole_package, tmp_path):
    folder = shutil.copytree(whole_package.folder, tmp_path / "p")
    assert read_package(folder).info.int8_is_good
    int8.note_int8(folder, math.nan)
    assert read_package(folder).info.int8_cost is None


def test_a_failure_is_logged_and_leaves_the_package_as_it_was(without_int8, stack, caplog):
    description = (without_int8.folder / RDF).read_bytes()
    without_int8.onnx.write_bytes(b"no network")
    with caplog.at_level(logging.WARNING):
        add_int8(without_int8, tiles_of(stack), lambda _: [0.9])
    assert "no fast int8 form" in caplog.text
    assert (without_int8.folder / RDF).read_bytes() == description
    assert not without_int8.int8.exists()


def test_without_onnx_weights_nothing_is_tried(without_int8, stack):
    without_int8.onnx.unlink()
    said = []
    add_int8(without_int8, tiles_of(stack), lambda _: [0.9], said.append)
    assert not said


def test_it_goes_along_with_the_weights(whole_package, without_int8):
    copy_int8(whole_package, without_int8.folder)
    copied = read_package(without_int8.folder)
    assert copied.info == whole_package.info
    assert load_runtime(copied, "cpu").name == "OpenVINO int8 on cpu:0"
    copied.int8.unlink()
    copy_int8(copied, without_int8.folder)  # nothing there: nothing to do


# -- made on request, from the stack at hand -------------------------------------------------------


def test_made_once_and_kept_beside_the_package(without_int8, stack, tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path / "cache"))
    said = []
    for _ in range(2):
        ensure_int8(without_int8, stack, [0, 1], on_event=said.append)
    assert [each.message for each in said] == ["Making the fast int8 form of the model, once ..."]
    assert not without_int8.int8.exists()
    assert load_runtime(without_int8, "cpu").name == "OpenVINO on cpu:0"
    wanted = load_runtime(without_int8, "cpu", PredictConfig(int8=True))
    assert wanted.name == "OpenVINO int8 on cpu:0"
    (made,) = (tmp_path / "cache" / "models").iterdir()
    assert sorted(each.name for each in made.iterdir()) == ["int8.bin", "int8.xml"]


def test_what_cannot_be_made_is_named(without_int8, stack, tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "cache").write_text("no folder")
    with pytest.raises(ModelError, match=r"int8 form cannot be made .*; predict without it"):
        ensure_int8(without_int8, stack, [0])
