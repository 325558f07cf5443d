"""A prediction scored against a truth."""

from __future__ import annotations

from collections.abc import Sequence

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.core.scores.scores import StackScores
from napari_emseg.errors import CancelledError
from napari_emseg.types import ArrayLike, LabelsMeaning, ShouldStop, Stack


def evaluate(
    prediction: Stack | ArrayLike,
    truth: Stack | ArrayLike,
    *,
    slices: Sequence[int] | None = None,
    truth_means: LabelsMeaning | None = None,
    threshold: float | None = None,
    on_slice: OnSlice | None = None,
    should_stop: ShouldStop = lambda: False,
) -> StackScores:
    """Score a prediction as the ISBI 2012 challenge does.

    Parameters
    ----------
    prediction : Stack, or (Z, Y, X) or (Y, X) array
        Probability 0..1, mask or cells.
    truth : Stack or array
        Labels of the same shape. A slice of zeros is not labelled and takes no part.
    slices : sequence of int, optional
        Score these slices of the truth, and of the prediction where it has as many slices.
    truth_means : {"mask", "membranes", "scribbles", "instances"}, optional
        Nonzero is cell; nonzero is membrane; 0 unknown and left out, 1 membrane, 2.. cell; or each
        cell its own id. Recognised by default (`napari_emseg.core.label_meaning`).
    threshold : float, optional
        Score at this one alone, 0..1, in place of the best of 0, 0.1, ... 1.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice.
    should_stop : callable
        Looked at after every slice.

    Returns
    -------
    StackScores
        V_rand, V_info and pixel scores, all 0..1 and 1 where nothing is wrong: of the stack, of
        each labelled slice, and at each threshold.

    Raises
    ------
    ShapeError
        If the shapes differ, or the prediction has values outside 0..1.
    LabelsError
        If the truth holds no cell, or cannot have that meaning.
    SettingError
        If the threshold is not in 0..1.
    CancelledError
        If stopped.

    References
    ----------
    Arganda-Carreras et al. 2015, https://doi.org/10.3389/fnana.2015.00142

    Examples
    --------
    >>> import napari_emseg as em
    >>> image, truth = em.phantom()
    >>> scores = em.evaluate(em.segment(image, output="probability"), truth)
    >>> scores.v_rand > 0.9, len(scores.slices), scores.threshold
    (True, 8, 0.7)
    """
    from napari_emseg.report.evaluation import Evaluation

    def advance(done: int, total: int) -> None:
        if on_slice is not None:
            on_slice(done, total)
        if should_stop() and done < total:
            raise CancelledError(f"Stopped after {done} of {total} slices.")

    chosen = Evaluation.of(
        as_stack(prediction), as_stack(truth, kind="labels"), slices, truth_means
    )
    return chosen.scores(threshold=threshold, on_slice=advance)
