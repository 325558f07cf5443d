"""The pattern of the names of slices: which files are one stack, in which order, what is missing.

A name is text with numbers in it, ``z-0.5um`` or ``w1_s003``. Files of one stack share the text and
differ in a number. Nothing here looks at a file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from napari_emseg.errors import ReadError

_DECIMALS = re.compile(r"(?<![\d.])\d+\.\d+(?!\.?\d)")
_WHOLE = re.compile(r"\d+")
_DECIMALS_OR_WHOLE = re.compile(f"{_DECIMALS.pattern}|{_WHOLE.pattern}")
_MOST_NAMED = 8

_MOST_CHANNELS = 3
_CHANNEL_WORDS = ("c", "ch", "channel")
_TILE_WORDS = ("x", "y", "r", "row", "col", "column", "tile")


@dataclass(frozen=True)
class SliceOrder:
    """Files of one stack in their order.

    Parameters
    ----------
    order : tuple of int
        Which of the names comes first, second, ...
    numbers : tuple of Decimal
        The number that counts the slices, in that order; empty where names hold none.
    notes : tuple of str
        What a person is to be told, a sentence each.
    """

    order: tuple[int, ...]
    numbers: tuple[Decimal, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Name:
    """A name, taken apart: its text with ``#`` for each number, and the numbers."""

    name: str
    text: str
    numbers: tuple[Decimal, ...]


def slice_order(where: object, names: Sequence[str]) -> SliceOrder:
    """Order of slices by the numbers in their names.

    Parameters
    ----------
    where : object
        What messages call the folder.
    names : sequence of str
        Of the files, in natural order, without endings.

    Raises
    ------
    ReadError
        If the names are of two families, numbers repeat, or several numbers count channels or
        tiles.
    """
    if len(names) < 2:
        return SliceOrder(tuple(range(len(names))))
    parsed = _parsed(names)
    families = Counter(each.text for each in parsed)
    if len(families) > 1:
        return _unpatterned(where, parsed, families)
    columns = list(zip(*(each.numbers for each in parsed), strict=True))
    changing = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    if not changing:
        raise _repeated(where, parsed[0].name, parsed[1].name)
    _refuse_channels_and_tiles(where, parsed, columns, changing)
    order = sorted(range(len(parsed)), key=lambda i: [parsed[i].numbers[at] for at in changing])
    _refuse_repeated(where, parsed, order, changing)
    return _ordered(parsed, columns, changing, order)


def missing_numbers(numbers: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Numbers that are missing between the first and the last, which go up in the smallest step.

    Whole numbers go up by one; none is missing where no step fits.
    """
    if len(numbers) < 2:
        return ()
    ordered = sorted(set(numbers))
    steps = [after - before for before, after in pairwise(ordered)]
    whole = all(number == int(number) for number in ordered)
    step = Decimal(1) if whole else min(steps)
    if any(each % step for each in steps):
        return ()
    n = int((ordered[-1] - ordered[0]) / step) + 1
    if n > 1000 * len(ordered):  # a time of day, or the number of a machine
        return ()
    there = set(ordered)
    return tuple(each for i in range(n) if (each := ordered[0] + i * step) not in there)


def _parsed(names: Sequence[str]) -> list[_Name]:
    """Names with decimals and signs where these make one pattern of them, else without."""
    number = _DECIMALS_OR_WHOLE if _are_decimals(names) else _WHOLE
    return _with_signs([_taken_apart(name, number) for name in names])


def _are_decimals(names: Sequence[str]) -> bool:
    """Whether ``1.5`` in the names is a number, and no two numbers with a dot between."""
    found = [each for name in names for each in _DECIMALS.findall(name)]
    after = [each.partition(".")[2] for each in found]
    # who writes 1.9 and 1.10 counts on after the dot
    counts_on = len(set(map(len, after))) > 1 and any(len(a) > 1 and a.endswith("0") for a in after)
    return bool(found) and not counts_on


def _taken_apart(name: str, number: re.Pattern[str]) -> _Name:
    found = tuple(Decimal(each) for each in number.findall(name))
    return _Name(name, number.sub("#", name.lower()), found)


def _with_signs(names: list[_Name]) -> list[_Name]:
    """Dashes before numbers as signs, where some names have them there and others have not."""
    texts = {each.text for each in names}
    plain = {re.sub(r"[-+]#", "#", text) for text in texts}
    if len(texts) == 1 or len(plain) > 1:
        return names
    return [_signed(each) for each in names]


def _signed(name: _Name) -> _Name:
    found = re.findall(r"([-+]?)#", name.text)
    numbers = tuple(
        -number if sign == "-" else number for sign, number in zip(found, name.numbers, strict=True)
    )
    return _Name(name.name, re.sub(r"[-+]#", "#", name.text), numbers)


def _unpatterned(where: object, names: list[_Name], families: Counter[str]) -> SliceOrder:
    """Names without a common text: of two families, or each its own."""
    numbers = [each.numbers for each in names]
    each_its_own = len(families) == len(names) > 2
    by_letter = not any(numbers) and len({each.text[:-1] for each in names}) == 1
    if by_letter or (each_its_own and (len(set(numbers)) == len(numbers) or not any(numbers))):
        note = f"Slices are in the order of their names, {names[0].name} to {names[-1].name}."
        return SliceOrder(tuple(range(len(names))), notes=(note,))
    (first, n_first), (second, n_second) = families.most_common(2)
    one, other = (_example(names, text) for text in (first, second))
    raise ReadError(
        f"{where}: expected slices of one stack, received names of "
        f"{'two' if len(families) == 2 else len(families)} families, such as {one} ({n_first}) and "
        f"{other} ({n_second}); keep each stack in a folder of its own"
    )


def _example(names: list[_Name], text: str) -> str:
    return next(each.name for each in names if each.text == text)


def _refuse_channels_and_tiles(
    where: object, names: list[_Name], columns: Sequence[Sequence[Decimal]], changing: list[int]
) -> None:
    """Where several numbers change, see whether one counts channels, or tiles of a mosaic."""
    before = re.findall(r"([a-z]*)[^a-z#]*#", names[0].text)
    if len(changing) == 1:
        # c0 and c1 alone are channels, or tiles where a row stands beside; c0 to c30 count slices
        if before[changing[0]] not in _CHANNEL_WORDS or len(names) > _MOST_CHANNELS:
            return
    elif any(len(set(columns[i])) == len(names) for i in changing):
        return
    for at in sorted(changing, key=lambda at: before[at] in _CHANNEL_WORDS):
        word, values = before[at], sorted(set(columns[at]))
        are_tiles = word in _TILE_WORDS or (word == "c" and not {"r", "row"}.isdisjoint(before))
        kind = "tiles" if are_tiles else "channels" if word in _CHANNEL_WORDS else ""
        if kind:
            raise ReadError(
                f"{where}: expected slices of one stack, received {len(values)} {kind} "
                f"({word}{values[0]} to {word}{values[-1]} in names such as {names[0].name}); "
                "keep one of them, or put each into a folder of its own"
            )


def _refuse_repeated(
    where: object, names: list[_Name], order: list[int], changing: list[int]
) -> None:
    seen: dict[tuple[Decimal, ...], str] = {}
    for i in order:
        key = tuple(names[i].numbers[at] for at in changing)
        if key in seen:
            raise _repeated(where, seen[key], names[i].name)
        seen[key] = names[i].name


def _repeated(where: object, one: str, other: str) -> ReadError:
    return ReadError(
        f"{where}: {one} and {other} have the same number; keep one of them in the folder"
    )


def _ordered(
    names: list[_Name],
    columns: Sequence[Sequence[Decimal]],
    changing: list[int],
    order: list[int],
) -> SliceOrder:
    unique = [at for at in changing if len(set(columns[at])) == len(names)]
    notes = list(_decimal_note([names[i] for i in order], columns, changing))
    if len(changing) > 1:
        notes += _several_note(names, columns, changing, order)
    counted = unique[0] if unique else None
    numbers = () if counted is None else tuple(columns[counted][i] for i in order)
    notes += _gap_note(numbers)
    return SliceOrder(tuple(order), numbers, tuple(notes))


def _decimal_note(
    names: list[_Name], columns: Sequence[Sequence[Decimal]], changing: list[int]
) -> tuple[str, ...]:
    values = [value for at in changing for value in columns[at]]
    if all(value == int(value) and value >= 0 for value in values):
        return ()
    kind = "decimals" if any(value != int(value) for value in values) else "signed numbers"
    return (
        f"Slices are in the order of the {kind} in their names, {names[0].name} to "
        f"{names[-1].name}.",
    )


def _several_note(
    names: list[_Name],
    columns: Sequence[Sequence[Decimal]],
    changing: list[int],
    order: list[int],
) -> tuple[str, ...]:
    """Said where another number in the names would order the slices otherwise."""
    alike = all(
        all(columns[at][i] <= columns[at][j] for i, j in pairwise(order)) for at in changing
    )
    if alike:
        return ()
    shown = ", ".join(names[i].name for i in order[:3])
    return (f"Several numbers in the names differ; the first orders the slices: {shown} ...",)


def _gap_note(numbers: Sequence[Decimal]) -> tuple[str, ...]:
    missing = missing_numbers(numbers)
    if not missing:
        return ()
    return (f"Numbers are missing among the slices: {_listed(missing, numbers)}.",)


def _listed(missing: Sequence[Decimal], present: Sequence[Decimal]) -> str:
    """``1, 2, 5 to 9``: numbers that follow one another without one that is there."""
    groups: dict[int, list[Decimal]] = defaultdict(list)
    there = sorted(present)
    for number in missing:
        groups[sum(each < number for each in there)].append(number)
    parts = [
        f"{group[0]}" if len(group) == 1 else f"{group[0]} to {group[-1]}"
        if len(group) > 2 else f"{group[0]}, {group[1]}"
        for group in groups.values()
    ]  # fmt: skip
    more = len(parts) - _MOST_NAMED
    return ", ".join(parts[:_MOST_NAMED]) + (f" and {more} more gaps" if more > 0 else "")
