"""Fields begin as they were left."""

from __future__ import annotations

import json

import pytest
from magicgui.widgets import CheckBox, ComboBox, LineEdit, SpinBox

from napari_emseg.io.folders import config_folder
from napari_emseg.ui.widgets.remembered_fields import remember, restore


@pytest.fixture
def file():
    config_folder().mkdir(parents=True, exist_ok=True)
    return config_folder() / "fields.json"


@pytest.fixture
def make_fields(qtbot):
    """The same fields as at the start of napari, each time."""

    def make_fields(models=("default", "mine")):
        fields = {
            "model": ComboBox(choices=[(name, {"named": name}) for name in models]),
            "exact": CheckBox(value=False),
            "smallest": SpinBox(value=10, max=100),
            "name": LineEdit(value=""),
        }
        for field in fields.values():
            qtbot.addWidget(field.native)
        return fields

    return make_fields


def values(fields):
    return [field.value for field in fields.values()]


def change(fields):
    fields["model"].value = {"named": "mine"}
    fields["exact"].value = True
    fields["smallest"].value = 42
    fields["name"].value = "em"


def test_what_is_changed_is_there_again_the_next_time(make_fields):
    first = make_fields()
    remember(first, "dock")
    assert values(first) == [{"named": "default"}, False, 10, ""]
    change(first)

    second = make_fields()
    remember(second, "dock")
    assert values(second) == [{"named": "mine"}, True, 42, "em"]

    other = make_fields()
    remember(other, "another dock")
    assert values(other) == [{"named": "default"}, False, 10, ""]


def test_what_is_not_changed_is_not_noted(make_fields, file):
    remember(make_fields(), "dock")
    assert not file.exists()


def test_a_choice_that_is_gone_falls_back_and_comes_again(make_fields):
    fields = make_fields()
    remember(fields, "dock")
    change(fields)

    without = make_fields(models=["default"])
    remember(without, "dock")
    without["smallest"].value = 7
    assert values(without) == [{"named": "default"}, True, 7, "em"]

    without["model"].choices = [(name, {"named": name}) for name in ("default", "mine")]
    restore({"model": without["model"]}, "dock")
    assert without["model"].value == {"named": "mine"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        '{"dock": 3}',
        '{"dock": {"smallest": 1000, "exact": "yes", "model": ["a"], "name": null}}',
    ],
)
def test_what_makes_no_sense_is_passed_over(make_fields, file, text):
    file.write_text(text)
    fields = make_fields()
    remember(fields, "dock")
    assert values(fields) == [{"named": "default"}, False, 10, ""]
    fields["smallest"].value = 11
    assert json.loads(file.read_text())["dock"]["smallest"] == 11


def test_a_damaged_file_is_kept(make_fields, file):
    file.write_text('{"dock": {"smallest": 7}')
    fields = make_fields()
    remember(fields, "dock")
    fields["exact"].value = True
    assert json.loads(file.read_text()) == {"dock": {"exact": True}}
    assert file.with_name("fields.json.damaged").read_text() == '{"dock": {"smallest": 7}'


def test_two_naparis_keep_what_the_other_has_noted(make_fields, file):
    one, two = make_fields(), make_fields()
    remember(one, "dock")
    remember(two, "dock")
    one["smallest"].value = 11
    two["exact"].value = True
    assert json.loads(file.read_text()) == {"dock": {"smallest": 11, "exact": True}}


def test_where_nothing_can_be_written_the_field_works_all_the_same(
    make_fields, tmp_path, monkeypatch, caplog
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMSEG_CONFIG_DIR", str(tmp_path / "file" / "folder"))
    fields = make_fields()
    remember(fields, "dock")
    fields["smallest"].value = 11
    assert fields["smallest"].value == 11
    assert "smallest is not remembered" in caplog.text
