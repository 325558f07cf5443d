"""Fields are made from the declarations, for every setting there is."""

from __future__ import annotations

import pytest
from magicgui.widgets import ComboBox
from qtpy.QtCore import QPoint

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.config.correction import BrushConfig, RetrainConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.ui.widgets.forms import field_for, form_of, spare_width

CONFIGS = [
    NetworkConfig, AugmentConfig, TrainConfig, PredictConfig, MaskConfig, BrushConfig,
    RetrainConfig, CompareConfig,
]  # fmt: skip


@pytest.mark.parametrize(
    ("owner", "declared"),
    [(owner, each) for owner in CONFIGS for each in owner.settings()],
    ids=lambda value: getattr(value, "name", ""),
)
def test_field_shows_the_declaration(qtbot, owner, declared):
    field = field_for(owner, declared.name)
    qtbot.addWidget(field.native)
    assert field.value == declared.default
    assert type(field.value) is declared.type
    assert declared.help in field.tooltip
    assert declared.range_text in field.tooltip
    if declared.type in (int, float) and declared.le is not None:
        assert field.max == declared.le


@pytest.mark.parametrize(("name", "value"), [("learning_rate", 3e-5), ("ema", 0.9985)])
def test_small_values_are_not_rounded_away(qtbot, name, value):
    field = field_for(TrainConfig, name)
    qtbot.addWidget(field.native)
    field.value = value
    assert field.value == pytest.approx(value, rel=1e-6)


def test_unit_stands_in_the_label(qtbot):
    field = field_for(TrainConfig, "patch_size")
    qtbot.addWidget(field.native)
    assert field.label == "Patch size [px]"


def test_unit_stands_in_the_label_once(qtbot):
    field = field_for(MaskConfig, "smallest_cell_px")
    qtbot.addWidget(field.native)
    assert field.label == "Smallest cell [px]"


def test_the_labels_of_a_form_are_of_one_width(qtbot):
    fields = [field_for(MaskConfig, name) for name in ("threshold", "smallest_cell_px")]
    form = form_of(fields)
    qtbot.addWidget(form.native)
    form.show()
    assert len({field.native.x() for field in fields}) == 1


def test_labels_are_as_wide_as_the_widest_in_the_style_they_are_shown_in(qtbot):
    fields = [
        field_for(MaskConfig, "threshold"),
        field_for(MaskConfig, "smallest_cell_px"),
        ComboBox(label="Result", choices=["mask"]),
    ]
    form = form_of(fields)
    qtbot.addWidget(form.native)
    form.native.setStyleSheet("QLabel { font-size: 31px; }")
    form.native.show()
    qtbot.wait(50)
    assert len({field.native.mapTo(form.native, QPoint(0, 0)).x() for field in fields}) == 1


def test_long_choice_does_not_widen_the_dock(qtbot):
    field = spare_width(ComboBox(choices=["em"]))
    qtbot.addWidget(field.native)
    before = field.native.minimumSizeHint().width()
    field.choices = ["em", "a stack with a name as long as that of its file " * 3]
    assert field.native.minimumSizeHint().width() == before


def test_a_learning_rate_is_seen_and_typed(qtbot):
    field = field_for(TrainConfig, "learning_rate")
    qtbot.addWidget(field.native)
    assert field.native.text() == "automatic"
    field.native.lineEdit().setText("0.0003")
    field.native.interpretText()
    assert field.value == pytest.approx(3e-4)
    assert float(field.native.text()) == pytest.approx(3e-4)


def test_a_count_is_typed_where_words_stood_and_stays_a_whole_number(qtbot):
    field = field_for(TrainConfig, "patience")
    qtbot.addWidget(field.native)
    field.native.lineEdit().setText("20")
    field.native.interpretText()
    assert (field.value, type(field.value), field.native.text()) == (20, int, "20")
    field.native.stepDown()
    assert field.native.text() == "19"
    TrainConfig(patience=field.value)


@pytest.mark.parametrize(
    ("owner", "declared"),
    [(owner, each) for owner in CONFIGS for each in owner.settings() if each.zero],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_zero_that_is_no_number_is_said_in_words(qtbot, owner, declared):
    field = field_for(owner, declared.name)
    qtbot.addWidget(field.native)
    assert declared.ge == 0
    assert field.native.text() == declared.zero
