"""The book of step times: kept, and not lost where it is damaged."""

from __future__ import annotations

import pytest

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.model.train.step_time_book import keep_step_time, known_step_time


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path))
    return tmp_path / "pace.json"


def test_a_damaged_book_is_kept_and_a_new_one_begun(book):
    keep_step_time(Recipe(), "cpu", 0.5)
    damaged = book.read_text()[:-5]
    book.write_text(damaged)
    assert known_step_time(Recipe(), "cpu") is None
    assert book.read_text() == damaged
    keep_step_time(Recipe(), "gpu", 0.1)
    assert known_step_time(Recipe(), "gpu") == 0.1
    assert book.with_name("pace.json.damaged").read_text() == damaged


def test_a_book_that_cannot_be_read_is_left(book):
    book.mkdir()
    book.with_name("pace.json.damaged").touch()
    keep_step_time(Recipe(), "cpu", 0.5)
    assert book.is_dir()
