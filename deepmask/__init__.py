"""Deepmask: a virtual persona instead of your own face and voice, made and kept on your own machine."""

import os

__version__ = "0.1.0"

# Official builds of onnxruntime report to their vendor, on Linux and macOS too, unless this is set before they load:
# https://github.com/microsoft/onnxruntime/pull/27379
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
