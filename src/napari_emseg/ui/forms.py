"""Form fields from the declarations in `core.config`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from magicgui.widgets import (
    CheckBox,
    ComboBox,
    Container,
    FloatSlider,
    FloatSpinBox,
    LineEdit,
    SpinBox,
)
from magicgui.widgets.bases import ValueWidget

from napari_emseg.core.setting import Config, Setting

_SLIDER_STEP = 0.01


def form_of(fields: Sequence[ValueWidget]) -> Container:
    """The fields below one another, with their labels in a column of one width."""
    form = Container()
    form.margins = (0, 0, 0, 0)
    form.extend(fields)  # later: magicgui leaves the labels of the first ones as wide as they are
    return form


def field_for(
    config: type[Config], name: str, *, narrow: bool = False, **changes: Any
) -> ValueWidget:
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
        "label": _label(declared),
        "value": declared.default,
        "tooltip": f"{declared.help} ({declared.range_text})",
        **_range(declared),
        **changes,
    }
    widget: ValueWidget = _widget_class(declared, narrow)(**about)
    return widget


@cache
def _declared(config: Any) -> dict[str, Setting]:
    return {each.name: each for each in config.settings()}


def _label(declared: Setting) -> str:
    unit = declared.unit
    words = declared.name.removesuffix(f"_{unit}").removesuffix("_deg")
    words = words.replace("_", " ").capitalize()
    return words if unit in ("", words.lower()) else f"{words} [{unit}]"


def _widget_class(declared: Setting, narrow: bool) -> Any:
    if declared.choices:
        return ComboBox
    if not narrow and _is_share(declared):
        return FloatSlider
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
    written = [Decimal(str(each)) for each in (declared.default, declared.ge, declared.le) if each]
    exponents = [int(each.normalize().as_tuple().exponent) for each in written]
    return float(Decimal(10) ** min([*exponents, -2]))
