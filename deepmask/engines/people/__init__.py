"""People in pictures, found and outlined with the networks in mediapipe's wheel (Apache-2.0)."""

from deepmask.engines.people.engine import PoseSegmenter

__all__ = ["PoseSegmenter"]
