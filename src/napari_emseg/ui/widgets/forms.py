"""Form fields from the declarations in `core.config`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from magicgui.widgets import (
    CheckBox,
    ComboBox,
    Container,
    FloatSlider,
    FloatSpinBox,
    Label,
    LineEdit,
    PushButton,
    SpinBox,
)
from magicgui.widgets.bases import ValueWidget, Widget
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QAbstractButton, QLabel, QLayoutItem, QSizePolicy, QWidget

from napari_emseg.core.config.setting import Config, Setting
from napari_emseg.ui.widgets.elided_choice import ElidedChoice

LASTING = "is_lasting"
"""Qt property of the field of a setting: whether it may be remembered; see `Setting`."""

_CHOICE_PX = 90
"""Room that a choice of layers or models always has, however narrow the dock is."""
_SLIDER_STEP = 0.01


def form_of(fields: Sequence[Widget]) -> Container[Any]:
    """The fields below one another, with their labels in a column of one width, and as names."""
    for field in fields:
        name_parts(field)
    form: Container[Any] = Container()
    form.margins = (0, 0, 0, 0)
    form.extend(fields)  # later: magicgui leaves the labels of the first ones as wide as they are
    _EvenLabels(form.native)
    return form


def name_parts(field: Widget) -> None:
    """Give label and tooltip of a field to all parts of it that say nothing of themselves."""
    native: QWidget = field.native
    for part in (native, *native.findChildren(QWidget)):
        if not is_named(part):  # for screen readers
            part.setAccessibleName(field.label)
        if not part.toolTip():
            part.setToolTip(field.tooltip or "")


def is_named(widget: QWidget) -> bool:
    """Whether a screen reader has a name for a control: its own, or the words on a button."""
    words = widget.text() if isinstance(widget, QAbstractButton) else ""
    return bool(widget.accessibleName() or words)


def row_of(*widgets: Widget) -> Container[Any]:
    """Widgets beside one another, without labels."""
    row = Container(widgets=widgets, layout="horizontal", labels=False)
    row.margins = (0, 0, 0, 0)
    return row


def choice_row(field: ComboBox, button: PushButton) -> Container[Any]:
    """A choice with its label, and what leads to more about it."""
    row = row_of(field, button)
    row.label = field.label
    name_parts(field)
    row.native.layout().setStretch(0, 1)
    return row


def spare_width(field: ComboBox) -> ComboBox:
    """Let a long choice, such as the name of a file, be cut rather than widen the dock."""
    field.native.setMinimumWidth(_CHOICE_PX)
    ElidedChoice(field.native)
    return field


def wrapped_label(text: str) -> Label:
    """A text in as many lines as the dock's width makes of it."""
    label = Label(value=text)
    label.native.setWordWrap(True)
    label.native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


class _EvenLabels(QObject):
    """Makes the labels of a form as wide as the widest one in the style that they are shown in.

    magicgui measures them in the application's font, which is not the one of napari's themes.
    """

    def __init__(self, form: QWidget) -> None:
        super().__init__(form)
        self._form = form
        form.installEventFilter(self)

    def eventFilter(  # noqa: N802  Qt's
        self,
        watched: QObject | None,  # noqa: ARG002
        event: QEvent | None,
    ) -> bool:
        """See each event of the form before it does, and let it pass."""
        if event is not None and event.type() in (QEvent.Type.Show, QEvent.Type.StyleChange):
            self._even()
        return False

    def _even(self) -> None:
        labels = list(self._labels())
        for label in labels:
            label.ensurePolished()
        width = max((label.sizeHint().width() for label in labels), default=0)
        for label in labels:
            label.setMinimumWidth(width)

    def _labels(self) -> Iterator[QLabel]:
        rows = self._form.layout()
        if rows is None:
            return
        for k in range(rows.count()):
            first = _first_in(rows.itemAt(k))
            if isinstance(first, QLabel):
                yield first


def _first_in(row: QLayoutItem | None) -> QWidget | None:
    """What stands first in a row of a form."""
    widget = None if row is None else row.widget()
    layout = None if widget is None else widget.layout()
    item = None if layout is None else layout.itemAt(0)
    return None if item is None else item.widget()


def field_for(
    config: type[Config], name: str, *, narrow: bool = False, **changes: Any
) -> ValueWidget[Any]:
    """The field of one setting, with its label, default, range and tooltip.

    Parameters
    ----------
    config : type of Config
        Where the setting is declared.
    name : str
        Which one.
    narrow : bool
        Take no slider, which needs room.
    **changes
        Arguments of the widget to set otherwise.
    """
    declared = _declared(config)[name]  # type: ignore[arg-type]
    about = {
        "name": name,
        "label": declared.title,
        "value": declared.default,
        "tooltip": f"{declared.help} ({declared.range_text})",
        **_range(declared),
        **changes,
    }
    widget: ValueWidget[Any] = _widget_class(declared, narrow)(**about)
    widget.native.setProperty(LASTING, declared.is_lasting)
    if declared.zero:
        widget.native.setSpecialValueText(declared.zero)  # in place of the least value
    return widget


class _WholeSpinBox(FloatSpinBox):
    """Integers, with words in place of the least one: magicgui's own box of integers has none."""

    def __init__(self, **about: Any) -> None:
        super().__init__(step=1, **about)
        self.native.setDecimals(0)

    def get_value(self) -> int:
        """The number, also where words stand for it."""
        return int(super().get_value())


@cache
def _declared(config: Any) -> dict[str, Setting]:
    return {each.name: each for each in config.settings()}


def _widget_class(declared: Setting, narrow: bool) -> Any:
    if declared.choices:
        return ComboBox
    if not narrow and _is_share(declared):
        return FloatSlider
    if declared.type is int and declared.zero:
        return _WholeSpinBox
    return {bool: CheckBox, int: SpinBox, float: FloatSpinBox, str: LineEdit}[declared.type]


def _is_share(declared: Setting) -> bool:
    """Whether it goes from about 0 to 1 in steps that a slider can show."""
    within = declared.type is float and declared.ge is not None and declared.le == 1
    return within and _finest_step(declared) >= _SLIDER_STEP


def _range(declared: Setting) -> dict[str, Any]:
    if declared.choices:
        return {"choices": declared.choices}
    limits: dict[str, Any] = {"min": declared.ge, "max": declared.le}
    if declared.type is float:
        limits["step"] = _finest_step(declared)
    return {key: value for key, value in limits.items() if value is not None}


def _finest_step(declared: Setting) -> float:
    """A power of ten in which default and limits can be written: Qt rounds all to the step."""
    if declared.step is not None:
        return declared.step
    written = [Decimal(str(each)) for each in (declared.default, declared.ge, declared.le) if each]
    exponents = [int(each.normalize().as_tuple().exponent) for each in written]
    return float(Decimal(10) ** min([*exponents, -2]))
