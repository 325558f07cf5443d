"""Measures of cells: known bodies, skimage's figures, units, contacts, parts, single sections."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label, regionprops_table

from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.measure.measures import measure_cells
from napari_emseg.errors import LabelsError, ShapeError


def random_cells(seed=0):
    """Cells (6, 40, 40) of odd shapes, ids with gaps."""
    rng = np.random.default_rng(seed)
    return np.kron(rng.integers(0, 4, (3, 10, 10)) * 7, np.ones((2, 4, 4), int))


def test_volumes_boxes_and_centroids_are_those_of_skimage():
    cells = random_cells()
    image = np.random.default_rng(1).integers(0, 255, cells.shape, np.uint8)
    found = measure_cells(cells, voxel_size_nm=(30, 6, 6), image=image).cells
    names = ("label", "area", "centroid", "bbox", "intensity_mean", "intensity_std")
    known = regionprops_table(cells, image, properties=names, spacing=(30, 6, 6))
    assert np.array_equal(found["id"], known["label"])
    assert found["volume_um3"] == pytest.approx(known["area"] * 1e-9)
    for k, axis in enumerate("zyx"):
        assert found[f"centroid_{axis}_nm"] == pytest.approx(known[f"centroid-{k}"])
        assert np.array_equal(found[f"{axis}_first"], known[f"bbox-{k}"])
        assert np.array_equal(found[f"{axis}_last"] + 1, known[f"bbox-{k + 3}"])
    assert found["mean_grey"] == pytest.approx(known["intensity_mean"])
    assert found["std_grey"] == pytest.approx(known["intensity_std"])
    assert found["slices"].tolist() == [
        len(np.unique(np.nonzero(cells == i)[0])) for i in found["id"]
    ]


def test_profiles_are_those_of_skimage():
    cells = random_cells()
    found = measure_cells(cells).profiles
    z = found["slice"] == 3
    names = ("label", "area", "axis_major_length", "axis_minor_length")
    known = regionprops_table(cells[3], properties=names)
    order = np.argsort(found["id"][z])
    assert np.array_equal(found["id"][z][order], known["label"])
    assert np.array_equal(found["pixels"][z][order], known["area"])
    # a pixel has an extent here, and is a point there
    major = np.sqrt(known["axis_major_length"] ** 2 + 16 / 12)
    assert found["longest_axis_px"][z][order] == pytest.approx(major)


@pytest.mark.parametrize("size", [(1, 1, 1), (30, 6, 6), (50, 4, 4)])
def test_an_ellipsoid_at_any_voxel_size(size):
    half = np.array([12, 18, 30]) * max(size)
    axes = [np.arange(-int(h / s) - 3, int(h / s) + 4) * s for h, s in zip(half, size, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    body = ((z / half[0]) ** 2 + (y / half[1]) ** 2 + (x / half[2]) ** 2 <= 1).astype(int)
    found = measure_cells(body, voxel_size_nm=size).cells
    assert found["volume_um3"][0] == pytest.approx(4 / 3 * np.pi * half.prod() * 1e-9, rel=0.02)
    for name, h in zip(("shortest", "middle", "longest"), half, strict=True):
        assert found[f"{name}_axis_nm"][0] == pytest.approx(2 * h, rel=0.02)
    p = 1.6075  # Knud Thomsen's formula, right to 1 %
    a, b, c = half**p
    area = 4 * np.pi * ((a * b + a * c + b * c) / 3) ** (1 / p)
    assert found["surface_um2"][0] == pytest.approx(area * 1e-6, rel=0.03)
    assert not found["touches_rim"][0]


def test_a_disc_in_a_single_section():
    y, x = np.mgrid[-40:41, -40:41]
    disc = (y**2 + x**2 <= 30**2).astype(int)[None] * 5
    found = measure_cells(disc, voxel_size_nm=(70, 10, 10), sections=True)
    assert found.cells is None
    assert found.contacts is None
    row = {name: values[0] for name, values in found.profiles.columns.items()}
    assert row["id"] == 5
    assert row["area_um2"] == pytest.approx(np.pi * 0.09, rel=0.02)
    assert row["perimeter_nm"] == pytest.approx(2 * np.pi * 300, rel=0.02)
    for name in ("equivalent_diameter_nm", "longest_axis_nm", "shortest_axis_nm"):
        assert row[name] == pytest.approx(600, rel=0.02)
    assert row["circularity"] == pytest.approx(1, rel=0.03)
    assert row["roundness"] == pytest.approx(1, rel=0.02)


def test_sections_take_a_mask_and_count_each_for_itself():
    mask = np.zeros((2, 30, 30), np.uint8)
    mask[0, 2:8, 2:8] = mask[0, 12:20, 2:8] = mask[1, 5:9, 5:9] = 255
    found = measure_cells(mask, sections=True)
    assert found.slices["count"].tolist() == [2, 1]
    assert found.profiles["pixels"].tolist() == [36, 48, 16]
    assert len(np.unique(found.profiles["id"])) == 3
    assert any("mask" in note for note in found.notes)


def test_without_a_voxel_size_all_is_in_px_and_said():
    found = measure_cells(random_cells())
    assert {"volume_px3", "surface_px2", "longest_axis_px"} <= set(found.cells.columns)
    assert "voxel size is not known" in found.notes[0]


# -- what cells touch, and hold -----------------------------------------------------------------


def neighbours(gap):
    """Two cells with a membrane of this width between them, and one far away."""
    cells = np.zeros((42, 90, 80), int)
    cells[1:41, 5:85, 5:30] = 1
    cells[1:41, 5:85, 30 + gap : 50] = 2
    cells[1:41, 5:85, 70:78] = 3
    return cells


@pytest.mark.parametrize("gap", [0, 1, 4, 8])
def test_cells_touch_also_through_a_membrane(gap):
    found = measure_cells(neighbours(gap), voxel_size_nm=(30, 6, 6)).contacts
    assert (found["id"].tolist(), found["neighbour"].tolist()) == ([1], [2])
    area = 40 * 30 * 80 * 6 * 1e-6  # at the open ends of a wide gap a little is left out
    assert found["contact_area_um2"][0] == pytest.approx(area, rel=0.07)


def test_a_contact_far_from_its_rims_is_exact():
    cells = np.ones((6, 20, 20), int)
    cells[:, :, 10:] = 2
    found = measure_cells(cells, voxel_size_nm=(30, 6, 6))
    assert found.contacts["contact_area_um2"][0] == pytest.approx(6 * 30 * 20 * 6 * 1e-6, rel=1e-4)
    assert found.cells["neighbours"].tolist() == [1, 1]


def test_cells_touch_through_a_flat_membrane_of_an_isotropic_volume():
    cells = np.zeros((20, 30, 30), int)
    cells[:8], cells[12:] = 1, 2
    assert len(measure_cells(cells, voxel_size_nm=(5, 5, 5)).contacts) == 1
    narrow = MeasureConfig(widest_membrane_px=2)
    assert len(measure_cells(cells, voxel_size_nm=(5, 5, 5), config=narrow).contacts) == 0


def test_membranes_are_measured_in_nm():
    cells = np.ones((3, 40, 60), int)
    cells[:, :, 25:30], cells[:, :, 30:] = 0, 2
    found = measure_cells(cells, voxel_size_nm=(30, 6, 6)).cells
    assert found["membrane_thickness_nm"] == pytest.approx([30, 30], rel=0.05)


def test_mitochondria_are_joined_through_slices_and_given_to_their_cell():
    cells = neighbours(4)
    classes = np.where(cells > 0, 2, 1)
    classes[1:4, 8:12, 8:12] = 3  # three slices of cell 1
    classes[3, 20:24, 8:12] = 3  # another one
    classes[1:3, 8:12, 40:44] = 3  # in cell 2
    classes[1, 20:22, 40:42] = 4  # another class
    classes[0, 0:3, 0:3] = 3  # in no cell
    found = measure_cells(cells, voxel_size_nm=(30, 6, 6), classes=classes)
    assert found.cells["class_3_parts"].tolist() == [2, 1, 0]
    assert found.cells["class_3_voxels"].tolist() == [64, 32, 0]
    assert found.cells["class_3_fraction"][0] == pytest.approx(64 / (40 * 80 * 25))
    assert found.cells["class_4_parts"].tolist() == [0, 1, 0]
    assert sorted(found.parts["voxels"].tolist()) == [4, 16, 32, 48]


def test_parts_are_those_that_skimage_labels():
    cells = np.ones((6, 40, 40), int)
    classes = np.where(random_cells(3) > 14, 3, 2)
    found = measure_cells(cells, classes=classes).parts
    known = label(classes == 3, connectivity=1)
    assert len(found) == known.max()
    assert sorted(found["voxels"]) == sorted(np.bincount(known.ravel())[1:])


def test_a_table_is_the_same_whatever_the_ids_are():
    cells = random_cells()
    other = np.where(cells > 0, 2**40 - cells, 0)
    one, two = (measure_cells(each).cells for each in (cells, other))
    assert np.array_equal(one["surface_px2"], two["surface_px2"][::-1])


# -- refusals -----------------------------------------------------------------------------------


def test_what_are_no_cells_is_refused():
    with pytest.raises(LabelsError, match=r"mask.*sections one by one"):
        measure_cells(np.ones((2, 4, 4), bool))
    with pytest.raises(LabelsError, match="without any cell"):
        measure_cells(np.zeros((2, 4, 4), int))
    with pytest.raises(ShapeError, match="image: expected the shape"):
        measure_cells(random_cells(), image=np.zeros((1, 2, 3)))
