"""The npe2 reader of projects; its import is light."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def get_reader(path: Any) -> Callable[[Any], list[Any]] | None:
    """Reader for one ``.emseg`` file; None for all else."""
    if not isinstance(path, (str, Path)) or Path(path).suffix.lower() != ".emseg":
        return None
    return _read


def _read(path: Any) -> list[Any]:
    """Open a project in the window that there is; without one, give its layers."""
    from napari import current_viewer

    viewer = current_viewer()
    if viewer is not None:
        from napari_emseg.ui.project.commands import project_of

        project_of(viewer).open(Path(path))
        return [(None,)]
    from napari_emseg.io.project.project_file import read_project
    from napari_emseg.ui.project.layers import layer_of

    kept = (each for each in read_project(path).layers if each.stack is not None)
    return [layer_of(each).as_layer_data_tuple() for each in kept]
