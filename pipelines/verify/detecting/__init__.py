"""Detect: which pixels of a photo or video are faked, whether it is fake as a whole, and why.

    found = detect(photo)                      # marks, then the detector
    found = detect(photo, original=mine)       # compared with what the owner has
    found.report.verdict                       # 'fake', 'unsure' or 'likely real'

Evidence is collected by :mod:`comparing` (the owner's original), :mod:`marks` (seals, tags, content credentials) and
:mod:`looking` (the network); :mod:`judging` has the rules by which it becomes a verdict. Forensic pictures are exhibits
and never count.
"""

from __future__ import annotations

from pipelines.verify.detecting.clips import detect_clip
from pipelines.verify.detecting.model import ClipDetection, Detection, DetectOptions, TopFrame
from pipelines.verify.detecting.photos import detect

__all__ = ["ClipDetection", "DetectOptions", "Detection", "TopFrame", "detect", "detect_clip"]
