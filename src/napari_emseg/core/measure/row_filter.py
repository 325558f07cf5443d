"""Rows of a table by plain words, such as ``volume > 0.1 and touches_rim = no``."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.measure.table import Table
from napari_emseg.errors import EmsegError

Mask = npt.NDArray[np.bool_]

_COMPARED: dict[str, Callable[[Any, Any], Mask]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "=": np.equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SIGNS = re.compile(r"(<=|>=|==|!=|=|<|>)")
_NUMBERS = re.compile(r"\d+(?:[\s,;]+\d+)*")
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_KEYS = ("id", "neighbour")
_HINT = "write such as volume > 0.1 and slices >= 3, or ids such as 12, 15"


def matching_rows(table: Table, text: str) -> Mask:
    """Which rows (N,) of a table a text asks for.

    Parameters
    ----------
    table : Table
        Of N rows.
    text : str
        Nothing for all; ids (of a table without them, what its first column says); or conditions
        such as ``volume > 0.1``, ``0.1 < volume < 2``, ``touches_rim`` or ``not touches_rim``,
        joined by ``and`` and ``or``. Units of columns may be left out, and case and blanks do not
        matter. A value that could not be measured meets no condition.

    Raises
    ------
    EmsegError
        If it cannot be understood; the message says what could not.
    """
    words = text.strip().lower()
    if not words:
        return np.ones(len(table), bool)
    if _NUMBERS.fullmatch(words):
        return _with_ids(table, [int(each) for each in re.findall(r"\d+", words)])
    found = np.zeros(len(table), bool)
    for choice in re.split(r"\s+or\s+|\|+", words):
        parts = [_condition(table, each) for each in re.split(r"\s+and\s+|&+|;", choice)]
        found |= np.logical_and.reduce(parts)
    return found


def _with_ids(table: Table, ids: list[int]) -> Mask:
    names = [name for name in _KEYS if name in table.columns] or list(table.columns)[:1]
    found: Mask = np.logical_or.reduce([np.isin(table[name], ids) for name in names])
    return found


def _condition(table: Table, text: str) -> Mask:
    parts = [each.strip() for each in _SIGNS.split(text)]
    if len(parts) == 1:
        return _is_so(table, text.strip())
    if len(parts) not in (3, 5) or not all(parts):
        raise EmsegError(f"filter: expected a condition, received {text.strip()!r}; {_HINT}")
    pairs = [parts[k : k + 3] for k in range(0, len(parts) - 2, 2)]
    found: Mask = np.logical_and.reduce([_compared(table, *each) for each in pairs])
    return found


def _is_so(table: Table, text: str) -> Mask:
    """A column of yes and no, as it stands or after *not*."""
    is_not = text.startswith("not ")
    values = _column(table, text.removeprefix("not ").strip())
    if values.dtype != bool:
        raise EmsegError(f"filter: expected a sign such as > behind {text!r}; {_HINT}")
    return ~values if is_not else values


def _compared(table: Table, left: str, sign: str, right: str) -> Mask:
    if (value := _value(left)) is not None:
        return _compared_values(_column(table, right), _TURNED.get(sign, sign), value)
    if (value := _value(right)) is None:
        raise EmsegError(f"filter: expected a number behind {left} {sign}, received {right!r}")
    return _compared_values(_column(table, left), sign, value)


def _compared_values(column: npt.NDArray[Any], sign: str, value: float) -> Mask:
    is_known = ~np.isnan(column) if column.dtype.kind == "f" else True
    return _COMPARED[sign](column, value) & is_known


def _value(text: str) -> float | None:
    if text in _WORDS:
        return _WORDS[text]
    try:
        return float(text.replace(",", "."))  # as many keyboards write it
    except ValueError:
        return None


def _column(table: Table, name: str) -> npt.NDArray[Any]:
    """The column of that name, also where its unit or its end is left out."""
    wanted = re.sub(r"[\s_]+", "_", name).translate(str.maketrans("µ²³", "u23"))
    names = {each.lower(): each for each in table.columns}
    for fits in (
        [each for each in names if each == wanted],
        [each for each in names if each.rpartition("_")[0] == wanted],
        [each for each in names if each.startswith(wanted)],
    ):
        if len(fits) == 1:
            return table[names[fits[0]]]
        if fits:
            raise EmsegError(f"filter: {name!r} may be {' or '.join(fits)}; write more of it")
    near = get_close_matches(wanted, names, 3, 0.5) or list(names)
    raise EmsegError(f"filter: there is no column {name!r}; expected such as {', '.join(near)}")
