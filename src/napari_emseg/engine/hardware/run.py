"""What the hardware is; its libraries are loaded inside these functions."""

from __future__ import annotations

from napari_emseg.engine.hardware.jobs import DevicesJob, DoctorJob
from napari_emseg.types import OnEvent, ShouldStop


def list_devices(job: DevicesJob, emit: OnEvent, should_stop: ShouldStop) -> list[str]:
    """Those that a prediction can take."""
    from napari_emseg.model.runtimes.runtime import available_devices

    return available_devices()


def doctor(job: DoctorJob, emit: OnEvent, should_stop: ShouldStop) -> str:
    """A report to read or to send to somebody."""
    from napari_emseg.engine.hardware.doctor import diagnose

    return diagnose()
