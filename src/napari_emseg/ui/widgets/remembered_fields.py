"""Fields that begin as a person left them when napari was last open."""

from __future__ import annotations

import atexit
import json
import logging
import shutil
from collections.abc import Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from magicgui.widgets.bases import CategoricalWidget, ValueWidget
from qtpy.QtCore import QSettings, QTimer

from napari_emseg.io.folders import config_folder
from napari_emseg.ui.widgets.forms import LASTING

_FILE, _BEFORE = "fields.ini", "fields.json"
"""Where fields are remembered, and where they were until then."""

_CALM_MS = 500
"""How long fields must stay as they are before they are written: a spin box ticks on its way."""

_log = logging.getLogger(__name__)

Fields = Mapping[str, ValueWidget[Any]]
"""Fields by the names that they are remembered under."""


def remember(fields: Fields, group: str) -> None:
    """Set fields to what they were when last changed, and note each change from now on.

    Choices are remembered by their names. What is not offered any more, or is out of range, is
    passed over, and the field keeps its default. So does the field of a setting that is declared
    not to last.

    Parameters
    ----------
    fields : mapping of str to ValueWidget
        The fields, by name.
    group : str
        What the fields belong to, such as ``segment``: names need be unique only within it.
    """
    restore(fields, group)
    for name, field in _lasting(fields).items():
        field.changed.connect(partial(_note, field, group, name))


def restore(fields: Fields, group: str) -> None:
    """Set fields to what is remembered; call it again for a field that has got more choices."""
    remembered = _store().read(group)
    for name, field in _lasting(fields).items():
        if name in remembered:
            set_field(field, remembered[name])


def flush() -> None:
    """Write at once what would be written in a moment."""
    if _current is not None:
        _current.write()


def _lasting(fields: Fields) -> Fields:
    return {
        name: field for name, field in fields.items() if field.native.property(LASTING) is not False
    }


def value_of(field: ValueWidget[Any]) -> Any:
    """What `set_field` takes, in a form for JSON; of a choice its name."""
    return field.current_choice if isinstance(field, CategoricalWidget) else field.value


def set_field(field: ValueWidget[Any], remembered: Any) -> None:
    """Set a field to what `value_of` gave; what is not offered any more is passed over."""
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


def _note(field: ValueWidget[Any], group: str, name: str, _: object = None) -> None:
    _store().note(group, name, value_of(field))


class _Store:
    """Values by group and name in a file of `QSettings`, each as JSON, which keeps its type.

    `QSettings` locks the file and writes only what has changed here, so that several naparis keep
    what the others have noted.

    Parameters
    ----------
    path : Path
        The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: dict[str, str] = {}
        self._is_damaged = False
        self._soon = QTimer()
        self._soon.setSingleShot(True)
        self._soon.setInterval(_CALM_MS)
        self._soon.timeout.connect(self.write)
        if not path.exists():
            self._take_over(path.with_name(_BEFORE))

    def note(self, group: str, name: str, value: Any) -> None:
        """Write a value soon."""
        self._waiting[f"{group}/{name}"] = json.dumps(value)
        self._soon.start()

    def read(self, group: str) -> dict[str, Any]:
        """What is remembered of a group by name; what cannot be understood is left out."""
        settings = self._settings()
        texts = {key: settings.value(key) for key in settings.allKeys()} | self._waiting
        mine = ((key, text) for key, text in texts.items() if key.startswith(f"{group}/"))
        values = {key.removeprefix(f"{group}/"): _understood(text) for key, text in mine}
        return {name: value for name, value in values.items() if value is not None}

    def write(self) -> None:
        """Write what waits; where that is not possible it is said in the log."""
        self._soon.stop()
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        settings = self._settings()
        if self._is_damaged and not self._keep_copy():
            return
        for key, text in waiting.items():
            settings.setValue(key, text)
        settings.sync()
        if settings.status() == QSettings.Status.AccessError:
            names = ", ".join(key.partition("/")[2] for key in waiting)
            _log.warning("%s is not remembered: %s cannot be written", names, self.path)

    def _settings(self) -> QSettings:
        settings = QSettings(str(self.path), QSettings.Format.IniFormat)
        settings.allKeys()  # only now is the file parsed, and by the first object alone
        self._is_damaged |= settings.status() == QSettings.Status.FormatError
        return settings

    def _keep_copy(self) -> bool:
        """Copy a damaged file, of which `QSettings` would keep only what it understands."""
        names = (self.path.with_name(f"fields, damaged {k}.ini") for k in count(1))
        kept = next(name for name in names if not name.exists())
        try:
            shutil.copy2(self.path, kept)
        except OSError as error:
            _log.warning("%s is damaged and not written to: %s", self.path, error)
            return False
        _log.warning("%s is damaged; it is kept as %s", self.path, kept)
        self._is_damaged = False
        return True

    def _take_over(self, before: Path) -> None:
        """Note what an earlier version has remembered; its file stays as it is."""
        try:
            found = json.loads(before.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            _log.debug("%s: %s", before, error)
            return
        groups = found.items() if isinstance(found, dict) else ()
        for group, fields in groups:
            for name, value in fields.items() if isinstance(fields, dict) else ():
                self.note(group, name, value)


_current: _Store | None = None
atexit.register(flush)


def _store() -> _Store:
    """The store of this person's folder."""
    global _current
    path = (config_folder() / _FILE).absolute()  # wherever one goes to
    if _current is None or _current.path != path:
        flush()
        _current = _Store(path)
    return _current


def _understood(text: object) -> Any:
    try:
        return json.loads(str(text))
    except ValueError:
        return None
