"""Fields that begin as a person left them when napari was last open."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from magicgui.widgets.bases import CategoricalWidget, ValueWidget

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.disk.json_file import read_json, read_or_set_aside, write_json
from napari_emseg.io.folders import config_folder

_FILE = "fields.json"
_log = logging.getLogger(__name__)

Fields = Mapping[str, ValueWidget]
"""Fields by the names that they are remembered under."""


def remember(fields: Fields, group: str) -> None:
    """Set fields to what they were when last changed, and note each change from now on.

    Choices are remembered by their names. What is not offered any more, or is out of range, is
    passed over, and the field keeps its default.

    Parameters
    ----------
    fields : mapping of str to ValueWidget
        The fields, by name.
    group : str
        What the fields belong to, such as ``segment``: names need be unique only within it.
    """
    restore(fields, group)
    for name, field in fields.items():
        field.changed.connect(partial(_note, field, group, name))


def restore(fields: Fields, group: str) -> None:
    """Set fields to what is remembered; call it again for a field that has got more choices."""
    remembered = _read().get(group, {})
    for name, field in fields.items():
        if name in remembered:
            _set(field, remembered[name])


def _set(field: ValueWidget, remembered: Any) -> None:
    value = remembered
    if isinstance(field, CategoricalWidget):
        value = field.get_choice(str(remembered))
        if value is None:  # gone
            return
    elif type(value) is not type(field.value):
        return
    try:
        field.value = value
    except ValueError as error:  # out of a range that has changed
        _log.debug("%s: %s", field.name, error)


def _note(field: ValueWidget, group: str, name: str, _: object = None) -> None:
    value = field.current_choice if isinstance(field, CategoricalWidget) else field.value
    path = config_folder() / _FILE
    try:
        # again: another napari may have written meanwhile
        remembered = _groups(read_or_set_aside(path))
        remembered.setdefault(group, {})[name] = value
        write_json(path, remembered)
    except (ReadError, WriteError) as error:
        _log.warning("%s is not remembered: %s", name, error)


def _read() -> dict[str, dict[str, Any]]:
    """All that is remembered, by group and name; empty where the file is missing or damaged."""
    return _groups(read_json(config_folder() / _FILE))


def _groups(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {group: fields for group, fields in found.items() if isinstance(fields, dict)}
