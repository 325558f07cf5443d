"""Where a training's images and labels come from, and what the labels mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, FileEdit, create_widget
from napari.layers import Image, Labels, Shapes
from psygnal import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.label_meaning import MEANINGS
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.errors import EmsegError
from napari_emseg.io.read import read_stack
from napari_emseg.types import LabelsMeaning, Stack
from napari_emseg.ui.stacks.stack_fields import StackFields
from napari_emseg.ui.viewer.layers import apart, as_stack, regions_of
from napari_emseg.ui.widgets.forms import form_of, spare_width, wrapped_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

_SOURCES = ("layers", "files", "folders")


class DataForm(QWidget):
    """Layers, files or folders with images and labels.

    Attributes
    ----------
    chosen : psygnal.Signal
        Emitted when other data are chosen, of which another meaning is to be guessed.
    edited : psygnal.Signal
        Emitted when a chosen layer was painted on, or a path typed.
    meant : psygnal.Signal
        Emitted with the meaning of the labels that a person has chosen.
    """

    chosen = Signal()
    edited = Signal()
    meant = Signal(str)

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_fields()
        self.stack = StackFields(viewer, [self.image, self.labels])
        self._form = form_of([
            self.source, self.image, self.labels, *self.stack.widgets,
            self.image_path, self.labels_path, self.reviewed, self.meaning,
        ])  # fmt: skip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self._form, self.explanation, self.taken_for, self.about):
            layout.addWidget(part.native)
        self._watched: list[tuple[Any, Callable[[], None]]] = []
        self._watched_layers: list[Any] = []
        self._connect()
        self._show_source()

    def reset_choices(self) -> None:
        """Offer the layers that there are now."""
        self._form.reset_choices()
        self.stack.look()
        # the fields do not tell when they take their first layer, or lose their last
        if [field.value for field, _ in self._layer_fields] != self._watched_layers:
            self._change_layers()

    def _make_fields(self) -> None:
        self.source = ComboBox(
            name="source", label="From", choices=_SOURCES,
            tooltip="Layers of this window; or stacks that are not open: one file each, or one "
            "folder of slices each.",
        )  # fmt: skip
        self.image = _layer_field(Image, "image", "Image", "The stack to learn from.")
        self.labels = _layer_field(
            Labels, "labels", "Labels",
            "What was painted on it. Slices without labels take no part.",
        )  # fmt: skip
        self.image_path = FileEdit(
            name="image_path", label="Image", tooltip="The stack to learn from."
        )
        self.labels_path = FileEdit(
            name="labels_path", label="Labels", tooltip="Its labels, with as many slices."
        )
        self.reviewed = _layer_field(
            Shapes | None, "reviewed", "Reviewed",
            "Rectangles, ellipses and polygons in which all is painted right; outside of them "
            "counts as unknown. Without one, all of a painted slice counts.",
        )  # fmt: skip
        self.meaning = ComboBox(
            name="meaning", label="Labels mean", choices=list(MEANINGS),
            tooltip="How the labels are read; guessed from them until you choose.",
        )  # fmt: skip
        self.explanation, self.about = wrapped_label(MEANINGS["mask"]), wrapped_label("")
        self.taken_for = wrapped_label("")

    @property
    def _layer_fields(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """The fields of layers, and what may happen to these."""
        return (
            (self.image, ("data", "scale", "units")),
            (self.labels, ("data", "scale", "units", "paint", "labels_update")),
            (self.reviewed, ("data",)),
        )

    def _connect(self) -> None:
        self.source.changed.connect(self._show_source)
        self.meaning.changed.connect(self.meant.emit)
        for layer_field, _ in self._layer_fields:
            layer_field.changed.connect(self._change_layers)
        for field in (self.image_path, self.labels_path):
            field.changed.connect(self._tell)

    # -- what is chosen --------------------------------------------------------------------

    def reader(self) -> Callable[[], TrainingData]:
        """A function that gives the data; for a thread, since files take their time.

        Raises
        ------
        EmsegError
            If something is missing, or does not fit; so does the function.
        """
        if self.source.value == "layers":
            data = self._from_layers()
            return lambda: data
        paths = self.image_path.value, self.labels_path.value
        return lambda: _from_files(*paths)

    def _from_layers(self) -> TrainingData:
        image, labels = self.image.value, self.labels.value
        if image is None:
            raise EmsegError("Image: open or choose an image layer first.")
        if labels is None:
            raise EmsegError(
                "Labels: choose a labels layer; a new one is made by the tag above the list of "
                "layers."
            )
        self._watch_layers()
        regions = None if self.reviewed.value is None else regions_of(self.reviewed.value, labels)
        painted, beside = as_stack(labels, "labels"), apart(image, labels)
        if beside:
            painted = replace(painted, notes=(*painted.notes, beside))
        chosen = (image, labels)
        return TrainingData(as_stack(image, "image"), painted, regions, chosen=chosen)

    @property
    def image_layer(self) -> Image | None:
        """The layer to learn from; None where it is a file."""
        return self.image.value if self.source.value == "layers" else None

    def show_about(self, text: str) -> None:
        """Say what was found in the data, or what is missing or does not fit."""
        self.about.value = text

    def show_taken_for(self, text: str) -> None:
        """Say what the labels were taken for."""
        self.taken_for.value = text

    def show_meaning(self, meaning: LabelsMeaning, *, is_guessed: bool) -> None:
        """Say how the labels are read."""
        with self.meaning.changed.blocked():
            self.meaning.value = meaning
        self.explanation.value = MEANINGS[meaning] + (" (guessed)" if is_guessed else "")

    # -- what changes ----------------------------------------------------------------------

    def _show_source(self) -> None:
        layers = self.source.value == "layers"
        for field in (self.image, self.labels, self.reviewed):
            field.visible = layers
        self.stack.want(layers)
        for path in (self.image_path, self.labels_path):
            path.visible = not layers
            path.mode = "d" if self.source.value == "folders" else "r"
        self.chosen.emit()

    def _change_layers(self) -> None:
        self._watch_layers()
        self.chosen.emit()

    def _watch_layers(self) -> None:
        self.unwatch()
        for field, names in self._layer_fields:
            layer = field.value
            self._watched_layers.append(layer)
            for name in names if layer is not None else ():
                event = getattr(layer.events, name)
                event.connect(self._tell)
                self._watched.append((event, self._tell))

    def unwatch(self) -> None:
        """Listen to no layer any more."""
        for event, listener in self._watched:
            event.disconnect(listener)
        self._watched.clear()
        self._watched_layers.clear()

    def _tell(self) -> None:
        self.edited.emit()


def _layer_field(annotation: Any, name: str, label: str, tooltip: str) -> Any:
    field: Any = create_widget(
        annotation=annotation, name=name, label=label, options={"tooltip": tooltip}
    )
    return spare_width(field)


def _from_files(image: object, labels: object) -> TrainingData:
    """Read what two `FileEdit` hold."""
    files = _chosen("Image", image), _chosen("Labels", labels)
    images: Stack = read_stack(files[0], kind="image")
    return TrainingData(images, read_stack(files[1], kind="labels"), files=files, chosen=files)


def _chosen(name: str, path: object) -> Path:
    if not isinstance(path, Path) or str(path) in ("", "."):
        raise EmsegError(f"{name}: choose a file or a folder first.")
    return path
