"""OpenVINO, imported so that it tells nobody.

``import openvino`` reports to Google Analytics unless a person has opted out by a file in their
home folder, and so does nncf. Both do without the module that reports, so it is held back here.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402
from openvino import opset13 as opset  # noqa: E402

__all__ = ["openvino", "opset"]
