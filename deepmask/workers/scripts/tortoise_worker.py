"""Tortoise in its own environment: text to speech with voices that belong to nobody.

Voices are drawn by Tortoise's own generator of random conditioning latents; nothing here takes a recording of a person.
Both methods take

    models       folder with the files of Manmay/tortoise-tts
    device       auto, cpu, cuda or mps
    threads      processors to use
    text         English, what would be said in one breath
    latents      file of numpy with two arrays: the voice

``cast`` draws a voice for each of ``seeds``, lets it say ``text``, writes the one whose median pitch is nearest to
``pitch_hz`` to ``latents``, and gives its ``pitch_hz``.

``speak`` says ``text`` ``candidates`` times with the voice of ``latents``, by ``preset`` (null: by the device) from
``seed``, writes the one whose length is nearest to ``seconds`` (null: the one Tortoise likes best) to ``sound``, a file
of numpy with (n,) float32 at 24 kHz, and gives the ``seconds`` of all.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from serving import Failure, Report, serve

RATE_HZ = 24000
_LONGEST_TOKENS = 399
_CHARACTERS_PER_S = 14.0

_loaded: dict[tuple[str, str, int], Any] = {}
"""The one model that is in memory, by what it was loaded from."""


def cast(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Draw voices and keep the most fitting one; see the top of this file."""
    import numpy as np
    import torch

    speaker = _tortoise(params, report)
    tried = []
    for n, seed in enumerate(params["seeds"]):
        part = _share(report, n / len(params["seeds"]), (n + 1) / len(params["seeds"]))
        torch.manual_seed(seed)
        latents = speaker.get_random_conditioning_latents()
        pitch = _pitch_hz(_candidates(speaker, params["text"], latents, "ultra_fast", seed, 1, part)[0])
        distance = abs(np.log(pitch / params["pitch_hz"])) if pitch else np.inf
        tried.append((distance, n, pitch, latents))
    _, _, pitch, latents = min(tried, key=lambda voice: voice[:2])
    with open(params["latents"], "wb") as file:
        np.savez(file, autoregressive=latents[0].cpu().numpy(), diffusion=latents[1].cpu().numpy())
    return {"pitch_hz": pitch}


def speak(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Speak a text; see the top of this file."""
    import numpy as np
    import torch

    speaker = _tortoise(params, report)
    if len(speaker.tokenizer.encode(params["text"])) >= _LONGEST_TOKENS:
        raise Failure("the text is too long for one breath; split it into sentences.")
    with np.load(params["latents"], allow_pickle=False) as arrays:
        latents = tuple(torch.from_numpy(arrays[name]) for name in ("autoregressive", "diffusion"))
    preset = params["preset"] or ("ultra_fast" if speaker.device.type == "cpu" else "fast")
    spoken = _candidates(speaker, params["text"], latents, preset, params["seed"], params["candidates"], report)
    lengths = [len(sound) / RATE_HZ for sound in spoken]
    wanted = params["seconds"]
    best = 0 if wanted is None else min(range(len(spoken)), key=lambda n: abs(lengths[n] - wanted))
    np.save(params["sound"], spoken[best])
    return {"seconds": lengths, "preset": preset, "device": speaker.device.type}


def _candidates(speaker: Any, text: str, latents: Any, preset: str, seed: int, count: int, report: Report) -> list[Any]:
    """(n,) float32 sounds without the silence around them; fewer than ``count`` if some say nothing."""
    import librosa
    import numpy as np
    from transformers import StoppingCriteriaList

    tokens = _most_tokens(text)
    _Steps.report, _Steps.done, _Steps.rounds = report, 0, 2 + count
    result = speaker.tts_with_preset(
        text,
        preset=preset,
        conditioning_latents=latents,
        k=count,
        use_deterministic_seed=seed,
        max_mel_tokens=tokens,
        stopping_criteria=StoppingCriteriaList([lambda ids, scores: _Steps.within(ids.shape[1] / tokens)]),
    )
    sounds = []
    for candidate in result if isinstance(result, list) else [result]:
        sound = candidate.squeeze().float().cpu().numpy()
        trimmed, _ = librosa.effects.trim(np.nan_to_num(sound), top_db=40)
        if len(trimmed) and np.abs(trimmed).max() > 1e-4:
            sounds.append(np.clip(trimmed, -1.0, 1.0).astype(np.float32))
    if not sounds:
        raise Failure("nothing audible came out; try other words.")
    return sounds


def _most_tokens(text: str) -> int:
    """A bound on the length of the speech, so that a candidate that babbles on is cut: 22 tokens are a second."""
    return min(round((3.0 + 2.5 * len(text) / _CHARACTERS_PER_S) * 22), 500)


def _pitch_hz(sound: Any) -> float:
    """Median fundamental frequency; 0 if nothing is voiced."""
    import librosa
    import numpy as np

    pitch, voiced, _ = librosa.pyin(sound, fmin=60, fmax=400, sr=RATE_HZ, frame_length=2048)
    return float(np.median(pitch[voiced])) if voiced.any() else 0.0


class _Steps:
    """Stands in for tqdm, with which Tortoise counts its rounds: drawing, judging, and diffusion of each candidate."""

    report: Report
    done = 0
    """Rounds."""
    rounds = 1
    at = 0.0
    step = 1.0
    """Position in the round and length of a step, as fractions of it."""

    def __init__(self, steps: Any, disable: bool = False) -> None:
        self._steps = list(steps)

    def __iter__(self) -> Iterator[Any]:
        _Steps.step = 1 / max(len(self._steps), 1)
        for n, step in enumerate(self._steps):
            _Steps.at = n * _Steps.step
            _Steps.within(0.0)
            yield step
        _Steps.done += 1

    @classmethod
    def within(cls, fraction: float) -> bool:
        """Report how far the present step is; False, since generation asks here whether to stop."""
        names = ("Drawing candidates", "Choosing among them")
        name = names[cls.done] if cls.done < len(names) else "Making it sound"
        cls.report(min((cls.done + cls.at + min(fraction, 1.0) * cls.step) / cls.rounds, 1.0), name)
        return False


def _tortoise(params: dict[str, Any], report: Report) -> Any:
    """The model, loaded once: 3.9 GB of weights."""
    key = (params["models"], params["device"], params["threads"])
    if key not in _loaded:
        report(0.0, "Loading Tortoise")
        import torch

        torch.set_num_threads(params["threads"])
        _choose_device(params["device"])
        import tortoise.api
        import tortoise.utils.diffusion

        tortoise.api.tqdm = tortoise.utils.diffusion.tqdm = _Steps
        tortoise.api.get_model_path = lambda name, folder: os.path.join(folder, name)
        batch = tortoise.api.pick_best_batch_size_for_gpu() if torch.cuda.is_available() else 8
        _loaded.clear()
        _loaded[key] = tortoise.api.TextToSpeech(
            models_dir=params["models"],
            enable_redaction=False,
            kv_cache=True,
            half=False,
            autoregressive_batch_size=batch,
        )
    return _loaded[key]


def _choose_device(wanted: str) -> None:
    """Tortoise takes whatever it finds, so that what is not wanted must not be found."""
    import torch

    if wanted in ("cuda", "mps") and not getattr(torch, wanted).is_available():
        raise Failure(f"Tortoise finds no device {wanted}; set device to auto or cpu.")
    if wanted in ("cpu", "mps"):
        torch.cuda.is_available = lambda: False
    if wanted != "mps":
        torch.backends.mps.is_available = lambda: False


def _share(report: Report, start: float, stop: float) -> Report:
    return lambda fraction, message: report(start + (stop - start) * min(fraction, 1.0), message)


if __name__ == "__main__":
    serve("tortoise", ("tortoise-tts", "torch", "transformers"), {"cast": cast, "speak": speak})
