"""Notes on disk: written whole; where they are damaged they are not taken for empty ones."""

from __future__ import annotations

import pytest

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.disk.json_file import load_json, read_json, read_or_set_aside, write_json


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "notes.json"
    assert read_json(path) == {}
    for values in ({"a": [1, None]}, {"b": "ü"}):
        write_json(path, values)
        assert read_json(path) == values
    assert [each.name for each in path.parent.iterdir()] == ["notes.json"]


DAMAGE = ["", "{", "[1]", "3"]


@pytest.mark.parametrize("text", DAMAGE)
def test_a_damaged_file_is_empty(tmp_path, text):
    """For who only looks at it."""
    path = tmp_path / "notes.json"
    path.write_text(text)
    assert read_json(path) == {}
    assert path.read_text() == text


@pytest.mark.parametrize("text", DAMAGE)
def test_a_damaged_file_is_not_none(tmp_path, text):
    path = tmp_path / "notes.json"
    assert load_json(path) is None
    assert load_json(tmp_path / "no" / "notes.json") is None
    path.write_text(text)
    with pytest.raises(ReadError, match=r"notes\.json: .*move it away"):
        load_json(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ReadError, match="cannot be read"):
        load_json(path)


@pytest.mark.parametrize("text", DAMAGE)
def test_a_damaged_file_is_kept_before_it_is_replaced(tmp_path, text):
    path = tmp_path / "notes.json"
    assert read_or_set_aside(path) == {}
    write_json(path, {"a": 1})
    assert read_or_set_aside(path) == {"a": 1}
    path.write_text(text)
    assert read_or_set_aside(path) == {}
    assert (tmp_path / "notes.json.damaged").read_text() == text
    assert not path.exists()


def test_what_can_neither_be_read_nor_moved_is_not_empty(tmp_path):
    path = tmp_path / "notes.json"
    path.mkdir()  # no file, and in the way
    (tmp_path / "notes.json.damaged").write_text("")
    with pytest.raises(ReadError):
        read_or_set_aside(path)


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError):
        write_json(tmp_path / "file" / "notes.json", {})
