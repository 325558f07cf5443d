"""Units of length as files and napari write them."""

from __future__ import annotations

_PREFIXES_NM = {
    ("", ""): 1e9,
    ("d", "deci"): 1e8,
    ("c", "centi"): 1e7,
    ("m", "milli"): 1e6,
    ("\u00b5", "micro"): 1e3,  # micro sign
    ("\u03bc", "micro"): 1e3,  # Greek mu, which looks the same
    ("u", "micro"): 1e3,
    ("n", "nano"): 1.0,
    ("p", "pico"): 1e-3,
}


def _table() -> dict[str, float]:
    known = {"micron": 1e3, "\u00e5": 0.1, "\u212b": 0.1, "a": 0.1, "angstrom": 0.1}
    known |= {"\u00e5ngstr\u00f6m": 0.1, "inch": 2.54e7, "in": 2.54e7}
    for (short, long), nm in _PREFIXES_NM.items():
        known |= {f"{short}m": nm, f"{long}meter": nm, f"{long}metre": nm}
    return known


_NM = _table()


def nm_per_unit(unit: object) -> float | None:
    r"""Length of a unit in nm, or None where it is no unit of length (``pixel``).

    Parameters
    ----------
    unit : str or pint.Unit
        Such as ``um``, ``µm``, ``micron``, ``nanometer``, ``Å``; ImageJ's escapes
        (``\u00B5m``) are understood.

    Examples
    --------
    >>> nm_per_unit("microns"), nm_per_unit("pixel")
    (1000.0, None)
    """
    text = str(unit).strip().lower().replace("\\u00b5", "\u00b5").replace("\\u00c5", "\u00e5")
    found = _NM.get(text)
    return _NM.get(text.removesuffix("s")) if found is None else found
