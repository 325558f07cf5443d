"""Where things are kept from one start to the next; none of these folders need exist yet.

Each lies where the system keeps such things, or where a variable of the environment says.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path, user_config_path, user_data_path

CONFIG_VARIABLE = "EMSEG_CONFIG_DIR"


def library_folder() -> Path:
    """The model packages: the model library."""
    return _folder("EMSEG_MODELS_DIR", user_data_path, "models")


def runs_folder() -> Path:
    """The run folders of the window's trainings."""
    return _folder("EMSEG_RUNS_DIR", user_data_path, "runs")


def recovery_folder() -> Path:
    """What was painted and is not saved yet."""
    return _folder("EMSEG_RECOVERY_DIR", user_data_path, "recovery")


def config_folder() -> Path:
    """What the fields of the docks were when last changed."""
    return _folder(CONFIG_VARIABLE, user_config_path)


def cache_folder() -> Path:
    """What can be made again, so that it may be deleted at any time."""
    return _folder("EMSEG_CACHE_DIR", user_cache_path)


def _folder(variable: str, usual: Callable[..., Path], part: str = "") -> Path:
    named = os.environ.get(variable)
    if named:
        return Path(named)
    try:
        place = usual("napari-emseg", appauthor=False) / part
    except RuntimeError:  # an account without a home, as in some containers
        place = Path()
    if place.is_absolute():  # older platformdirs give a folder called "~" there
        return place
    return Path(tempfile.gettempdir(), f"napari-emseg-{os.getuid()}", part or usual.__name__)
