"""Fields begin as they were left."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from magicgui.widgets import CheckBox, ComboBox, LineEdit, SpinBox
from qtpy.QtCore import QSettings

from napari_emseg.io.folders import config_folder
from napari_emseg.ui.widgets import remembered_fields
from napari_emseg.ui.widgets.remembered_fields import flush, remember, restore


@pytest.fixture
def file():
    config_folder().mkdir(parents=True, exist_ok=True)
    return config_folder() / "fields.ini"


@pytest.fixture
def old_file(file):
    """Where fields were remembered before."""
    return file.with_name("fields.json")


def noted(file):
    """What a file holds."""
    flush()
    settings = QSettings(str(file), QSettings.Format.IniFormat)
    found = {}
    for key in settings.allKeys():
        group, _, name = key.partition("/")
        found.setdefault(group, {})[name] = json.loads(settings.value(key))
    return found


@pytest.fixture
def next_start(monkeypatch):
    """Begins as a new process does, which knows of the file alone."""

    def next_start():
        flush()
        monkeypatch.setattr(remembered_fields, "_current", None)

    return next_start


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


def test_a_new_start_finds_all_in_the_file(make_fields, next_start):
    first = make_fields()
    remember(first, "dock")
    change(first)
    next_start()
    second = make_fields()
    remember(second, "dock")
    assert values(second) == [{"named": "mine"}, True, 42, "em"]


def test_a_spin_box_on_its_way_is_written_once(make_fields, file, qtbot):
    fields = make_fields()
    remember(fields, "dock")
    for value in range(20, 40):
        fields["smallest"].value = value
        qtbot.wait(1)
    assert not file.exists()
    qtbot.waitUntil(file.exists)
    assert noted(file) == {"dock": {"smallest": 39}}


NONSENSE = [
    "",
    "[1, 2]",
    '{"dock": 3}',
    '{"dock": {"smallest": 1000, "exact": "yes", "model": ["a"], "name": null}}',
]


@pytest.mark.parametrize(
    "text",
    [
        *NONSENSE,
        "[dock\nsmall",
        "\0\0\0\0",
        "[dock]\nsmallest=1000\nexact=yes\nmodel=a, b\nname=\n",
        '[dock]\nsmallest="1000"\nexact="\\"yes\\""\nmodel="[1]"\nname=null\n',
    ],
)
def test_what_makes_no_sense_is_passed_over(make_fields, file, text):
    file.write_text(text)
    fields = make_fields()
    remember(fields, "dock")
    assert values(fields) == [{"named": "default"}, False, 10, ""]
    fields["smallest"].value = 11
    flush()
    restored = make_fields()
    restore(restored, "dock")
    assert restored["smallest"].value == 11


@pytest.mark.parametrize("text", ["[dock]\nexact=true\nsmall", '{"dock": {"exact": true}}'])
def test_a_damaged_file_is_kept_as_a_copy_before_it_is_written_to(make_fields, file, text, caplog):
    for k in (1, 2):
        file.write_text(text)
        fields = make_fields()
        remember(fields, "dock")
        fields["smallest"].value = 10 + k
        flush()
        assert (file.parent / f"fields, damaged {k}.ini").read_text() == text
        assert noted(file)["dock"]["smallest"] == 10 + k
    assert "is damaged" in caplog.text


def test_a_damaged_file_that_nothing_is_written_to_stays(make_fields, file):
    file.write_text("[dock\nsmall")
    remember(make_fields(), "dock")
    flush()
    assert file.read_text() == "[dock\nsmall"
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_two_naparis_keep_what_the_other_has_noted(make_fields, file):
    one, two = make_fields(), make_fields()
    remember(one, "dock")
    remember(two, "dock")
    one["smallest"].value = 11
    two["exact"].value = True
    assert noted(file) == {"dock": {"smallest": 11, "exact": True}}


def test_what_another_process_has_noted_meanwhile_stays(make_fields, file):
    fields = make_fields()
    remember(fields, "dock")
    fields["smallest"].value = 11
    flush()
    fields["smallest"].value = 12
    code = (
        "from qtpy.QtCore import QSettings; "
        f"settings = QSettings({str(file)!r}, QSettings.Format.IniFormat); "
        "settings.setValue('dock/exact', 'true'); settings.sync()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert noted(file) == {"dock": {"smallest": 12, "exact": True}}
    again = make_fields()
    remember(again, "dock")
    assert values(again) == [{"named": "default"}, True, 12, ""]


# -- what an earlier version has remembered ------------------------------------------------------


def test_what_an_earlier_version_has_remembered_is_taken_over_once(
    make_fields, file, old_file, next_start
):
    before = {"dock": {"model": "mine", "exact": True, "smallest": 42, "name": "em"}}
    old_file.write_text(json.dumps(before))
    fields = make_fields()
    remember(fields, "dock")
    assert values(fields) == [{"named": "mine"}, True, 42, "em"]
    next_start()
    assert noted(file) == before
    fields["smallest"].value = 7
    next_start()
    again = make_fields()
    remember(again, "dock")
    assert values(again) == [{"named": "mine"}, True, 7, "em"]
    assert json.loads(old_file.read_text()) == before


@pytest.mark.parametrize("text", NONSENSE)
def test_what_makes_no_sense_in_it_is_passed_over(make_fields, file, old_file, text):
    old_file.write_text(text)
    fields = make_fields()
    remember(fields, "dock")
    assert values(fields) == [{"named": "default"}, False, 10, ""]
    fields["smallest"].value = 11
    assert noted(file)["dock"]["smallest"] == 11
    assert old_file.read_text() == text


# -- where nothing can be written ----------------------------------------------------------------


def test_where_nothing_can_be_written_the_field_works_all_the_same(
    make_fields, tmp_path, monkeypatch, caplog
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMSEG_CONFIG_DIR", str(tmp_path / "file" / "folder"))
    fields = make_fields()
    remember(fields, "dock")
    fields["smallest"].value = 11
    flush()
    assert fields["smallest"].value == 11
    assert "smallest is not remembered" in caplog.text


def test_a_dangerous_choice_is_not_remembered():
    from napari_emseg.core.config.correction import BrushConfig, EditableConfig
    from napari_emseg.ui.widgets.forms import field_for

    def fields():
        made = {
            "policy": field_for(EditableConfig, "policy"),
            "through_stack": field_for(BrushConfig, "through_stack"),
            "thickness_px": field_for(BrushConfig, "thickness_px"),
        }
        remember(made, "correct")
        return made

    for field, value in zip(fields().values(), ("only empty slices", True, 7), strict=True):
        field.value = value
    flush()
    assert [each.value for each in fields().values()] == ["keep my edits", False, 7]
