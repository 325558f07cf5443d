"""Jobs that look at the hardware."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DevicesJob:
    """List the devices that a prediction can take."""


@dataclass(frozen=True)
class DoctorJob:
    """Say what hardware is used, and why not more; see `engine.hardware.doctor.diagnose`."""
