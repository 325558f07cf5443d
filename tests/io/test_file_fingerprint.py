"""Files are read again when they have changed, and only then."""

from __future__ import annotations

import hashlib
import os

import pytest

from napari_emseg.io import file_fingerprint as module
from napari_emseg.io.file_fingerprint import FileFingerprint, sha256_of


def test_the_hash_follows_the_file(tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert sha256_of(file) == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"longer")
    assert sha256_of(file) == hashlib.sha256(b"longer").hexdigest()


def test_a_file_of_the_same_size_and_time_in_its_place_is_another(tmp_path):
    file, other = tmp_path / "weights", tmp_path / "other"
    for path in (file, other):
        path.write_bytes(path.name.encode()[:5])
        os.utime(path, (1, 1))
    before = FileFingerprint.of(file), sha256_of(file)
    other.replace(file)
    assert (FileFingerprint.of(file), sha256_of(file)) != before
    assert sha256_of(file) == hashlib.sha256(b"other").hexdigest()


def test_what_has_not_changed_is_read_once(tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    sha256_of(file)
    before = module._sha256.cache_info().misses
    assert sha256_of(file) == hashlib.sha256(b"one").hexdigest()
    assert module._sha256.cache_info().misses == before


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "gone")
