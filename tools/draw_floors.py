"""Draw the floors and rooms of the code, as its imports say, into ``docs/images/floors.svg``.

    python tools/draw_floors.py            # writes the picture
    python tools/draw_floors.py --check    # status 1 where the picture is not that of the code

Each floor is a band, each room a box with what it is for. An arrow goes from a room to one of its
floor that it imports from; what follows from other arrows is left out. Between floors arrows only
run down, so the picture leaves them out, too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path
from textwrap import wrap

from import_graph import PACKAGE, modules, packages, room_arrows, room_of

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "floors.svg"
BANDS = [
    ("cli",), ("ui",), ("session", "api"), ("engine", "report"), ("model",), ("core",), ("io",),
]  # fmt: skip
COLORS = ["#f3e3d3", "#e4ecf7", "#dff0e6", "#f7eedb", "#ece4f5", "#e0f1f3", "#eeeeee"]
WIDTH, MARGIN, LABEL = 1200, 16, 100
BOX_W, BOX_H, GAP, STREET = 164, 66, 14, 30

Arrows = dict[str, set[str]]


def main() -> int:
    """Write the picture, or look whether it is the present one."""
    drawn = draw()
    if "--check" not in sys.argv:
        PICTURE.write_text(drawn, encoding="utf-8")
        return 0
    same = PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == drawn
    if not same:
        print(f"{PICTURE.name} is not that of the code; run python tools/draw_floors.py")
    return 0 if same else 1


def draw() -> str:
    """The picture as SVG."""
    parts: list[str] = []
    y = MARGIN
    for number, floors in enumerate(BANDS):
        arrows = arrows_within(floors)
        rows = rows_of(arrows)
        height = len(rows) * (BOX_H + STREET) - STREET + 2 * GAP
        boxes = {room: at for k, row in enumerate(rows) for room, at in _places(row, y, k)}
        parts += _band(len(BANDS) - number, floors, y, height, COLORS[number])
        parts += (
            _arrow(boxes[room], boxes[other])
            for room, others in sorted(direct(arrows).items())
            for other in sorted(others)
        )
        parts += (line for room, at in boxes.items() for line in _box(room, at))
        y += height + 8
    return "\n".join([*_head(y + 44), *parts, *_foundation(y), "</svg>", ""])


def arrows_within(floors: tuple[str, ...]) -> Arrows:
    """The rooms of a band that hold modules, and which others of the band each imports from."""
    rooms = {
        room_of(module)
        for module in modules()
        if room_of(module).split(".")[0] in floors and module not in packages()
    }
    return {room: room_arrows().get(room, set()) & rooms for room in sorted(rooms)}


def rows_of(arrows: Arrows) -> list[list[str]]:
    """Rooms in rows: each above all that it imports from."""
    depth: dict[str, int] = {}
    for room in reversed(list(TopologicalSorter(arrows).static_order())):
        depth[room] = 1 + max(
            (depth[other] for other in depth if room in arrows[other]), default=-1
        )
    rows = [[room for room in sorted(depth) if depth[room] == k] for k in sorted({*depth.values()})]
    return rows


def direct(arrows: Arrows) -> Arrows:
    """Arrows without those that follow from others."""

    def reached(room: str) -> set[str]:
        return {far for other in arrows[room] for far in {other, *reached(other)}}

    return {
        room: others - {far for other in others for far in reached(other)}
        for room, others in arrows.items()
    }


def _places(row: list[str], y: int, number: int) -> Iterator[tuple[str, tuple[int, int]]]:
    free = WIDTH - 2 * MARGIN - LABEL - len(row) * (BOX_W + GAP) + GAP
    for column, room in enumerate(row):
        x = MARGIN + LABEL + free // 2 + column * (BOX_W + GAP)
        yield room, (x, y + GAP + number * (BOX_H + STREET))


def _head(height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
    )
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#556"/></marker></defs>'
    )
    yield f'<rect width="{WIDTH}" height="{height}" fill="white"/>'


def _band(number: int, floors: tuple[str, ...], y: int, height: int, color: str) -> Iterator[str]:
    yield (
        f'<rect x="{MARGIN // 2}" y="{y}" width="{WIDTH - MARGIN}" height="{height}" rx="8" '
        f'fill="{color}"/>'
    )
    yield f'<text x="{MARGIN + 4}" y="{y + 30}" font-size="22" fill="#223">{number}</text>'
    for k, each in enumerate(floors):
        at = y + 52 + 20 * k
        yield f'<text x="{MARGIN + 4}" y="{at}" font-size="15" fill="#223">{each}/</text>'


def _foundation(y: int) -> Iterator[str]:
    yield (
        f'<rect x="{MARGIN // 2}" y="{y}" width="{WIDTH - MARGIN}" height="32" rx="8" '
        f'fill="#d8d8d8"/><text x="{MARGIN + 4}" y="{y + 21}" font-size="14" fill="#223">'
        f"types.py and errors.py stand under all floors of {PACKAGE}</text>"
    )


def _box(room: str, at: tuple[int, int]) -> Iterator[str]:
    x, y = at
    name = room.rpartition(".")[2] + ("/" if "." in room else "")
    yield (
        f'<rect x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="6" fill="white" '
        'stroke="#889"/>'
    )
    yield (
        f'<text x="{x + 9}" y="{y + 18}" font-size="14" font-weight="bold" fill="#223">'
        f"{name}</text>"
    )
    for k, line in enumerate(wrap(_purpose(room), 28)[:3]):
        yield (
            f'<text x="{x + 9}" y="{y + 33 + 12 * k}" font-size="10.5" fill="#445">'
            f"{escape(line)}</text>"
        )


def _purpose(room: str) -> str:
    said = packages().get(f"{PACKAGE}.{room}", "what scripts import")
    purpose = (said.partition(": ")[2] or said).rstrip(".").replace("*", "")
    return purpose


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """From the lower edge of a box to the upper edge of one in a row below."""
    x1, y1, x2, y2 = start[0] + BOX_W / 2, start[1] + BOX_H, end[0] + BOX_W / 2, end[1]
    bend = STREET if y2 - y1 <= STREET else (y2 - y1) * 0.4
    return (
        f'<path d="M{x1:.0f} {y1} C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} '
        f'{y2}" fill="none" stroke="#556" stroke-width="1.2" opacity="0.75" '
        'marker-end="url(#tip)"/>'
    )


if __name__ == "__main__":
    sys.exit(main())
