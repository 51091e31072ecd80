"""The loop: lessons in, weights out, with a log that is kept beside them."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from deepmask.progress import Progress, silent
from training.fakes.network import UNet
from training.fakes.samples import Lessons


@dataclass(frozen=True)
class Course:
    """How it is learned."""

    steps: int = 4000
    minutes: float | None = None
    """It ends earlier when this is over; the rate falls in time for that."""
    batch: int = 16
    rate: float = 2e-3
    weight_decay: float = 1e-3
    averaging: float = 0.995
    """Share of the averaged weights kept at each step; these are what is exported."""
    seed: int = 1
    bfloat16: bool = False
    """Shorter numbers where they suffice: three times as fast on processors that have them, slower on others."""


@dataclass(frozen=True)
class Entry:
    """What the log keeps of some steps."""

    step: int
    loss: float
    """Mean since the last entry."""
    rate: float
    seconds: float
    """Since the beginning."""


def learn(lessons: Lessons, course: Course, *, progress: Progress = silent) -> tuple[UNet, list[dict[str, float]]]:
    """A trained network, and its log."""
    torch.manual_seed(course.seed)
    rng = np.random.default_rng(course.seed)
    net = UNet()
    net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    averaged = copy.deepcopy(net).eval()
    descent = torch.optim.AdamW(net.parameters(), course.rate, weight_decay=course.weight_decay)
    log: list[dict[str, float]] = []
    started, recent = time.monotonic(), []
    done, step = 0.0, 0
    while done < 1:
        step += 1
        done = max(step / course.steps, (time.monotonic() - started) / (60 * (course.minutes or math.inf)))
        rate = _rate(step, min(done, 1.0), course)
        for group in descent.param_groups:
            group["lr"] = rate
        rgb, mask = batch(lessons, course.batch, rng, min(1.0, done / _EASY))
        with torch.autocast("cpu", torch.bfloat16, enabled=course.bfloat16):
            logits = net(rgb)
        loss = loss_of(logits.float(), mask)
        descent.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        descent.step()
        _average(averaged, net, min(course.averaging, step / (step + 10)))
        recent.append(float(loss.detach()))
        progress(min(done, 1.0), f"Step {step}, loss {recent[-1]:.3f}")
        if step % 100 == 0 or done >= 1:
            seconds = round(time.monotonic() - started, 1)
            log.append(asdict(Entry(step, round(float(np.mean(recent)), 4), round(rate, 6), seconds)))
            recent = []
    return averaged, log


_EASY = 0.4
"""Share of the course in which lessons become harder."""


def batch(lessons: Lessons, size: int, rng: np.random.Generator, hardness: float = 1.0) -> tuple[Tensor, Tensor]:
    """(size, 3, n, n) in 0..1, the genuine half first, and (size, 1, n / 2, n / 2) shares of faked pixels."""
    pairs = [lessons.draw(rng, hardness) for _ in range(size // 2)]
    drawn = [one.genuine for one in pairs] + [one.faked for one in pairs]
    marks = [np.zeros_like(one.mask) for one in pairs] + [one.mask for one in pairs]
    rgb = torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float() / 255
    mask = torch.from_numpy(np.stack(marks))[:, None]
    return rgb.contiguous(memory_format=torch.channels_last), functional.avg_pool2d(mask, 2)


def loss_of(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of the pixels, overlap where something is faked, and cross-entropy of the whole square.

    A square's own logit is the mean of its highest tenth, so that one stray pixel neither makes nor breaks a verdict.
    """
    pixels = functional.binary_cross_entropy_with_logits(logits, mask)
    faked = mask.flatten(1).sum(1) > 8
    shown = torch.sigmoid(logits)
    both = 2 * (shown * mask).flatten(1).sum(1) + 1
    dice = 1 - both / (shown.flatten(1).sum(1) + mask.flatten(1).sum(1) + 1)
    flat = logits.flatten(1)
    whole = flat.topk(flat.shape[1] // 10, 1).values.mean(1)
    verdict = functional.binary_cross_entropy_with_logits(whole, faked.float())
    return pixels + 0.5 * (dice * faked).sum() / faked.sum().clamp(min=1) + 0.6 * verdict


def _rate(step: int, done: float, course: Course) -> float:
    """Rises over the first steps, then falls as a cosine; ``done`` is the share of the course that is over."""
    warm = min(1.0, step / 100)
    return course.rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)


@torch.no_grad()
def _average(averaged: UNet, net: UNet, kept: float) -> None:
    for mean, now in zip(averaged.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - kept)
        else:
            mean.copy_(now)
