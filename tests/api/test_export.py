"""Cells written for other programs, read back by their readers or by ours."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from roifile import ImagejRoi

import napari_emseg as em
from meshes import assert_closed, read_obj, read_ply, read_stl, volume
from napari_emseg.io.export import precomputed

NM = (50.0, 10.0, 10.0)


@pytest.fixture
def cells():
    cells = np.zeros((20, 40, 50), np.uint64)
    cells[1:18, 5:35, 5:20] = 7
    cells[4:19, 5:35, 22:45] = 2**33 + 1
    cells[10, 38, 2:5] = 9
    return em.Stack(cells, NM, kind="labels")


@pytest.mark.parametrize(
    ("form", "read"), [("ply", read_ply), ("obj", read_obj), ("stl", read_stl)]
)
def test_a_file_a_cell(cells, form, read, tmp_path):
    seen = []
    found = em.export_cells(
        cells, tmp_path / "out", form=form, least_voxels=10, on_cell=lambda *at: seen.append(at)
    )
    assert found.ids == (7, 2**33 + 1)
    assert found.notes == ("Cells of fewer than 10 voxels that are left out: 1.",)
    assert seen == [(1, 2), (2, 2)]
    assert {each.name for each in found.path.iterdir()} == {
        f"cell_7.{form}", f"cell_{2**33 + 1}.{form}"
    }  # fmt: skip
    vertices, faces, *_ = read(found.path / f"cell_7.{form}")
    assert_closed(faces)
    assert volume(vertices, faces) == pytest.approx((cells.data == 7).sum() * 5000, rel=0.02)


def test_outlines_hold_the_pixels_of_each_profile(cells, tmp_path):
    found = em.export_cells(cells, tmp_path / "rois.zip", form="roi", ids=[7])
    rois = ImagejRoi.fromfile(found.path)
    assert [roi.position for roi in rois] == list(range(2, 19))
    x, y = rois[0].coordinates().T
    assert (x.min(), x.max(), y.min(), y.max()) == (5, 20, 5, 35)


def test_neuroglancer_gets_ids_resolution_and_surfaces(cells, tmp_path):
    found = em.export_cells(cells, tmp_path / "volume", form="precomputed", ids=[7, 2**33 + 1])
    stack = em.read_stack(found.path)
    assert stack.kind == "labels"
    assert stack.voxel_size_nm == NM
    assert stack.data.dtype == np.uint64
    np.testing.assert_array_equal(np.asarray(stack.data), np.where(cells.data == 9, 0, cells.data))
    about = json.loads((found.path / "info").read_text())
    assert (about["type"], about["data_type"]) == ("segmentation", "uint64")
    assert about["scales"][0]["resolution"] == [10, 10, 50]
    if not precomputed.HOLDS_MESHES:
        return
    meshes = found.path / about["mesh"]
    assert json.loads((meshes / "info").read_text())["@type"] == "neuroglancer_legacy_mesh"
    (fragment,) = json.loads((meshes / "7:0").read_text())["fragments"]
    body = (meshes / fragment).read_bytes()
    count = int.from_bytes(body[:4], "little")
    vertices = np.frombuffer(body, "<f4", 3 * count, offset=4).reshape(-1, 3)
    faces = np.frombuffer(body, "<u4", offset=4 + vertices.nbytes).reshape(-1, 3)
    assert_closed(faces)
    # counted from the corner of the first voxel
    np.testing.assert_allclose(vertices.min(0), [50, 50, 50], atol=2)
    np.testing.assert_allclose(vertices.max(0), [200, 350, 900], atol=2)


def test_cells_go_into_the_ome_zarr_of_their_image(cells, tmp_path):
    """By `write_stack`, which other programs read as labels of it."""
    em.write_stack(tmp_path / "image.zarr", em.Stack(np.zeros(cells.shape, np.uint8), NM))
    em.write_stack(f"{tmp_path / 'image.zarr'}::labels/cells", cells)
    about = json.loads((tmp_path / "image.zarr/labels/.zattrs").read_text())
    assert about["labels"] == ["cells"]
    found = em.read_stack(tmp_path / "image.zarr/labels/cells")
    assert (found.kind, found.voxel_size_nm) == ("labels", NM)
    np.testing.assert_array_equal(np.asarray(found.data), cells.data)


def test_what_is_there_is_replaced_only_when_allowed(cells, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    em.export_cells(cells, out, ids=[7])
    with pytest.raises(em.WriteError, match=r"cell_7.ply: exists already") as caught:
        em.export_cells(cells, out, ids=[7, 9])
    assert caught.value.settings == {"overwrite": True}
    assert not (out / "cell_9.ply").exists()
    em.export_cells(cells, out, ids=[7, 9], overwrite=True)
    assert {each.name for each in out.iterdir()} == {"notes.txt", "cell_7.ply", "cell_9.ply"}
    with pytest.raises(em.WriteError, match="received a folder with other things"):
        em.export_cells(cells, out, form="precomputed", overwrite=True)
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("out", "settings", "error", "words"),
    [
        ("a.ply", {}, em.WriteError, "expected a folder such as a,"),
        ("a", {"form": "roi"}, em.WriteError, "ends in .zip"),
        ("none/a", {}, em.WriteError, "there is no folder"),
        ("a", {"ids": [7, 5]}, em.LabelsError, "received 5,"),
        ("a", {"least_voxels": 10**6}, em.LabelsError, "all of them smaller"),
        ("a", {"smoth": 3}, em.SettingError, "did you mean 'smooth'"),
        ("a", {"form": "glb"}, em.SettingError, "one of ply"),
    ],
)
def test_refusals_leave_nothing(cells, out, settings, error, words, tmp_path):
    with pytest.raises(error, match=words):
        em.export_cells(cells, tmp_path / out, **settings)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["ply", "roi", "precomputed"])
@pytest.mark.parametrize("slices_first", [True, False])
def test_a_stop_leaves_nothing(cells, form, slices_first, tmp_path):
    seen = []
    told = {"on_slice" if slices_first else "on_cell": lambda *at: seen.append(at)}
    with pytest.raises(em.CancelledError):
        em.export_cells(
            cells, tmp_path / "out.zip" if form == "roi" else tmp_path / "out",
            form=form, should_stop=lambda: bool(seen), **told,
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_without_a_voxel_size_it_is_in_px_and_that_is_said(cells, tmp_path):
    found = em.export_cells(cells.data, tmp_path / "out", ids=[7])
    assert "in px" in found.notes[0]
    vertices, _ = read_ply(tmp_path / "out" / "cell_7.ply")
    np.testing.assert_allclose(np.ptp(vertices, axis=0), [15, 30, 17], atol=0.7)
    with pytest.raises(em.SettingError, match="neuroglancer needs"):
        em.export_cells(cells.data, tmp_path / "volume", form="precomputed")


def test_a_mask_is_no_cells(tmp_path):
    with pytest.raises(em.LabelsError, match="received a mask"):
        em.export_cells(np.eye(20, dtype=bool)[None], tmp_path / "out")


@pytest.mark.parametrize(("form", "package"), [("roi", "roifile"), ("precomputed", "tensorstore")])
def test_a_missing_package_is_named_before_anything_is_read(
    cells, form, package, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(em.MissingPackageError, match=r"napari-emseg\[formats\]"):
        em.export_cells(cells, tmp_path / "out.zip", form=form, on_slice=lambda *_: 1 / 0)
