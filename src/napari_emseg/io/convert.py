"""From one format of a stack to another, without a change of pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_emseg.io.formats.file_format import AnyPath
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import OnSlice, SliceEnding, loss_in_words, not_kept, write_stack
from napari_emseg.types import ShouldStop, VoxelSize


def convert(
    source: AnyPath,
    out: AnyPath,
    *,
    overwrite: bool = False,
    slice_ending: SliceEnding = ".png",
    voxel_size_nm: VoxelSize | None = None,
    on_slice: OnSlice | None = None,
    on_note: Callable[[str], object] | None = None,
    should_stop: ShouldStop | None = None,
) -> Path:
    """Write a stack in another format; values, dtype, and where both have it voxel size stay.

    Parameters
    ----------
    source : path
        What `read_stack` reads.
    out : path
        What `write_stack` writes; its ending says the format.
    overwrite : bool
        Whether an existing output may be replaced.
    slice_ending : {".png", ".tif"}
        Format of the slices where ``out`` is a folder.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm to record instead of those of the source.
    on_slice, should_stop : callable, optional
        As for `write_stack`.
    on_note : callable, optional
        Called with each sentence that says what was guessed of the source, or is not kept.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    ReadError
        If the source cannot be read as a stack.
    WriteError
        If the output cannot be written, or is the source.

    Examples
    --------
    >>> import napari_emseg as em
    >>> from napari_emseg.io.samples import phantom_path
    >>> em.convert(phantom_path(), "slices/").name
    'slices'
    >>> em.read_stack("slices").shape
    (8, 512, 512)
    """
    stack = read_stack(source, voxel_size_nm=voxel_size_nm, raw_values=True)
    if on_note is not None:
        for note in stack.notes:
            on_note(note)
    written = write_stack(
        out,
        stack,
        overwrite=overwrite,
        sources=[source],
        slice_ending=slice_ending,
        on_slice=on_slice,
        should_stop=should_stop,
    )
    lost = not_kept(out, stack, slice_ending=slice_ending)
    if lost and on_note is not None:
        on_note(f"{written.name} {loss_in_words(lost)}")
    return written
