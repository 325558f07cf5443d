"""Measures as the features of a labels layer, where napari and other plugins look for them."""

from __future__ import annotations

from typing import Any

from napari_emseg.core.measure.table import Table

INDEX = "index"
"""The column by which napari finds the features of a label."""


def with_features(table: Table, others: Any) -> Any:
    """A row a cell, by its id, and what was known of labels by columns of other names.

    Parameters
    ----------
    table : Table
        With a column of ids.
    others : DataFrame
        The features that the layer has; by row where it has no column ``index``.

    Returns
    -------
    DataFrame
    """
    import pandas  # napari has loaded it for the layer

    columns: dict[str, Any] = {INDEX: table["id"], **table.columns}
    del columns["id"]
    ours = pandas.DataFrame(columns)
    kept = others[[name for name in others.columns if name not in ours.columns]]
    if not len(kept.columns):
        return ours
    kept = kept.assign(index=others[INDEX] if INDEX in others.columns else range(len(others)))
    return ours.merge(kept, on=INDEX, how="outer", sort=True)
