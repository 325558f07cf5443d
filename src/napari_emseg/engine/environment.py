"""Environment variables that must stand before a Keras backend is first imported."""

from __future__ import annotations

import os

_DEFAULTS = {
    # take GPU memory as it is needed, not all of it
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # TensorFlow's notes on how it was compiled are of no use to a person who waits
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


def prepare_environment() -> None:
    """Set what a person has not set otherwise."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
