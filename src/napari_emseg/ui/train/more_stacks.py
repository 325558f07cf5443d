"""The list of further stacks that a training learns from."""

from __future__ import annotations

from magicgui.widgets import FloatSpinBox, Label, PushButton
from qtpy.QtWidgets import QHeaderView, QVBoxLayout, QWidget

from napari_emseg.core.slices import in_words
from napari_emseg.session.train.more_stacks import Listed
from napari_emseg.session.train.setup import TrainSetup
from napari_emseg.ui.widgets.collapsible import Folded
from napari_emseg.ui.widgets.forms import name_parts, row_of, wrapped_label
from napari_emseg.ui.widgets.table import Cell, Column, Table

_TITLE = "More stacks"
_COLUMNS = (
    Column("Image", "The stack to learn from."),
    Column("Labels", "What was painted on it."),
    Column("Slices", "How many train, and how many validate."),
    Column("Weight", "How often patches are drawn from it, beside other stacks."),
)
_ROWS_SHOWN, _MOST_SHOWN = 2, 4
"""Rows that there is always room for, and about after how many the table scrolls."""

_HOW = "Add puts the image and the labels chosen above on this list; then choose the next ones."


class MoreStacksPart(Folded):
    """The line *More stacks*, with how many there are, and the list under it.

    Parameters
    ----------
    setup : TrainSetup
        Holds the list.
    """

    def __init__(self, setup: TrainSetup) -> None:
        super().__init__(
            _TITLE, self._make_list,
            tooltip="Learn from several stacks at once: of other tissues or microscopes, with "
            "pixels of other sizes.",
        )  # fmt: skip
        self._setup = setup
        self.list: StackList | None = None
        setup.more.events.rows.connect(self._count)

    def _make_list(self) -> QWidget:
        self.list = StackList(self._setup)
        return self.list

    def _count(self, rows: tuple[Listed, ...]) -> None:
        self.setText(f"{_TITLE} ({len(rows)})" if rows else _TITLE)


class StackList(QWidget):
    """A table of stacks, with buttons that put the one chosen above on it, or take one off.

    Parameters
    ----------
    setup : TrainSetup
        Holds the list.
    """

    def __init__(self, setup: TrainSetup, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._more = setup.more
        self.table = Table("Stacks to train on", _COLUMNS, rows_shown=_ROWS_SHOWN, is_dense=True)
        self.add = PushButton(
            text="Add",
            tooltip="Put the image and the labels chosen above (layers, files or folders) on the "
            "list; then choose the next ones.",
        )
        self.remove = PushButton(text="Remove", tooltip="Take the marked stack off the list.")
        self.weight = FloatSpinBox(
            label="Weight", value=1.0, min=0.01, max=100.0, step=0.5,
            tooltip="How often patches are drawn from the marked stack, beside others.",
        )  # fmt: skip
        name_parts(self.weight)
        self.message = wrapped_label("")
        self._lay_out()
        self._connect(setup)
        self._show_rows()
        self._show_message(self._more.message)

    def _lay_out(self) -> None:
        header = self.table.horizontalHeader()
        assert header is not None, "a table always has one"
        self.table.setSortingEnabled(False)  # whose arrows take room
        self.table.setMaximumHeight(_MOST_SHOWN * 2 * self.table.fontMetrics().height())
        for k in (0, 1):  # names of files may be long
            header.setSectionResizeMode(k, QHeaderView.ResizeMode.Stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        buttons = row_of(self.add, self.remove, Label(value="Weight"), self.weight)
        layout.addWidget(buttons.native)
        layout.addWidget(self.message.native)

    def _connect(self, setup: TrainSetup) -> None:
        self.add.changed.connect(setup.add_stack)
        self.remove.changed.connect(self._remove)
        self.weight.changed.connect(self._weigh)
        self.table.picked.connect(self._show_marked)
        self._more.events.rows.connect(self._show_rows)
        self._more.events.message.connect(self._show_message)

    # -- what the person sees --------------------------------------------------------------

    def _show_rows(self) -> None:
        rows, before = self._more.rows, len(self.table.rows.keys)
        self.table.show_rows({k: _cells(row) for k, row in enumerate(rows)})
        self.table.setVisible(bool(rows))
        if len(rows) > before:
            self.table.choose(len(rows) - 1)
        self._show_marked()

    def _show_marked(self) -> None:
        at = self.table.chosen
        self.remove.enabled = self.weight.enabled = at is not None
        with self.weight.changed.blocked():
            self.weight.value = 1.0 if at is None else self._more.rows[at].stack.weight

    def _show_message(self, message: str) -> None:
        self.message.value = message or _HOW

    # -- what the person does --------------------------------------------------------------

    def _remove(self) -> None:
        if (at := self.table.chosen) is not None:
            self._more.remove(at)

    def _weigh(self, weight: float) -> None:
        if (at := self.table.chosen) is not None:
            self._more.weigh(at, weight)


def _cells(row: Listed) -> tuple[Cell, ...]:
    data, split, weight = row.stack.data, row.stack.split, row.stack.weight
    train, validation = split.train, split.validation
    slices = f"Train: {in_words(train)}. Validate: {in_words(validation)}."
    image, labels = data.images.name, data.labels.name
    return (
        Cell(image, image, tooltip=f"{_place(row, 0)}\n{row.said}"),
        Cell(labels, labels, tooltip=f"{_place(row, 1)}\n{row.said}"),
        Cell(f"{len(train)} + {len(validation)}", len(train), tooltip=slices),
        Cell(f"{weight:g}", weight),
    )


def _place(row: Listed, which: int) -> str:
    """Where images (0) or labels (1) are read from: a file, or a layer."""
    data = row.stack.data
    name = (data.images, data.labels)[which].name
    return name if data.files is None else str(data.files[which])
