"""The detector's score over the time of a video, as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from deepmask.detect_report import ClipDetectReport, FrameScore
from deepmask.faces import RGBImage

_SIZE_WH = (1200, 360)
_FINER = 3
"""Drawn so much larger, and shrunk."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 96, 24, 46
_PAPER, _INK, _FAINT, _GRID = (255, 255, 255), (28, 36, 48), (110, 122, 142), (228, 232, 239)
_RED, _GREEN, _LINE = (185, 28, 28), (21, 128, 61), (67, 56, 202)
_RED_BAND, _GREEN_BAND = (253, 237, 237), (235, 248, 239)


def draw(report: ClipDetectReport, seconds: float) -> RGBImage:
    """(360, 1200, 3): a line for the score, red above the bar of fakes and green below that of real faces."""
    page = _Page(max(seconds, 1e-3))
    page.bands(report.real_below, report.fake_above)
    page.axes(_ticks(seconds))
    page.curve(report.frames, set(report.top_frames), report.fake_above)
    return page.picture()


class _Page:
    """A sheet with the axes time and score."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sheet = Image.new("RGB", (_SIZE_WH[0] * _FINER, _SIZE_WH[1] * _FINER), _PAPER)
        self._pen = ImageDraw.Draw(self._sheet)
        self._font = ImageFont.load_default(15 * _FINER)

    def at(self, seconds: float, score: float) -> tuple[float, float]:
        """Where a point of the curve lies."""
        width, height = _SIZE_WH[0] - _LEFT - _RIGHT, _SIZE_WH[1] - _TOP - _BOTTOM
        x = _LEFT + width * min(max(seconds / self._seconds, 0), 1)
        return x * _FINER, (_TOP + height * (1 - score)) * _FINER

    def bands(self, real_below: float, fake_above: float) -> None:
        """The ground on which a score means something."""
        for low, high, ground, line, words in (
            (fake_above, 1.0, _RED_BAND, _RED, "fake"),
            (0.0, real_below, _GREEN_BAND, _GREEN, "likely real"),
        ):
            (x1, y1), (x2, y2) = self.at(0, high), self.at(self._seconds, low)
            self._pen.rectangle((x1, y1, x2, y2), ground)
            edge = y2 if high == 1.0 else y1
            self._pen.line((x1, edge, x2, edge), line, _FINER)
            self._pen.text((x2 + 10 * _FINER, edge), words, line, self._font, "lm")

    def axes(self, ticks: Sequence[float]) -> None:
        """Scores at the left, times below."""
        for score in (0.0, 0.25, 0.5, 0.75, 1.0):
            (x1, y), (x2, _) = self.at(0, score), self.at(self._seconds, score)
            self._pen.line((x1, y, x2, y), _GRID, _FINER)
            self._pen.text((x1 - 10 * _FINER, y), f"{score:.2g}", _FAINT, self._font, "rm")
        base = self.at(0, 0)[1]
        for seconds in ticks:
            x = self.at(seconds, 0)[0]
            self._pen.line((x, base, x, base + 5 * _FINER), _FAINT, _FINER)
            self._pen.text((x, base + 10 * _FINER), _clock(seconds), _FAINT, self._font, "ma")

    def curve(self, frames: Sequence[FrameScore], top: set[int], fake_above: float) -> None:
        """The line, broken where no face was seen, and dots at the most suspicious frames."""
        run: list[tuple[float, float]] = []
        for frame in (*frames, FrameScore(-1, 0.0, None)):
            if frame.score is not None:
                run.append(self.at(frame.seconds, frame.score))
                continue
            self._stroke(run)
            run = []
        for frame in frames:
            if frame.index in top and frame.score is not None:
                self._dot(self.at(frame.seconds, frame.score), _RED if frame.score >= fake_above else _INK)

    def _stroke(self, run: list[tuple[float, float]]) -> None:
        if len(run) == 1:
            self._dot(run[0], _LINE)
        elif run:
            self._pen.line(run, _LINE, 2 * _FINER, "curve")

    def _dot(self, place: tuple[float, float], colour: tuple[int, int, int]) -> None:
        for radius, ink in ((7, _PAPER), (5, colour)):
            r = radius * _FINER
            self._pen.ellipse((place[0] - r, place[1] - r, place[0] + r, place[1] + r), ink)

    def picture(self) -> RGBImage:
        """Shrunk, so that lines are smooth."""
        return np.asarray(self._sheet.resize(_SIZE_WH, Image.Resampling.LANCZOS))


def _ticks(seconds: float) -> list[float]:
    """At most eleven round times."""
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
    step = next((step for step in steps if seconds / step <= 10), 36000)
    return [n * step for n in range(int(seconds / step) + 1)]


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.3g} s"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
