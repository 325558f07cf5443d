"""Cells of what is there already: probabilities, masks, cells of single slices."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import yaml
from tests.core.cells3d.made_volumes import plain_model, tissue

import napari_emseg as em
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.engine.cells.volume import AsProbability, solve_volume
from napari_emseg.errors import CancelledError, LabelsError, SettingError, ShapeError
from napari_emseg.model.packages.attachments import attach
from napari_emseg.model.packages.edges import read_edges, write_edges
from napari_emseg.model.packages.library import find_model, import_package
from napari_emseg.model.packages.package import EDGES, INT8_VALUES, INT8_WEIGHTS, RDF, WEIGHTS

TRUTH, VOLUME = tissue()
MASK = VOLUME > 0.5


def error(cells: np.ndarray) -> float:
    return em.evaluate_volume(cells, TRUTH).volume.are


@pytest.mark.parametrize(
    "saved",
    [
        VOLUME,
        (VOLUME * 255).astype(np.uint8),
        MASK,
        (MASK * 255).astype(np.uint8),
        np.where(MASK, TRUTH, 0).astype(np.uint16),
    ],
    ids=["probability", "bytes", "bool", "mask", "ids"],
)
def test_whatever_it_was_saved_as(saved: np.ndarray) -> None:
    cells = em.cells(saved).data
    assert cells.dtype == np.uint32
    assert error(cells) < 0.1


def test_ids_of_slices_need_not_agree_and_may_touch() -> None:
    alone = np.stack([np.random.default_rng(z).permutation(31)[plane] + 1
                      for z, plane in enumerate(TRUTH)])  # fmt: skip
    assert error(em.cells(alone.astype(np.uint16)).data) < 0.1


def test_a_mask_left_open_is_as_it_was_brought() -> None:
    mask = MASK
    cells = em.cells(mask, fill_membranes=False).data
    assert np.array_equal(cells > 0, mask)
    assert em.cells(mask).data.all()


def test_the_same_in_slabs_and_in_one_go(tmp_path) -> None:
    """A volume on the disk, read slice by slice, gives the cells of the same in memory."""
    em.write_stack(tmp_path / "p.zarr", em.Stack(VOLUME, (50.0, 4.0, 4.0)))
    made = em.cells_file(tmp_path / "p.zarr", tmp_path / "cells.tif")
    expected = em.cells(VOLUME, voxel_size_nm=(50, 4, 4)).data
    written = em.read_stack(tmp_path / "cells.tif")
    assert np.array_equal(written.data, expected)
    assert written.voxel_size_nm == (50, 4, 4)
    assert written.data.dtype == np.uint32
    assert made.cells.cells == expected.max()
    assert made.fragments >= made.cells.cells


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ShapeError, match="0 to 1"):
        em.cells(VOLUME * 7)
    with pytest.raises(SettingError, match="merging"):
        em.cells(VOLUME, merging=1.5)
    with pytest.raises(SettingError, match="threshold"):
        em.cells(VOLUME, threshold=2)


def test_the_output_is_looked_at_before_the_work(tmp_path) -> None:
    em.write_stack(tmp_path / "p.tif", VOLUME)
    (tmp_path / "cells.tif").write_bytes(b"something of mine")
    with pytest.raises(em.WriteError, match="exists"):
        em.cells_file(tmp_path / "p.tif", tmp_path / "cells.tif")
    with pytest.raises(em.WriteError):
        em.cells_file(tmp_path / "p.tif", tmp_path / "p.tif", overwrite=True)
    with pytest.raises(SettingError, match="link"):
        em.cells_file(tmp_path / "p.tif", tmp_path / "c.tif", link="slices")
    assert (tmp_path / "cells.tif").read_bytes() == b"something of mine"


def test_stops_between_slices() -> None:
    with pytest.raises(CancelledError, match="1 of 5"):
        solve_volume(
            VOLUME, np.zeros(VOLUME.shape, np.int32), plain_model(), rules=MaskConfig(),
            should_stop=lambda: True,
        )  # fmt: skip


def test_hard_borders_become_such_as_a_network_gives() -> None:
    halves = np.ones((1, 40, 60), np.uint8)
    halves[:, :, 28:32] = 0
    soft = AsProbability(halves * 255)[0][20]
    assert soft[0] > 0.99
    assert soft[30] < 0.05
    assert ((soft > 0.1) & (soft < 0.9)).sum() >= 4
    assert (np.diff(soft[31:]) >= -1e-6).all()
    assert np.array_equal(AsProbability(VOLUME)[0], VOLUME[0])


def test_edge_weights_lie_in_the_package(tmp_path) -> None:
    default = find_model("default")
    assert (default.folder / EDGES).is_file()
    other = find_model("isbi2012")
    assert not (other.folder / EDGES).exists()
    assert read_edges(other) is read_edges(default)
    own = import_package(str(default.folder), "own", library=tmp_path)
    write_edges(own, plain_model())
    assert read_edges(own).of_kind["next"].unit == plain_model().of_kind["next"].unit
    (own.folder / EDGES).write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(em.ModelError, match=r"edges\.npz cannot be loaded .its SHA-256"):
        read_edges(own)
    attach(own.folder, EDGES)
    with pytest.raises(em.ModelError, match=r"edges\.npz cannot be read"):
        read_edges(own)


def test_a_damaged_package_is_no_default(tmp_path) -> None:
    own = import_package(str(find_model("default").folder), "own", library=tmp_path)
    np.savez(own.folder / EDGES, border_mean=np.zeros(3))
    attach(own.folder, EDGES)
    with pytest.raises(em.ModelError, match="edges"):
        em.cells(VOLUME, model=own)


def test_edge_weights_of_which_a_description_says_nothing_are_not_used(tmp_path) -> None:
    own = import_package(str(find_model("isbi2012").folder), "own", library=tmp_path)
    write_edges(own, plain_model())
    named = yaml.safe_load((own.folder / RDF).read_text())["attachments"]
    assert {each["source"] for each in named} == {EDGES, INT8_WEIGHTS, INT8_VALUES}
    (tmp_path / "bare").mkdir()
    for name in (RDF, WEIGHTS, EDGES):
        shutil.copy(own.folder / name, tmp_path / "bare")
    shutil.copy(find_model("isbi2012").folder / RDF, tmp_path / "bare")
    with pytest.raises(em.ModelError, match=r"rdf\.yaml says nothing"):
        read_edges(find_model(str(tmp_path / "bare")))
    with pytest.raises(em.ModelError, match=r"rdf\.yaml says nothing"):
        import_package(tmp_path / "bare", "other")


def test_volume_of_labels_in_floats_is_refused() -> None:
    with pytest.raises((ShapeError, LabelsError)):
        em.cells(np.full((2, 8, 8), np.nan, np.float32))
