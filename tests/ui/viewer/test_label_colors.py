"""Colours of labels: napari's own, without the second that napari takes to compile for them."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from napari.utils.colormap_backend import ColormapBackend, get_backend, set_backend
from napari.utils.colormaps import DirectLabelColormap, _accelerated_cmap, label_colormap

from napari_emseg.ui.compare.error_layer import SHOWN
from napari_emseg.ui.compare.error_layer import _colors as error_colors
from napari_emseg.ui.retrain.overlays import _COLORS as CHANGE_COLORS
from napari_emseg.ui.viewer.label_colors import (
    MASK_COLORS,
    label_colors,
    prepare_ids,
    same_colors,
)

EVERY = np.arange(256, dtype=np.uint8)


@pytest.fixture
def nothing_compiled(monkeypatch):
    def compile_(*_):
        raise AssertionError("napari compiles a function while the window waits")

    name = "_labels_raw_to_texture_direct_inner_loop"
    monkeypatch.setattr(_accelerated_cmap, name, compile_)


@pytest.mark.parametrize(
    "make",
    [
        lambda: label_colors(MASK_COLORS),
        lambda: label_colors(CHANGE_COLORS),
        *(lambda shown=shown: error_colors(shown) for shown in SHOWN),
        lambda: same_colors(label_colors(MASK_COLORS)),
    ],
)
def test_a_layer_is_drawn_without_compiling(nothing_compiled, make):
    layer = Labels(np.eye(40, dtype=np.uint8)[np.newaxis].repeat(3, axis=0), colormap=make())
    layer.data[0, 5:9] = 7
    layer.refresh()
    layer.selected_label = 1
    layer.show_selected_label = True
    layer.show_selected_label = False
    layer.colormap = make()
    np.testing.assert_array_equal(layer.colormap.map(EVERY), make().map(EVERY))


@pytest.mark.parametrize("colors", [MASK_COLORS, CHANGE_COLORS])
def test_the_colors_are_those_that_napari_gives(colors):
    expected = DirectLabelColormap(color_dict=dict(colors)).map(EVERY)
    np.testing.assert_array_equal(label_colors(colors).map(EVERY), expected)
    assert len(np.unique(expected, axis=0)) == len({*colors.values()})


def test_how_other_layers_are_drawn_stays_as_it_was():
    before = get_backend()
    label_colors(MASK_COLORS)
    assert get_backend() == before


def test_a_copy_is_another_one():
    for colormap in (label_colors(MASK_COLORS), label_colormap()):
        copied = same_colors(colormap)
        assert copied is not colormap
        np.testing.assert_array_equal(copied.map(EVERY), colormap.map(EVERY))


@pytest.fixture
def compiled_for(monkeypatch):
    """The kinds of arrays that napari compiles its function for 32-bit ids for, as they come."""
    kinds, modulo = [], _accelerated_cmap.zero_preserving_modulo_numpy

    def note(values, n, to_zero, out):
        kinds.append((values.ndim, values.dtype, values.flags.c_contiguous, out.dtype))
        out[...] = modulo(values, n, out.dtype, to_zero)
        return out

    monkeypatch.setattr(_accelerated_cmap, "_zero_preserving_modulo_inner_loop", note)
    before = set_backend(ColormapBackend.numba)
    prepare_ids.cache_clear()
    yield kinds
    set_backend(before)


@pytest.mark.parametrize("shape", [(3, 40, 40), (40, 40)])
def test_ids_need_nothing_more_than_was_compiled_beside_the_window(compiled_for, shape):
    prepare_ids()
    before = set(compiled_for)
    layer = Labels(np.zeros(shape, np.uint32))
    layer.data[..., 5:9, 5:9] = 70_000
    layer.refresh()
    layer.selected_label = 70_000
    assert before
    assert set(compiled_for) == before
    prepare_ids()
    assert prepare_ids.cache_info().misses == 1
