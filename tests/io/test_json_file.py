"""Notes on disk: written whole, read as empty where they are damaged."""

from __future__ import annotations

import pytest

from napari_emseg.errors import WriteError
from napari_emseg.io.json_file import read_json, write_json


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "notes.json"
    assert read_json(path) == {}
    for values in ({"a": [1, None]}, {"b": "ü"}):
        write_json(path, values)
        assert read_json(path) == values
    assert [each.name for each in path.parent.iterdir()] == ["notes.json"]


@pytest.mark.parametrize("text", ["", "{", "[1]", "3"])
def test_a_damaged_file_is_empty(tmp_path, text):
    path = tmp_path / "notes.json"
    path.write_text(text)
    assert read_json(path) == {}


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError):
        write_json(tmp_path / "file" / "notes.json", {})
