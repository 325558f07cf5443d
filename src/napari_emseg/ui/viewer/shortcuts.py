"""Keys that napari lists under Preferences > Shortcuts, where a person may choose others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager

from napari_emseg.session.help.keys import Key
from napari_emseg.ui.viewer.window import unwrapped

Act = Callable[[Any], object]
"""Gets the layer that is selected, or the viewer, whose key was pressed."""

_acts: dict[str, list[Act]] = {}
"""Of the docks that are open, by the name of the action."""


class Shortcut:
    """A key that acts until `stop`.

    Parameters
    ----------
    key : Key
        What is pressed, unless a person has chosen another in napari's preferences.
    provider : type
        `Labels`, whose layers have the key while they are selected, or `ViewerModel`.
    act : callable
        See `Act`; it must look whether the layer, or the viewer, is its own.
    """

    def __init__(self, key: Key, provider: Any, act: Act) -> None:
        self._name, self._act = _full_name(key), act
        acts = _acts.setdefault(self._name, [])
        acts.append(act)
        if len(acts) == 1:
            command = _command(self._name, key.action)
            action_manager.register_action(self._name, command, key.about, provider)
            for each in _chosen(key) or [key.key]:
                action_manager.bind_shortcut(self._name, each)

    def stop(self) -> None:
        """Let go of the key, where no other dock has it."""
        acts = _acts[self._name]
        if self._act in acts:
            acts.remove(self._act)
            if not acts:
                action_manager.unbind_shortcut(self._name)


def viewer_shortcut(viewer: ViewerModel, key: Key, act: Callable[[], object]) -> Shortcut:
    """A `Shortcut` of one viewer alone, whichever layer is selected there."""

    def act_here(other: Any) -> None:
        if unwrapped(other) is unwrapped(viewer):
            act()

    return Shortcut(key, ViewerModel, act_here)


def pressed(key: Key) -> str:
    """What is pressed now, such as ``Alt-N``: as a person chose it, else as it came."""
    return " or ".join(str(each).replace("+", "-") for each in _chosen(key)) or key.key


def _chosen(key: Key) -> Sequence[Any]:
    """What a person has chosen in napari's preferences; empty where that is nothing."""
    chosen: Sequence[Any] = get_settings().shortcuts.shortcuts.get(_full_name(key), ())
    return chosen


def _full_name(key: Key) -> str:
    return f"napari-emseg:{key.action}"


def _command(full_name: str, name: str) -> Act:
    def command(target):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  napari reads types
        for act in list(_acts[full_name]):
            act(target)

    command.__name__ = name
    return command
