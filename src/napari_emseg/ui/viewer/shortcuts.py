"""Keys that napari lists under Preferences > Shortcuts, where a person may choose others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager

from napari_emseg.ui.viewer.window import unwrapped

Act = Callable[[Any], object]
"""Gets the layer that is selected, or the viewer, whose key was pressed."""

_acts: dict[str, list[Act]] = {}
"""Of the docks that are open, by the name of the action."""


class Shortcut:
    """A key that acts until `stop`.

    Parameters
    ----------
    name : str
        Of the action, unique among ours.
    key : str
        Unless a person has chosen others in napari's preferences.
    description : str
        What the list says.
    provider : type
        `Labels`, whose layers have the key while they are selected, or `ViewerModel`.
    act : callable
        See `Act`; it must look whether the layer, or the viewer, is its own.
    """

    def __init__(self, name: str, key: str, description: str, provider: Any, act: Act) -> None:
        self._name, self._act = f"napari-emseg:{name}", act
        acts = _acts.setdefault(self._name, [])
        acts.append(act)
        if len(acts) == 1:
            command = _command(self._name, name)
            action_manager.register_action(self._name, command, description, provider)
            chosen: Sequence[Any] = get_settings().shortcuts.shortcuts.get(self._name, ())
            for each in chosen or [key]:
                action_manager.bind_shortcut(self._name, each)

    def stop(self) -> None:
        """Let go of the key, where no other dock has it."""
        acts = _acts[self._name]
        if self._act in acts:
            acts.remove(self._act)
            if not acts:
                action_manager.unbind_shortcut(self._name)


def viewer_shortcut(
    viewer: ViewerModel, name: str, key: str, description: str, act: Callable[[], object]
) -> Shortcut:
    """A `Shortcut` of one viewer alone, whichever layer is selected there."""

    def act_here(other: Any) -> None:
        if unwrapped(other) is unwrapped(viewer):
            act()

    return Shortcut(name, key, description, ViewerModel, act_here)


def _command(full_name: str, name: str) -> Act:
    def command(target):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  napari reads types
        for act in list(_acts[full_name]):
            act(target)

    command.__name__ = name
    return command
