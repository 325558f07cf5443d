"""A JSON in a zip file is read, or is refused before it fills the memory."""

from __future__ import annotations

import json
import zipfile

import pytest

from napari_emseg.io.disk.zip_file import ZIP_DAMAGE, json_in


def zipped(path, content, name="a.json", how=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr(name, content)
    return path


def read(path):
    with zipfile.ZipFile(path) as archive:
        return json_in(archive, "a.json", 1000)


def test_what_was_written_is_read(tmp_path):
    assert read(zipped(tmp_path / "a.zip", json.dumps({"a": [1, None]}))) == {"a": [1, None]}


def lies(path):
    """Its directory says that it unpacks to a byte."""
    content = bytearray(zipped(path, b" " * 2**20).read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (1).to_bytes(4, "little")
    path.write_bytes(content)
    return path


def spoilt(path, how):
    content = bytearray(zipped(path, bytes(range(256)) * 3, how=how).read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda path: zipped(path, b" " * 2**20),
        lambda path: zipped(path, "[" * 999),
        lambda path: zipped(path, "{"),
        lambda path: zipped(path, b"\xff\xfe\xfd"),
        lambda path: zipped(path, "{}", "b.json"),
        lambda path: zipped(path, "{}").write_bytes(b"PK\x03\x04") and path,
        lambda path: spoilt(path, zipfile.ZIP_DEFLATED),
        lambda path: spoilt(path, zipfile.ZIP_LZMA),
        lambda path: spoilt(path, zipfile.ZIP_BZIP2),
        lies,
    ],
)
def test_what_is_none_is_refused(tmp_path, make):
    path = make(tmp_path / "a.zip")
    with pytest.raises(ZIP_DAMAGE):
        read(path)


def test_what_is_nested_too_deeply_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", "[" * 10**6)
    with zipfile.ZipFile(path) as archive, pytest.raises(ValueError, match="nested too deeply"):
        json_in(archive, "a.json", 2**24)
