"""What the columns of the tables mean, a sentence each."""

from __future__ import annotations

import re

_UNIT = re.compile(r"_(nm|um2|um3|px|px2|px3)$")
_HELP = {
    "id": "Id of the cell: the number of its label.",
    "neighbour": "Id of the other cell.",
    "part": "Number of the part.",
    "class": "Class of the part, by the number of scribbles.",
    "slice": "Slice, from 0.",
    "voxels": "Voxels of all slices.",
    "pixels": "Pixels in the slice.",
    "volume": "Volume, sections taken with their thickness.",
    "slices": "Slices in which it is seen.",
    "touches_rim": "Whether it goes on beyond the edge, so that its size says little.",
    "longest_axis": "Of the ellipsoid, in a slice the ellipse, with the same moments.",
    "middle_axis": "Of the ellipsoid with the same moments of inertia.",
    "shortest_axis": "Of the ellipsoid, in a slice the ellipse, with the same moments.",
    "mean_profile_area": "Area in a slice, as mean over its slices.",
    "mean_profile_perimeter": "Perimeter in a slice, as mean over its slices.",
    "surface": "Surface; none where it is cut off by the edge.",
    "neighbours": "Cells that it touches.",
    "contact_area": "Area that is shared, in the middle of the membranes.",
    "membrane_thickness": "Mean along the middle lines of the membranes beside it.",
    "mean_grey": "Mean of the image.",
    "std_grey": "Standard deviation of the image.",
    "area": "Area in the slice.",
    "perimeter": "Length of its outline in the slice.",
    "equivalent_diameter": "Of the disc with the same area.",
    "circularity": "4 pi area / perimeter²; 1 for a disc.",
    "roundness": "4 area / (pi longest axis²); 1 for a disc.",
    "count": "Profiles in the slice.",
    "per_um2": "Profiles per square micrometre of the slice.",
    "per_px2": "Profiles per pixel of the slice.",
    "area_fraction": "Part of the slice that cells cover.",
}


def help_of(column: str) -> str:
    """What a column means, with its unit; empty where nobody knows."""
    unit = _UNIT.search(column)
    name = column if unit is None else column[: unit.start()]
    said = _help(column, name)
    return said if unit is None else f"{said} In {_in_words(unit[1])}.".strip()


def _help(column: str, name: str) -> str:
    if found := _HELP.get(column) or _HELP.get(name):
        return found
    if name.startswith("median_"):
        return f"Median over the slice. {_HELP.get(name.removeprefix('median_'), '')}".strip()
    if name.startswith("centroid_"):
        return f"Its middle along {name[-1]}, from the middle of the first voxel."
    if re.fullmatch(r"[xyz]_(first|last)", name):
        return f"Where it {'begins' if name.endswith('first') else 'ends'} along {name[0]}, in px."
    if part := re.fullmatch(r"class_(\d+)_(parts|voxels|fraction)", name):
        what = {"parts": "Parts", "voxels": "Voxels", "fraction": "Share of its volume that is"}
        return f"{what[part[2]]} of class {part[1]}."
    return ""


def _in_words(unit: str) -> str:
    return unit.replace("um", "µm").replace("2", "²").replace("3", "³")
