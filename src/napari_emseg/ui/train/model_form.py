"""Which model a training makes: its name, where it begins, and how long it may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from magicgui.widgets import ComboBox, Container, LineEdit, PushButton
from magicgui.widgets.bases import ValueWidget, Widget
from psygnal import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.presets import PRESETS
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.model.hardware.device_choice import has_gpu_for_keras
from napari_emseg.model.packages.library import list_models
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.ui.widgets.collapsible import Folded
from napari_emseg.ui.widgets.forms import choice_row, field_for, form_of, wrapped_label

_OWN = "own settings"
_NEW = "a new model"
_OF_LABELS = ("classes", "class_names")
"""Settings that follow from the labels."""


class ModelForm(QWidget):
    """Name, beginning, preset and, folded away, every setting of network and training.

    Parameters
    ----------
    time_row : QWidget
        Says how long it takes; stands below the presets.
    doctor : PushButton
        Says what there is to train on; stands beside that choice.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted when a setting has changed.
    minutes : ValueWidget
        How long to train; whoever shows the form places it.
    """

    changed = Signal()

    def __init__(
        self, time_row: QWidget, doctor: PushButton, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._time_row, self._doctor = time_row, doctor
        self.name = LineEdit(
            name="name", label="Name", value="", tooltip="What the model is called in the library."
        )
        self.start = ComboBox(
            name="start", label="Begin with", choices=_beginnings(),
            tooltip="A new network; or one of your models, which then learns from these labels.",
        )  # fmt: skip
        self.preset = ComboBox(
            name="preset", label="Preset", choices=[*(each.name for each in PRESETS), _OWN],
            value="balanced", tooltip="How long to train; sets the epochs below.",
        )  # fmt: skip
        self.device = ComboBox(
            name="device", label="Device",
            choices=["auto", "cpu", *(["gpu"] if has_gpu_for_keras() else [])],
            tooltip="Where the network trains; auto takes a GPU where there is one.",
        )  # fmt: skip
        self.train = {
            each.name: field_for(TrainConfig, each.name) for each in TrainConfig.settings()
        }
        self.minutes = self.train["minutes"] = _minutes_field()
        self.network = {
            each.name: field_for(NetworkConfig, each.name) for each in NetworkConfig.settings()
        }
        self.terms = {
            each.name: field_for(TermsConfig, each.name) for each in TermsConfig.settings()
        }
        self._suggested = self.network["classes"].value
        self.help = wrapped_label("")
        self._lay_out()
        self._connect()
        self._show_names()
        self._show_preset()

    # -- what is chosen --------------------------------------------------------------------

    @property
    def settings(self) -> dict[str, ValueWidget[Any]]:
        """The fields of device, training and network, by name."""
        return {"device": self.device, **self.train, **self.network}

    @property
    def _advanced(self) -> list[Widget]:
        """Those that are folded away: not the minutes, nor the names of classes."""
        others = ("device", "minutes", "class_names")
        fields = [field for name, field in self.settings.items() if name not in others]
        return [choice_row(self.device, self._doctor), *fields]

    @property
    def lasting(self) -> dict[str, ValueWidget[Any]]:
        """The fields that the next training begins with; terms and classes are of its data."""
        kept = {name: field for name, field in self.settings.items() if name not in _OF_LABELS}
        return {**kept, "author": self.terms["author"], "license": self.terms["license"]}

    @property
    def start_from(self) -> ModelPackage | None:
        """The model to go on from."""
        package: ModelPackage | None = self.start.value
        return package

    @property
    def classes(self) -> int:
        """How many classes the network tells apart."""
        return self._network.classes

    def recipe(self, augment: AugmentConfig) -> Recipe:
        """All settings; `SettingError` where they do not fit one another."""
        return Recipe(self._network, augment, TrainConfig(**_values(self.train)))

    def terms_config(self) -> TermsConfig:
        """What the model shall say of author, licence and terms."""
        return TermsConfig(**_values(self.terms))

    @property
    def _network(self) -> NetworkConfig:
        values = _values(self.network)
        if values["classes"] == 2:  # the names are not to be seen then
            values["class_names"] = ""
        if self.start_from is None:
            return NetworkConfig(**values)
        return replace(self.start_from.info.unet, **{name: values[name] for name in self._free})

    @property
    def _free(self) -> tuple[str, ...]:
        """What may be chosen of the network of a model that goes on."""
        start = self.start_from
        return () if start is None or start.info.unet.classes > 2 else _OF_LABELS

    def suggest_classes(self, names: Sequence[str]) -> None:
        """Tell apart what the labels hold, unless a person has chosen otherwise.

        Parameters
        ----------
        names : sequence of str
            Of the classes; empty where the labels show no more than membrane and cell.
        """
        may_suggest = self.network["classes"].enabled
        if may_suggest and self.network["classes"].value == self._suggested:
            self._suggested = max(2, len(names))
            self.network["class_names"].value = ",".join(names)
            self.network["classes"].value = self._suggested

    def show_name(self, name: str) -> None:
        """Fill in what the model is to be called."""
        self.name.value = name

    def list_models(self) -> None:
        """Offer the models that the library holds now."""
        chosen = self.start.value
        self.start.choices = _beginnings()
        if chosen in self.start.choices:
            self.start.value = chosen

    # -- parts -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        form = form_of([self.name, self.start, self.preset, self.network["class_names"]])
        parts = Container(widgets=[form, self.help], labels=False)
        parts.margins = (0, 0, 0, 0)
        self.advanced = Folded(
            "Advanced settings",
            lambda: form_of(self._advanced).native,
            tooltip="Every setting of the training.",
        )
        self.passing_on = Folded(
            "Author and terms",
            lambda: form_of([*self.terms.values()]).native,
            tooltip="What the model says to those who get it.",
        )
        self._parts = parts
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(parts.native)
        layout.addWidget(self._time_row)
        layout.addWidget(self.advanced)
        layout.addWidget(self.passing_on)
        layout.addStretch()

    def _connect(self) -> None:
        self.preset.changed.connect(self._apply_preset)
        self.start.changed.connect(self._lock_network)
        self.network["classes"].changed.connect(self._show_names)
        for field in (*self.settings.values(), self.start):
            field.changed.connect(self._note_change)

    def _note_change(self) -> None:
        self._show_preset()
        self.changed.emit()

    def _apply_preset(self) -> None:
        for preset in PRESETS:
            if preset.name == self.preset.value:
                for name, value in preset.train.items():
                    self.train[name].value = value
        self._show_preset()

    def _show_preset(self) -> None:
        """Show the preset whose settings the fields hold."""
        values = _values(self.train)
        fitting = [p for p in PRESETS if p.train.items() <= values.items()]
        with self.preset.changed.blocked():
            self.preset.value = fitting[0].name if fitting else _OWN
        for epochs in (self.preset, self.train["epochs"]):
            epochs.enabled = not values["minutes"]
        if values["minutes"]:
            self.help.value = f"As many epochs as fit into {values['minutes']:g} min."
        else:
            self.help.value = fitting[0].help if fitting else f"{values['epochs']} epochs."

    def _show_names(self) -> None:
        """Membrane and cell are called so; names of other classes than there are do not count."""
        count, names = self.network["classes"].value, self.network["class_names"]
        names.visible = count > 2
        if len(names.value.split(",")) != count:
            names.value = ""

    def _lock_network(self) -> None:
        """A model that goes on keeps its network's shape; one of two classes may learn more."""
        for name, field in self.network.items():
            field.enabled = self.start_from is None or name in self._free
            if not field.enabled and self.start_from is not None:
                field.value = getattr(self.start_from.info.unet, name)


def _minutes_field() -> ValueWidget[Any]:
    """How long to train; stands beside the button that begins it."""
    field = field_for(TrainConfig, "minutes", narrow=True, label="For", step=1)
    field.native.setDecimals(1)
    field.native.setSuffix(" min")
    return field


def _own_models() -> list[ModelPackage]:
    """Those that can be trained; networks of others cannot."""
    return [package for package in list_models() if not package.info.is_foreign]


def _beginnings() -> list[tuple[str, ModelPackage | None]]:
    return [(_NEW, None), *((package.folder.name, package) for package in _own_models())]


def _values(fields: dict[str, ValueWidget[Any]]) -> dict[str, Any]:
    return {name: field.value for name, field in fields.items()}
