"""Packages that read a format and are not installed with the plugin: which, and how to get them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from napari_emseg.errors import ReadError

INSTALL = "pip install 'napari-emseg[formats]'"
"""Installs all of them."""


def needed(module: str, path: Path | str) -> Any:
    """A module that reads ``path``.

    Raises
    ------
    ReadError
        If it is not installed; the message says the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ReadError(
            f"{path}: needs the package {package}, which is not installed; {INSTALL}"
        ) from error
