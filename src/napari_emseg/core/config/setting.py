"""How a setting is declared, checked and listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, Self, get_type_hints

from napari_emseg.errors import SettingError


@dataclass(frozen=True)
class Setting:
    """One declared parameter.

    Parameters
    ----------
    name : str
        Field name; the command-line option is the same with dashes.
    type : type
        ``bool``, ``int``, ``float`` or ``str``.
    default : Any
        The value when nobody says otherwise.
    help : str
        One sentence: tooltip, option help and reference entry.
    unit : str
        Unit of a number, empty where it has none.
    ge, le : float, optional
        Smallest and largest allowed value, both included.
    choices : tuple of str
        Allowed strings; empty where any is.
    label : str
        What a form calls it, without the unit; empty where the name will do.
    is_lasting : bool
        Whether a form may begin with it as a person left it the last time; a choice that changes
        more than what is in sight is made anew each time.
    step : float, optional
        Steps that a form can show; by default those of default and limits, at most 0.01.
    zero : str
        What a form shows in place of a 0 that stands for something else.
    """

    name: str
    type: type
    default: Any
    help: str
    unit: str = ""
    ge: float | None = None
    le: float | None = None
    choices: tuple[str, ...] = ()
    label: str = ""
    is_lasting: bool = True
    step: float | None = None
    zero: str = ""

    @property
    def title(self) -> str:
        """The label with the unit, such as ``Patch size [px]``."""
        unit = self.unit
        words = self.label or self.name.removesuffix(f"_{unit}").removesuffix("_deg")
        words = words.replace("_", " ")
        words = words[:1].upper() + words[1:]
        return words if unit in ("", words.lower()) else f"{words} [{unit}]"

    @property
    def range_text(self) -> str:
        """The allowed values in words, such as ``1 to 64 px``."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.ge is not None and self.le is not None:
            return f"{self.ge:g} to {self.le:g} {self.unit}".rstrip()
        if self.ge is not None:
            return f"at least {self.ge:g} {self.unit}".rstrip()
        return "any text" if self.type is str else f"a {self.type.__name__}"

    def check(self, value: Any) -> None:
        """Raise `SettingError` unless ``value`` is allowed."""
        if not (self._has_type(value) and self._is_in_range(value)):
            raise SettingError(f"{self.name}: expected {self.range_text}, received {value!r}")

    def _has_type(self, value: Any) -> bool:
        if self.type is float:
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        if self.type is int:
            return isinstance(value, int) and not isinstance(value, bool)
        return isinstance(value, self.type)

    def _is_in_range(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        # written so that a NaN, which compares false with everything, is refused
        return (self.ge is None or value >= self.ge) and (self.le is None or value <= self.le)


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    ge: float | None = None,
    le: float | None = None,
    choices: tuple[str, ...] = (),
    label: str = "",
    is_lasting: bool = True,
    step: float | None = None,
    zero: str = "",
) -> Any:
    """Declare a field of a config; see `Setting` for the parameters."""
    declared = {
        "help": help, "unit": unit, "ge": ge, "le": le, "choices": choices, "label": label,
        "is_lasting": is_lasting, "step": step, "zero": zero,
    }  # fmt: skip
    return field(default=default, metadata=declared)


@dataclass(frozen=True)
class Config:
    """Base of all configs: frozen, checked when made, and listable."""

    def __post_init__(self) -> None:
        for declared in self.settings():
            declared.check(getattr(self, declared.name))

    @classmethod
    @cache  # a config is made for every job, and this takes longer than all the rest of it
    def settings(cls) -> tuple[Setting, ...]:
        """The declarations of this config, in order."""
        types = get_type_hints(cls)
        for each in fields(cls):
            assert each.default is not MISSING, f"{cls.__name__}.{each.name} has no default"
        return tuple(
            Setting(each.name, types[each.name], each.default, **each.metadata)
            for each in fields(cls)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON or YAML."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values; names that this version does not know are an error."""
        known = {each.name for each in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise SettingError(
                f"{cls.__name__}: unknown setting {', '.join(unknown)}; known are "
                f"{', '.join(sorted(known))}"
            )
        return cls(**values)

    def changed(self, values: Mapping[str, Any]) -> Self:
        """The same with those of ``values`` that are settings of this config."""
        ours = {each.name for each in self.settings()}
        return replace(self, **{name: value for name, value in values.items() if name in ours})


def require_known(values: Mapping[str, Any], *configs: type[Config]) -> None:
    """Raise `SettingError` where a name is that of a setting in none of ``configs``."""
    known = [each.name for config in configs for each in config.settings()]
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise SettingError(f"settings: there is none called {name!r}; {meant}")
