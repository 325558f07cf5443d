"""What a click will take, said before it: tiles, time and memory, as measured on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.slices import chosen_slices
from napari_emseg.engine.jobs import WarmUpJob
from napari_emseg.errors import EmsegError
from napari_emseg.session.words import duration, plural
from napari_emseg.types import Event, Failed, Finished, Log, VoxelSize

if TYPE_CHECKING:
    from napari_emseg.model.predict.predictor import CostEstimate
    from napari_emseg.session.jobs import Jobs

NO_IMAGE = "Choose an image and press a button."
_MIB = 2**20


@dataclass(frozen=True)
class Question:
    """What a click would do.

    Parameters
    ----------
    model : str
        Folder of its package.
    device, config : str and PredictConfig
        As `PredictJob` takes them.
    shape : tuple of int, optional
        Of the stack (Z, Y, X), where one is chosen that can be segmented.
    slices : str
        Which of its slices, as a person wrote it.
    voxel_size_nm, network_voxel_size_nm : tuple of float, optional
        Of the stack and of what the model learned on, as far as they are recorded.
    """

    model: str
    device: str
    config: PredictConfig
    shape: tuple[int, int, int] | None = None
    slices: str = ""
    voxel_size_nm: VoxelSize | None = None
    network_voxel_size_nm: VoxelSize | None = None

    @property
    def job(self) -> WarmUpJob:
        """What answers it."""
        shape = None if self.shape is None else self.shape[1:]
        return WarmUpJob(self.model, self.device, self.config, shape, self.voxel_size_nm)

    @property
    def problem(self) -> str:
        """Why the image cannot be segmented by the model; else empty."""
        if self.shape is None or self.voxel_size_nm == self.network_voxel_size_nm:
            return ""
        try:
            _ = self.about_pixels
        except EmsegError as error:
            return str(error)
        return ""

    @property
    def about_pixels(self) -> str:
        """What is done about pixel sizes, in a sentence; empty where there is nothing to do.

        Raises
        ------
        SettingError
            If those of stack and model are too far apart.
        """
        from napari_emseg.core.segment.pixel_fit import fit_pixels  # OpenCV: not for opening a dock

        return fit_pixels(self.voxel_size_nm, self.network_voxel_size_nm, self.config).said


class CostEstimator:
    """Has the worker load the model and time a tile, and says what the whole stack will take.

    So the worker is warm before the click. Only the newest question is answered.

    Parameters
    ----------
    jobs : Jobs
        Does what answers a question.

    Attributes
    ----------
    said : psygnal.Signal
        Emitted with a sentence.
    failed : psygnal.Signal
        Emitted with the `Failed` of a job.
    """

    said = Signal(str)
    failed = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._ticket: int | None = None
        self._question: Question | None = None
        self._estimate: CostEstimate | None = None

    def ask(self, question: Question | None) -> None:
        """Have the worker find out; of None nothing is to be found."""
        self.abandon()
        self._question, self._estimate = question, None
        if question is None:
            return
        if question.problem:  # a worker would only say the same, and later
            self.said.emit(question.problem)
            return
        self.said.emit(NO_IMAGE if question.shape is None else "Getting ready ...")
        job = question.job
        self._ticket = self._jobs.submit(lambda: job, self._on_event)

    def count(self, question: Question | None) -> None:
        """Only the slices wanted are others than in the question that was asked."""
        self._question = question
        self._say()

    def abandon(self) -> None:
        """Nobody wants to know any more."""
        if self._ticket is not None:
            self._jobs.abandon(self._ticket)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Failed):
            self.said.emit(event.message)
            self.failed.emit(event)
        elif isinstance(event, Log):
            self.said.emit(event.message)
        elif isinstance(event, Finished):
            self._estimate = event.result
            self._say()

    def _say(self) -> None:
        question = self._question
        if self._estimate is None or question is None or question.shape is None:
            return
        try:
            count = len(chosen_slices(question.slices, question.shape[0]))
            said = (sentence(self._estimate, count), self._jobs.beside, question.about_pixels)
        except EmsegError as error:
            self.said.emit(str(error))
        else:
            self.said.emit(" ".join(each for each in said if each))


def sentence(estimate: CostEstimate, slices: int) -> str:
    """What so many slices will take, in words."""
    return (
        f"{plural(slices, 'slice')} of {plural(estimate.tiles, 'tile')} will take about "
        f"{duration(estimate.seconds * slices)} and {estimate.bytes_at_once / _MIB:.0f} MiB with "
        f"{estimate.runtime}."
    )
