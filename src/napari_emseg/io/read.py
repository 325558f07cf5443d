"""Reading a stack from a file or a folder, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.arrays import Loaded, check_dtype, check_not_empty
from napari_emseg.io.formats.file_format import AnyPath, FileFormat, natural_key
from napari_emseg.io.formats.registry import FOLDER, format_of, stack_endings, stem_of
from napari_emseg.io.formats.voxels import challenge_voxel_size, checked_voxel_size
from napari_emseg.io.kinds import guess_kind, normalised_labels
from napari_emseg.types import Stack, StackKind, VoxelSize


def read_stack(
    path: AnyPath,
    *,
    kind: StackKind | None = None,
    voxel_size_nm: VoxelSize | None = None,
    raw_values: bool = False,
) -> Stack:
    """Read a stack; the file is never written to.

    Parameters
    ----------
    path : path
        A TIFF (plain, ImageJ's, OME's), a ``.npy``, a ``.zarr`` (array or OME-Zarr), a PNG of one
        slice, or a folder of PNG or TIFF slices, which are taken in natural order.
    kind : {"image", "labels"}, optional
        Grey values or labels; guessed from the name and the values where not given.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, instead of what the file says. Where neither says, a file
        with a name and a shape of the ISBI 2012 challenge has its (50, 4, 4) nm.
    raw_values : bool
        Keep labels as stored. Otherwise a mask becomes uint8 with 1 = cell and 0 = membrane, and
        whole numbers in floats become integers; ids keep their values.

    Returns
    -------
    Stack
        Data (Z, Y, X) as bool, integer or float in the machine's byte order; lazy for a zarr and
        where larger than `LAZY_BYTES`.

    Raises
    ------
    ReadError
        If there is no such path, or it cannot be read as a stack; the message says why.
    SettingError
        If ``voxel_size_nm`` is not three positive numbers.

    Examples
    --------
    >>> import napari_emseg as em
    >>> from napari_emseg.io.samples import phantom_path
    >>> em.read_stack(phantom_path("labels"))
    Stack('phantom_labels', labels (8, 512, 512) uint8, voxel_size_nm=(50.0, 4.0, 4.0))
    """
    file = Path(path)
    loaded = _checked(file, _format_of(file).read(file))
    return _as_stack(loaded, stem_of(path), kind, voxel_size_nm, raw_values)


def read_slices(
    paths: Sequence[AnyPath],
    *,
    kind: StackKind | None = None,
    voxel_size_nm: VoxelSize | None = None,
    raw_values: bool = False,
) -> Stack:
    """Read files of one slice each as a stack, in natural order; else as `read_stack`.

    The stack is called like the files' folder.
    """
    if not paths:
        raise ReadError("paths: expected one file or more, received none")
    files = sorted((Path(path) for path in paths), key=natural_key)
    for file in files:
        _check_exists(file)
    name = stem_of(files[0].parent)
    return _as_stack(FOLDER.read_files(files), name, kind, voxel_size_nm, raw_values)


def _as_stack(
    loaded: Loaded,
    name: str,
    kind: StackKind | None,
    voxel_size_nm: VoxelSize | None,
    raw_values: bool,
) -> Stack:
    data = loaded.data
    if voxel_size_nm is not None:
        voxel_size_nm = checked_voxel_size(voxel_size_nm)
    else:
        known = loaded.voxel_size_nm
        voxel_size_nm = known or challenge_voxel_size(name, data.shape, data.dtype)
    kind = kind or loaded.kind or guess_kind(data, name)
    if kind == "labels" and not raw_values:
        data = normalised_labels(data)
    return Stack(data, voxel_size_nm, name, kind, loaded.edits)


def _format_of(path: Path) -> FileFormat:
    _check_exists(path)
    found = format_of(path)
    is_file = path.is_file()
    if found is None or (found is FOLDER and is_file):
        raise ReadError(
            f"{path}: expected a folder of slices or a file ending in "
            f"{', '.join(stack_endings())}, received the ending {path.suffix or '(none)'!r}; save "
            "the stack as TIFF"
        )
    if found.is_folder and is_file:
        raise ReadError(f"{path}: expected a {found.name} folder, received a file; unpack it first")
    return found


def _check_exists(path: Path) -> None:
    if not path.exists():
        raise ReadError(f"{path}: no such file or folder; check the path")
    if path.is_file() and path.stat().st_size == 0:
        raise ReadError(f"{path}: the file is empty (0 bytes); copy or save it again")


def _checked(path: Path, loaded: Loaded) -> Loaded:
    check_dtype(path, loaded.data.dtype)
    check_not_empty(path, loaded.data.shape)
    return loaded
