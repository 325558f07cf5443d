"""Scores of the cells through the volume, how many are merged and split, and the worst of them."""

from __future__ import annotations

from collections.abc import Iterator

from magicgui.widgets import CheckBox, PushButton
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.scores.segmentation_error import MERGER, SPLIT
from napari_emseg.core.scores.volume.agreement import TITLES, Agreement
from napari_emseg.core.scores.volume.errors import Kind, VolumeError, VolumeErrors
from napari_emseg.report.figures import ERROR_COLORS
from napari_emseg.session.compare.volume_scoring import VolumePhase, VolumeScoring
from napari_emseg.session.words import plural
from napari_emseg.ui.compare.volume_marks import IN_WORDS
from napari_emseg.ui.widgets.forms import field_for, form_of, wrapped_label
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.table import Cell, Column, Table, number

_MEANINGS = {
    "are": "Adapted Rand error: 0 is perfect, a person has about 0.06 on mouse cortex. Of all "
    "pairs of voxels it counts those that are wrongly in one cell or in two, so that large cells "
    "weigh most.",
    "rand_precision": "Of the pairs of voxels in one predicted cell, the part that is in one true "
    "cell: 1 is perfect. Mergers lower it.",
    "rand_recall": "Of the pairs of voxels in one true cell, the part that is in one predicted "
    "cell: 1 is perfect. Splits lower it.",
    "voi_split": "Variation of information, in bits, that comes of splits: 0 is perfect. 1 is as "
    "if each cell were cut in two halves.",
    "voi_merge": "Variation of information, in bits, that comes of mergers: 0 is perfect. 1 is as "
    "if each two cells of equal size were joined.",
    "voi": "Variation of information, in bits: both parts. 0 is perfect.",
    "cremi_score": "What the CREMI challenge ranks by: the square root of VOI times ARE. 0 is "
    "perfect. It is the challenge's own figure with the foreground cremi only.",
}
_SHORT = {
    "are": "ARE", "cremi_score": "CREMI", "rand_precision": "Precision", "rand_recall": "Recall",
    "voi_split": "VOI split", "voi_merge": "VOI merge", "voi": "VOI",
}  # fmt: skip
"""Titles as narrow as the dock, in the order in which they stand, two in a row."""

_COUNTS: dict[Kind, str] = {
    "merger": "Predicted cells over several true ones; one over three is two mergers. Pieces into "
    "which no disc of the smallest error fits do not count.",
    "split": "True cells in several predicted ones; one in three is two splits. Pieces into which "
    "no disc of the smallest error fits do not count.",
}
_COLORS: dict[Kind, str] = {"merger": ERROR_COLORS[MERGER], "split": ERROR_COLORS[SPLIT]}
_SIZE = Column("voxels", "Of the smaller piece: what would have to change its cell.")
_SLICE = Column("slice", "Where the pieces meet: the slice that a click shows.")
_COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "merger": (
        _SIZE, _SLICE,
        Column("true cells", "Ids of the two true cells: the larger piece, and the smaller one."),
        Column("in", "Id of the predicted cell that joins them."),
    ),
    "split": (
        _SIZE, _SLICE,
        Column("predicted", "Ids of the two predicted cells: the larger piece, and the smaller."),
        Column("of", "Id of the true cell that they cut."),
    ),
}  # fmt: skip
_HINT = "A click on an error goes there and marks its cells, in 2-D as in 3-D; so does Alt-E."
_ROWS_SHOWN, _GRID_COLUMNS = 3, 2
_SETTINGS = ("foreground", "border_nm", "error_radius_px")


class VolumePage(QWidget):
    """What the scores of a volume are, and where it is wrong.

    Parameters
    ----------
    volume : VolumeScoring
        Is told what is asked for.

    Attributes
    ----------
    picked : Signal
        Emitted with the `VolumeError` that was clicked, or reached by the arrow keys.
    fields : dict of str to ValueWidget
        Settings of `VolumeScoresConfig`, by name.
    run : RunRow
        Starts and stops, and says how far it is, and why nothing is scored.
    lists : dict of str to Table
        The worst mergers and splits, each by its `VolumeError`.
    alone : CheckBox
        Whether the cells of an error hide all else in three dimensions.
    """

    picked = Signal(object)

    def __init__(self, volume: VolumeScoring) -> None:
        super().__init__()
        self._volume = volume
        self.fields = {name: field_for(VolumeScoresConfig, name) for name in _SETTINGS}
        self.run = RunRow(
            PushButton(
                text="Score the volume",
                tooltip="Score the cells through all slices, beside the window.",
            ),
            "Stop; scores that are known stay.",
            "Score the volume",
        )
        self.summary = wrapped_label("")
        self.chosen = wrapped_label(_HINT)
        self.figures = {name: QLabel() for name in TITLES}
        self.lists = {kind: _list_of(kind) for kind in _COLUMNS}
        self.sizes = Table(
            "Errors by size",
            (
                Column("voxels", "Size of the smaller piece."),
                Column("mergers", _COUNTS["merger"]),
                Column("splits", _COUNTS["split"]),
            ),
            rows_shown=_ROWS_SHOWN,
            is_dense=True,
        )
        self.alone = CheckBox(
            text="In 3-D show these cells alone", value=True,
            tooltip="In the 3-D view the cells of the chosen error hide all other layers; in the "
            "2-D view these come back.",
        )  # fmt: skip
        self._lay_out()
        self._connect()
        self._show_all()

    @property
    def worst(self) -> Table:
        """The list that is in front."""
        return self.lists["split"] if self.tabs.currentIndex() == 1 else self.lists["merger"]

    # -- parts -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        # of a list Qt would have the page grow by what it shows at best, and scroll
        self.tabs.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        for table in (*self.lists.values(), self.sizes):
            self.tabs.addTab(table, "")
        self.results = QWidget()
        below = QVBoxLayout(self.results)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.summary.native)
        below.addLayout(self._grid())
        below.addWidget(self.tabs, stretch=1)
        for part in (self.chosen, self.alone):
            below.addWidget(part.native)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(form_of(list(self.fields.values())).native)
        layout.addWidget(self.run.native)
        layout.addWidget(self.results, stretch=1)
        layout.addStretch()

    def _grid(self) -> QGridLayout:
        """Titles and figures, two beside one another."""
        grid = QGridLayout()
        grid.setVerticalSpacing(1)
        for k, (name, short) in enumerate(_SHORT.items()):
            shown, title = self.figures[name], QLabel(short)
            for each in (title, shown):
                each.setToolTip(f"{TITLES[name]}. {_MEANINGS[name]}")
            row, column = divmod(k, _GRID_COLUMNS)
            grid.addWidget(title, row, 2 * column)
            grid.addWidget(shown, row, 2 * column + 1)
        return grid

    def _connect(self) -> None:
        volume = self._volume
        self.run.start.changed.connect(lambda: volume.score())
        self.run.stop.changed.connect(lambda: volume.stop())
        for name, field in self.fields.items():
            field.changed.connect(lambda value, name=name: volume.change(**{name: value}))
        for table in self.lists.values():
            table.picked.connect(self._pick)
        events = volume.events
        for state in (events.phase, events.progress, events.why_not, events.outdated):
            state.connect(self._show_run)
        events.problem.connect(self._show_run)
        events.scores.connect(self._show_scores)
        events.config.connect(self._show_fields)

    # -- what the person sees --------------------------------------------------------------

    def _show_all(self) -> None:
        self._show_fields()
        self._show_run()
        self._show_scores()

    def _show_fields(self) -> None:
        self.fields["border_nm"].visible = self._volume.config.foreground == "cremi"

    def _show_run(self) -> None:
        volume = self._volume
        if volume.phase is VolumePhase.SCORING:
            done, total = volume.progress
            said = f"{done} of {total} slices" if done < total else "The worst errors ..."
            self.run.show_running(said, done / max(total, 1))
        else:
            self.run.show_idle(volume.problem or volume.why_not or volume.outdated)
            self.run.start.enabled = volume.phase is VolumePhase.READY

    def _pick(self, error: VolumeError) -> None:
        self.chosen.value = _about(error)
        self.picked.emit(error)

    def _show_scores(self) -> None:
        scores = self._volume.scores
        self.chosen.value = _HINT
        self.results.setVisible(scores is not None)
        if scores is None:
            return
        self.summary.value = (
            f"{plural(scores.predicted_cells, 'predicted cell')} for {scores.true_cells} true "
            f"ones, through {plural(len(scores.slices), 'slice')}."
        )
        for name, text in _figures(scores.volume):
            self.figures[name].setText(text)
        both: dict[Kind, VolumeErrors] = {"merger": scores.mergers, "split": scores.splits}
        for k, (kind, errors) in enumerate(both.items()):
            self.lists[kind].show_rows({each: _cells(each) for each in errors.worst})
            self.tabs.setTabText(k, plural(len(errors), kind))
            self.tabs.setTabToolTip(k, f"{_COUNTS[kind]} The worst {len(errors.worst)} are listed.")
        self.tabs.setTabText(len(both), "By size")
        self.sizes.show_rows(_by_size(scores.mergers, scores.splits))


def _list_of(kind: Kind) -> Table:
    return Table(f"Worst {kind}s", _COLUMNS[kind], rows_shown=_ROWS_SHOWN, is_dense=True)


def _figures(scores: Agreement) -> Iterator[tuple[str, str]]:
    for name, value in scores.to_dict().items():
        yield name, f"{value:.4f}"


def _cells(error: VolumeError) -> list[Cell]:
    pair, owner = error.true_ids, error.predicted_ids
    if error.kind == "split":
        pair, owner = owner, pair
    size = Cell(f"{error.voxels:,}", error.voxels, _COLORS[error.kind])
    return [size, number(error.place[0]), _text(", ".join(map(str, pair))), number(owner[0])]


def _about(error: VolumeError) -> str:
    """What is seen where a click has led."""
    there, here = (z for z, _, _ in error.meeting)
    apart = (
        ""
        if here == there
        else (f" In slice {here} is the smaller piece, the larger one is nearest in slice {there}.")
    )
    return f"Marked: {IN_WORDS}.{apart}"


def _text(words: str) -> Cell:
    return Cell(words, words)


def _by_size(mergers: VolumeErrors, splits: VolumeErrors) -> dict[int, list[Cell]]:
    """A row for each power of ten that has any."""
    counts: list[dict[int, int]] = [mergers.by_size, splits.by_size]
    return {
        size: [
            Cell(f"{size:,} to {10 * size - 1:,}", size),
            *(number(n.get(size, 0)) for n in counts),
        ]
        for size in sorted({*counts[0], *counts[1]})
    }
