"""Cells for other programs: surfaces, outlines, volumes for the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.core.cell_ids import ids_of_slice, require_ids
from napari_emseg.core.config.export import SURFACES, ExportConfig, SurfaceConfig
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.surfaces.cell_runs import CellRuns
from napari_emseg.core.surfaces.outlines import outlines
from napari_emseg.core.surfaces.surface import Surface
from napari_emseg.core.surfaces.surfaces import require_cells, surfaces_of
from napari_emseg.errors import CancelledError, LabelsError, SettingError, naming_extras
from napari_emseg.io.disk.atomic import replacing_folder
from napari_emseg.io.export import precomputed
from napari_emseg.io.export.imagej_roi import Profile, write_rois
from napari_emseg.io.export.obj import write_obj
from napari_emseg.io.export.place import (
    check_file,
    check_folder,
    check_names,
    check_volume,
    filling,
)
from napari_emseg.io.export.ply import write_ply
from napari_emseg.io.export.stl import write_stl
from napari_emseg.types import AnyPath, ArrayLike, ShouldStop, Stack, VoxelSize

OnCell: TypeAlias = Callable[[int, int], object]
"""Called with the number of cells written and of all."""

Surfaces: TypeAlias = Iterator[tuple[int, Surface]]

_WRITERS = {"ply": write_ply, "obj": write_obj, "stl": write_stl}
_NEEDS = {"roi": "roifile", "precomputed": "tensorstore"}
_CHECKS: dict[str, Callable[..., None]] = {
    **dict.fromkeys(SURFACES, check_folder),
    "roi": partial(check_file, ending=".zip"),
    "precomputed": check_volume,
}


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    path : Path
        The folder, or the file.
    ids : tuple of int
        Of the cells in it, ascending.
    notes : tuple of str
        What a person should know of it, a sentence each.
    """

    path: Path
    ids: tuple[int, ...]
    notes: tuple[str, ...]


def export_cells(
    cells: Stack | ArrayLike,
    out: AnyPath,
    *,
    ids: Iterable[int] | None = None,
    voxel_size_nm: VoxelSize | None = None,
    overwrite: bool = False,
    sources: Sequence[AnyPath] = (),
    on_slice: OnSlice | None = None,
    on_cell: OnCell | None = None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> Exported:
    """Write cells for other programs: surfaces, outlines for ImageJ, a volume for neuroglancer.

    Parameters
    ----------
    cells : Stack, or (Z, Y, X) or (Y, X) array
        Ids of cells, any integer dtype; numpy or lazy, read slice by slice.
    out : path
        A folder, in which each cell becomes a file, such as ``cell_7.ply``; a .zip with
        ``form="roi"``.
    ids : iterable of int, optional
        Which cells; all by default.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where ``cells`` does not know them.
    overwrite : bool
        Whether files that are there may be replaced; what else is in the folder stays.
    sources : sequence of path
        Inputs, which are refused as output even with ``overwrite``.
    on_slice, on_cell : callable, optional
        Called as ``on_slice(done, total)`` after every slice that is read, and then after every
        cell.
    should_stop : callable
        Looked at after every slice and every cell.
    **settings
        Of `ExportConfig` and `SurfaceConfig`, by name.

    Returns
    -------
    Exported

    Raises
    ------
    LabelsError
        If ``cells`` is a probability or a mask, there is no cell, or none of one of the ids.
    SettingError
        If a setting is unknown or out of range, or neuroglancer is to have a volume whose voxel
        size nobody knows.
    WriteError
        If the output exists, is an input, has another ending, or cannot be written; nothing new is
        left then.
    MissingPackageError
        If roifile, or tensorstore for neuroglancer, is not installed.
    CancelledError
        If stopped; with the same promise.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_emseg as em
    >>> cells = np.zeros((6, 20, 20), int)
    >>> cells[1:5, 2:12, 2:12], cells[2:4, 14:18, 2:12] = 7, 9
    >>> em.export_cells(cells, "surfaces", ids=[7], form="stl", voxel_size_nm=(50, 10, 10)).ids
    (7,)
    """
    require_known(settings, ExportConfig, SurfaceConfig)
    config, look = ExportConfig().changed(settings), SurfaceConfig().changed(settings)
    place, stack = Path(out), as_stack(cells, voxel_size_nm, kind="labels")
    require_ids(stack.data, "cells", way_out="make cells of it first")
    wanted = None if ids is None else set(ids)
    _check_form(config.form, stack)
    _CHECKS[config.form](place, overwrite=overwrite, sources=sources)
    runs = CellRuns(stack.data, wanted, on_slice=_stopping(on_slice, should_stop))
    require_cells(runs, wanted or ())
    chosen = [cell for cell, count in runs.voxels.items() if count >= config.least_voxels]
    if not chosen:
        raise LabelsError(
            f"cells: expected one of {config.least_voxels} voxels or more, received "
            f"{len(runs.voxels)} cells, all of them smaller"
        )
    each = _counted(chosen, _stopping(on_cell, should_stop))
    if config.form == "roi":
        write_rois(place, _profiles(runs, each))
    else:
        found = surfaces_of(runs, each, voxel_size_nm=stack.voxel_size_nm, config=look)
        if config.form == "precomputed":
            _write_volume(place, stack, chosen, found)
        else:
            names = {cell: f"cell_{cell}.{config.form}" for cell in chosen}
            check_names(place, names.values(), overwrite=overwrite)
            _write_files(place, config.form, stack, names, found)
    return Exported(place, tuple(chosen), tuple(_notes(stack, runs, chosen, config)))


def _check_form(form: str, stack: Stack) -> None:
    """Before anything is read: what the form needs is there."""
    with naming_extras():
        if form in _NEEDS:
            import_module(_NEEDS[form])
    if form == "precomputed" and stack.voxel_size_nm is None:
        raise SettingError(
            "voxel_size_nm: expected three numbers (Z, Y, X) in nm, which neuroglancer needs, "
            "received none; give the size of a voxel"
        )


def _write_files(
    place: Path, form: str, stack: Stack, names: Mapping[int, str], surfaces: Surfaces
) -> None:
    unit = "px" if stack.voxel_size_nm is None else "nm"
    with filling(place) as folder:
        for cell, made in surfaces:
            about = f"cell {cell}; x y z in {unit} from the middle of the first voxel"
            _WRITERS[form](folder / names[cell], made.vertices, made.faces, about=about)


def _write_volume(place: Path, stack: Stack, chosen: Sequence[int], surfaces: Surfaces) -> None:
    assert stack.voxel_size_nm is not None

    def slice_of(z: int) -> npt.NDArray[np.int64]:
        ids = ids_of_slice(stack.data, z)
        return np.where(np.isin(ids, chosen), ids, 0)

    with replacing_folder(place) as folder:
        precomputed.write_segmentation(folder, slice_of, stack.shape, stack.voxel_size_nm)
        if precomputed.HOLDS_MESHES:
            meshes = ((cell, made.vertices, made.faces) for cell, made in surfaces)
            precomputed.write_surfaces(folder, meshes, stack.voxel_size_nm)


def _profiles(runs: CellRuns, ids: Iterable[int]) -> Iterator[Profile]:
    for cell in ids:
        for z in runs.slices_of(cell):
            box = runs.box(cell, [z])
            corner = np.array([box[2][0], box[1][0]])
            yield Profile(cell, z, [ring + corner for ring in outlines(runs.mask(cell, z, box))])


def _stopping(told: Callable[[int, int], object] | None, should_stop: ShouldStop) -> OnCell:
    def advance(done: int, total: int) -> None:
        if told is not None:
            told(done, total)
        if should_stop():
            raise CancelledError("Stopped; nothing was written.")

    return advance


def _counted(ids: Sequence[int], on_cell: OnCell) -> Iterator[int]:
    """Each id, and after it has been dealt with the count."""
    for done, cell in enumerate(ids, start=1):
        yield cell
        on_cell(done, len(ids))


def _notes(
    stack: Stack, runs: CellRuns, chosen: Sequence[int], config: ExportConfig
) -> Iterator[str]:
    if left_out := len(runs.voxels) - len(chosen):
        yield f"Cells of fewer than {config.least_voxels} voxels that are left out: {left_out}."
    if stack.voxel_size_nm is None and config.form != "roi":
        yield "The voxel size is not known: surfaces are in px, as if voxels were cubes."
    if config.form == "precomputed" and not precomputed.HOLDS_MESHES:
        yield "Without surfaces: their files have a colon in the name, which Windows does not hold."
