"""Draw the floors and rooms of the code, as its imports say, into ``docs/images/floors.svg``.

    python tools/draw_floors.py            # writes the picture
    python tools/draw_floors.py --check    # status 1 where the picture is not that of the code

Each floor is a band, each room a box with what it is for; an arrow goes from a room to one of its
floor that it imports from. Between floors arrows only run down, so the picture leaves them out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path
from textwrap import wrap

from import_graph import FLOORS, PACKAGE, modules, packages, room_arrows, room_of

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "floors.svg"
BANDS = [
    ("cli",),
    ("ui",),
    ("session", "api"),
    ("engine", "report"),
    ("model",),
    ("core",),
    ("io",),
]
WIDTH, MARGIN, LABEL = 1180, 16, 96
BOX_W, BOX_H, GAP = 164, 74, 14
COLUMNS = (WIDTH - LABEL - 2 * MARGIN + GAP) // (BOX_W + GAP)
COLORS = ["#f3e3d3", "#e4ecf7", "#dff0e6", "#f7eedb", "#ece4f5", "#e0f1f3", "#eeeeee"]


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
    parts, boxes, y = [], {}, MARGIN
    for number, floors in enumerate(BANDS):
        rooms = rooms_of(floors)
        height = -(-len(rooms) // COLUMNS) * (BOX_H + GAP) + GAP
        parts += _band(7 - number, floors, y, height, COLORS[number])
        for k, room in enumerate(rooms):
            row, column = divmod(k, COLUMNS)
            boxes[room] = (
                MARGIN + LABEL + column * (BOX_W + GAP), y + GAP + row * (BOX_H + GAP)
            )  # fmt: skip
        y += height + 8
    parts += _foundation(y)
    arrows = [
        arrow
        for room, others in sorted(room_arrows().items())
        for other in sorted(others)
        if _floor(room) == _floor(other) and room in boxes and other in boxes
        for arrow in _arrow(boxes[room], boxes[other])
    ]
    drawn = [each for room, at in boxes.items() for each in _box(room, at)]
    return "\n".join([*_head(y + 44), *parts, *arrows, *drawn, "</svg>", ""])


def rooms_of(floors: tuple[str, ...]) -> list[str]:
    """Rooms of a band, each before those that it imports from; a folder without modules is none."""
    rooms = {
        room_of(module)
        for module in modules()
        if room_of(module).split(".")[0] in floors and module not in packages()
    }
    above = {room: room_arrows().get(room, set()) & rooms for room in sorted(rooms)}
    return list(TopologicalSorter(above).static_order())[::-1]


def _floor(room: str) -> int:
    return FLOORS[room.split(".")[0]]


def _head(height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
    )
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#667"/></marker></defs>'
    )
    yield f'<rect width="{WIDTH}" height="{height}" fill="white"/>'


def _band(number: int, floors: tuple[str, ...], y: int, height: int, color: str) -> Iterator[str]:
    yield (
        f'<rect x="{MARGIN // 2}" y="{y}" width="{WIDTH - MARGIN}" height="{height}" rx="8" '
        f'fill="{color}"/>'
    )
    lines = [str(number), *(f"{each}/" if each != "api" else "api.py" for each in floors)]
    for k, line in enumerate(lines):
        size, at = (22, y + 30) if k == 0 else (15, y + 32 + 20 * k)
        yield f'<text x="{MARGIN + 4}" y="{at}" font-size="{size}" fill="#223">{line}</text>'


def _foundation(y: int) -> Iterator[str]:
    text = f"types.py and errors.py stand under all floors of {PACKAGE}"
    yield (
        f'<rect x="{MARGIN // 2}" y="{y}" width="{WIDTH - MARGIN}" height="32" rx="8" '
        f'fill="#d8d8d8"/><text x="{MARGIN + 4}" y="{y + 21}" font-size="14" fill="#223">'
        f"{escape(text)}</text>"
    )


def _box(room: str, at: tuple[int, int]) -> Iterator[str]:
    x, y = at
    yield (
        f'<rect x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="6" fill="white" '
        'stroke="#889"/>'
    )
    name = room.rpartition(".")[2] + ("/" if "." in room else "")
    yield (
        f'<text x="{x + 9}" y="{y + 19}" font-size="14" font-weight="bold" fill="#223">'
        f"{name}</text>"
    )
    for k, line in enumerate(wrap(_purpose(room), 27)[:4]):
        yield (
            f'<text x="{x + 9}" y="{y + 34 + 12 * k}" font-size="10.5" fill="#445">'
            f"{escape(line)}</text>"
        )


def _purpose(room: str) -> str:
    said = packages().get(f"{PACKAGE}.{room}", "what scripts import")
    return said.partition(": ")[2].rstrip(".") or said.rstrip(".")


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> Iterator[str]:
    """From box to box, through the gaps between them."""
    (x1, y1), (x2, y2) = start, end
    if y1 == y2:
        bend = 10 + abs(x2 - x1) // 60
        a, b = (x1 + BOX_W * 0.6, y1 + BOX_H), (x2 + BOX_W * 0.4, y2 + BOX_H)
        curve = f"C{a[0]:.0f} {a[1] + bend} {b[0]:.0f} {b[1] + bend} {b[0]:.0f} {b[1]}"
    else:
        down = y2 > y1
        a = (x1 + BOX_W / 2, y1 + BOX_H if down else y1)
        b = (x2 + BOX_W / 2, y2 if down else y2 + BOX_H)
        middle = (a[1] + b[1]) / 2
        curve = f"C{a[0]:.0f} {middle:.0f} {b[0]:.0f} {middle:.0f} {b[0]:.0f} {b[1]}"
    yield (
        f'<path d="M{a[0]:.0f} {a[1]} {curve}" fill="none" stroke="#667" stroke-width="1" '
        'opacity="0.7" marker-end="url(#tip)"/>'
    )


if __name__ == "__main__":
    sys.exit(main())
