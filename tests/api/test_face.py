"""What ``import napari_emseg`` offers: every name is listed, typed, documented, and has run."""

from __future__ import annotations

import ast
import doctest
import inspect
from pathlib import Path

import pytest

import napari_emseg as em

NAMES = [name for name in em.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(em, name))]
NOT_RUN_HERE = {"train", "fetch_isbi2012"}
"""The one loads Keras, and runs in `tests/model`; the other asks a server."""


def test_the_names_are_listed():
    assert set(em.__all__) <= set(dir(em))
    assert {"read_stack", "segment", "train", "evaluate", "write_stack", "load_model"} <= set(NAMES)
    assert len(set(em.__all__)) == len(em.__all__)


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="segmentt"):
        em.segmentt  # noqa: B018


def test_type_checkers_see_the_same_names_from_the_same_modules():
    stub = ast.parse(Path(em.__file__).with_name("__init__.pyi").read_text(encoding="utf-8"))
    seen = {
        alias.asname: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {name: f"napari_emseg.{home}" for name, home in em._HOME_OF.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_documented(name):
    assert inspect.getdoc(getattr(em, name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_all_sections(name):
    text = inspect.getdoc(getattr(em, name))
    for section in ("Examples",) if name in ("list_models", "phantom") else ("Raises", "Examples"):
        assert f"{section}\n---" in text


@pytest.mark.parametrize("name", [*(n for n in FUNCTIONS if n not in NOT_RUN_HERE), "Stack.of"])
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function = em
    for part in name.split("."):
        function = getattr(function, part)
    run_examples(function, name)


def test_the_first_example_runs():
    run_examples(em, "napari_emseg")


def run_examples(thing, name):
    """Run the examples of one docstring, with what a docstring of its module may name."""
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    examples = [each for each in finder.find(thing, name) if each.examples]
    assert examples
    for each in examples:
        result = runner.run(each)
        assert result.attempted
        assert not result.failed
