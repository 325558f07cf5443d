"""Every transform of the augmentation with its switch and its ranges, and what a preview shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from magicgui.widgets import CheckBox, Container, PushButton, SpinBox
from magicgui.widgets.bases import ValueWidget
from psygnal import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.presets import OTHER_MICROSCOPES
from napari_emseg.ui.background.timers import later
from napari_emseg.ui.widgets.collapsible import Folded
from napari_emseg.ui.widgets.forms import field_for, form_of, wrapped_label
from napari_emseg.ui.widgets.remembered_fields import remember

_PROBABILITY = "_probability"
_SELDOM = 0.1
"""How often what is switched on happens at first, where nothing else says it."""

_SHAPE = ("flip", "quarter_turn", "rotation", "shift", "zoom", "shear", "elastic", "grid")
"""Transforms that move pixels; all others change the picture."""


def _title(name: str) -> str:
    """What a transform is called: the label of its probability, or else its own name."""
    declared = {each.name: each for each in AugmentConfig.settings()}
    return declared[f"{name}{_PROBABILITY}"].label or name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Transform:
    """One transform's fields: whether it happens, how often, how strongly."""

    name: str
    switch: CheckBox
    probability: ValueWidget[Any]
    strengths: dict[str, ValueWidget[Any]]

    @classmethod
    def of(cls, name: str) -> Transform:
        """The fields of the transform called ``name``."""
        names = [each.name for each in AugmentConfig.settings()]
        strengths = [n for n in names if n == name or n.startswith(f"{name}_")]
        probability = field_for(
            AugmentConfig, f"{name}{_PROBABILITY}", narrow=True, label="How often", step=0.05
        )
        switch = CheckBox(
            name=f"{name}_on", text=_title(name),
            value=probability.value > 0, tooltip="Whether it happens at all.",
        )  # fmt: skip
        made = {
            n: field_for(AugmentConfig, n, narrow=True)
            for n in strengths
            if not n.endswith(_PROBABILITY)
        }
        transform = cls(name, switch, probability, made)
        switch.changed.connect(transform.turn)
        transform.show_switch()
        return transform

    @property
    def fields(self) -> list[ValueWidget[Any]]:
        """From top to bottom."""
        return [self.switch, self.probability, *self.strengths.values()]

    def turn(self) -> None:
        """What is switched on happens from now on, also where it never did before."""
        if self.switch.value and self.probability.value == 0:
            name = f"{self.name}{_PROBABILITY}"
            declared = getattr(AugmentConfig(), name)
            self.probability.value = declared or OTHER_MICROSCOPES.get(name, _SELDOM)
        self.show_switch()

    def show_switch(self) -> None:
        """Lock what has no effect."""
        for field in (self.probability, *self.strengths.values()):
            field.enabled = self.switch.value

    def values(self) -> dict[str, Any]:
        """Its settings."""
        often = self.probability.value if self.switch.value else 0.0
        strengths = {name: field.value for name, field in self.strengths.items()}
        return {f"{self.name}{_PROBABILITY}": often, **strengths}


class AugmentationFields:
    """The fields of all settings.

    Attributes
    ----------
    transforms : dict of str to Transform
        By name.
    others : dict of str to ValueWidget
        Fields of settings that are no transform's own, by name.
    """

    def __init__(self) -> None:
        settings = [each.name for each in AugmentConfig.settings()]
        names = [name.removesuffix(_PROBABILITY) for name in settings if _PROBABILITY in name]
        self.transforms = {name: Transform.of(name) for name in names}
        grouped = set(chain(*(each.values() for each in self.transforms.values())))
        self.others = {n: field_for(AugmentConfig, n) for n in settings if n not in grouped}

    @property
    def shape(self) -> list[ValueWidget[Any]]:
        """Fields of what moves pixels, from top to bottom."""
        moving = (t.fields for t in self.transforms.values() if t.name in _SHAPE)
        return [*chain(*moving), *self.others.values()]

    @property
    def picture(self) -> list[ValueWidget[Any]]:
        """Fields of what changes grey values, from top to bottom."""
        return [*chain(*(t.fields for t in self.transforms.values() if t.name not in _SHAPE))]

    @property
    def by_name(self) -> dict[str, ValueWidget[Any]]:
        """Every setting's field, and the transforms' switches."""
        return {field.name: field for field in (*self.shape, *self.picture)}

    def config(self) -> AugmentConfig:
        """All settings; `SettingError` where they do not fit one another."""
        values = {name: field.value for name, field in self.others.items()}
        for transform in self.transforms.values():
            values |= transform.values()
        return AugmentConfig(**values)


class AugmentationPanel(QWidget):
    """All transforms, and the buttons of the preview.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted when a setting has changed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_actions()
        self._lay_out()
        # not now: with them, opening the dock would be felt
        later(self, self._make_settings).start()

    def _make_settings(self) -> None:
        _ = self.settings

    @cached_property
    def settings(self) -> AugmentationFields:
        """The fields of all settings, made when they are first asked for, or in a moment."""
        made = AugmentationFields()
        remember(made.by_name, "train")
        for field in made.by_name.values():
            field.changed.connect(self.changed.emit)
        return made

    def show_message(self, message: str) -> None:
        """Say which steps the preview shows, or why there is none."""
        self.status.value = message

    # -- parts -----------------------------------------------------------------------------

    def _make_actions(self) -> None:
        self.preview = PushButton(
            text="Preview", tooltip="Show patches as the training will see them."
        )
        self.again = PushButton(text="Others", tooltip="Show those of the steps that follow.")
        self.remove = PushButton(text="Remove", tooltip="Take away all that the preview has added.")
        self.count = SpinBox(
            name="count", label="Patches", value=8, min=1, max=64, tooltip="How many to show."
        )
        self.weights = CheckBox(
            name="weights", text="Weight of pixels", tooltip="Show how much each pixel counts, too."
        )
        self.known = CheckBox(
            name="known", text="Pixels that count", tooltip="Show which pixels count at all, too."
        )
        self.status = wrapped_label("")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widgets in (
            (self.preview, self.again, self.remove), (self.weights, self.known),
        ):  # fmt: skip
            row = Container(widgets=widgets, layout="horizontal", labels=False)
            row.margins = (0, 0, 0, 0)
            layout.addWidget(row.native)
        layout.addWidget(form_of([self.count]).native)
        layout.addWidget(self.status.native)
        layout.addWidget(_section("Shape", lambda: self.settings.shape))
        layout.addWidget(_section("Grey values and artefacts", lambda: self.settings.picture))
        layout.addStretch()


def _section(title: str, fields: Callable[[], list[ValueWidget[Any]]]) -> QWidget:
    about = "Each transform can be switched off."
    return Folded(title, lambda: form_of(fields()).native, tooltip=about)
