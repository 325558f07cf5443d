"""A folder for what can be made again, named by what it is made of."""

from __future__ import annotations

import os

from napari_emseg.model.runtimes.conversion_cache import cached_for, keep_newest


def test_the_content_counts_and_not_the_name(tmp_path):
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (cached_for(tmp_path / name, "x.onnx") for name in "abc")
    assert a == b != c
    assert a.name == "x.onnx"


def test_the_newest_are_kept(tmp_path):
    for age in range(5):
        (tmp_path / str(age)).touch()
        os.utime(tmp_path / str(age), (1000 - age, 1000 - age))
    keep_newest(tmp_path, 2)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["0", "1"]
    keep_newest(tmp_path / "nowhere", 2)
