"""A choice that stays as a person has left it, until there is something newer to choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicgui.widgets import ComboBox


class FollowedChoice:
    """Keeps a field at what is chosen, and takes up what is newer.

    Parameters
    ----------
    field : ComboBox
        What is chosen in.
    newest : callable
        Gives what is newest now; None where there is nothing.
    is_led : bool
        Whether what is newest is taken up also where something else is chosen and still offered.
    """

    def __init__(self, field: ComboBox, newest: Callable[[], Any], *, is_led: bool = True) -> None:
        self._field, self._newest, self._is_led = field, newest, is_led
        self._seen: Any = None
        self._has_looked = False

    def look(self) -> None:
        """Offer the choices that there are now; what was chosen stays, also by another name."""
        field, before = self._field, self._field.value
        newest = self._newest()
        is_newer = newest is not None and newest is not self._seen
        self._seen = newest
        with field.changed.blocked():
            field.reset_choices()
            # what a field begins with nobody has chosen
            is_kept = self._has_looked and before is not None and _is_in(before, field.choices)
            self._has_looked = True
            wanted = newest if not is_kept or (is_newer and self._is_led) else before
            if _is_in(wanted, field.choices):
                field.value = wanted
        if field.value is not before:
            field.changed.emit(field.value)


def _is_in(value: Any, choices: Any) -> bool:
    # by identity: comparing layers compares their pixels
    return any(each is value for each in choices)
