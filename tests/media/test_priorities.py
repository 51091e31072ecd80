"""Encoding leaves the machine to others."""

import os
import sys
from pathlib import Path

import pytest

from deepmask.media import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.media.clip_writing import SegmentWriter
from tests.tiny.clips import even, make_clip


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these priorities")
def test_av1_is_encoded_without_real_time_priority_even_as_root(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", even(4)))
    before = os.sched_getscheduler(0)
    with SegmentWriter(tmp_path / "out.mp4", clip, Encoding(".mp4", codec="av1")) as writer:
        for picture in clip.pictures():
            writer.write(picture)
        workers = [os.sched_getscheduler(int(thread.name)) for thread in Path("/proc/self/task").iterdir()]
    assert len(workers) > 4
    assert set(workers) == {before}
    assert os.sched_getscheduler(0) == before
