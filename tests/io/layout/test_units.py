from __future__ import annotations

import pytest

from napari_emseg.io.layout.units import nm_per_unit


@pytest.mark.parametrize(
    ("unit", "nm"),
    [
        ("nm", 1), ("nanometer", 1), ("um", 1e3), ("\u00b5m", 1e3), ("\u03bcm", 1e3),
        ("\\u00B5m", 1e3), ("micron", 1e3), ("microns", 1e3), ("micrometre", 1e3), ("mm", 1e6),
        ("cm", 1e7), ("m", 1e9), ("meter", 1e9), ("\u00c5", 0.1), ("\u212b", 0.1),
        ("\\u00C5", 0.1), ("angstrom", 0.1), ("pm", 1e-3), ("inch", 2.54e7), ("pixel", None),
        ("", None), ("reference frame", None), ("second", None),
    ],
)  # fmt: skip
def test_units(unit, nm):
    assert nm_per_unit(unit) == nm


def test_units_of_pint():
    pint = pytest.importorskip("pint")
    units = pint.get_application_registry()
    assert nm_per_unit(units.Unit("um")) == 1e3
    assert nm_per_unit(units.Unit("angstrom")) == 0.1
    assert nm_per_unit(units.Unit("pixel")) is None
