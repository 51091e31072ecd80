"""WhisperX in its own environment: speech to words with their times, and to speakers where the weights are there.

``transcribe`` takes

    sound        file of numpy, (n,) float32 at 16 kHz
    model        folder of a Whisper model in CTranslate2's format
    language     ISO 639-1, or null to find out
    aligners     language → folder of a wav2vec 2.0 model with CTC head, for exact times of words
    diarizer     folder of a pyannote pipeline, or null
    device       auto, cpu or cuda
    threads      processors to use
    scratch      folder for what NLTK wants to find on disk

and gives ``language``, ``aligned`` (whether a wav2vec 2.0 model timed the words, or Whisper itself did) and ``words``:
a list of ``[text, start_s, end_s, speaker, confidence]`` in the order of time.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from serving import Failure, Report, serve

RATE_HZ = 16000
_BATCH = 8

_models: dict[tuple[str, ...], Any] = {}
"""What is in memory, by what it was loaded from."""


def transcribe(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """The method; see the top of this file."""
    import numpy as np

    sound = np.load(params["sound"], allow_pickle=False)
    device = _device(params["device"])
    report(0.0, "Loading WhisperX")
    _make_punkt(Path(params["scratch"]))
    pipeline = _whisper(params["model"], device, params["threads"])
    language = params["language"] or _language(pipeline, sound)
    if language not in pipeline.model.supported_languages:
        raise Failure(f"this Whisper model does not know the language {language!r}.")
    aligner = params["aligners"].get(language)
    end = 0.7 if params["diarizer"] else 1.0
    if aligner:
        words = _listen_and_align(pipeline, sound, language, aligner, device, _share(report, 0.1, end))
    else:
        words = _listen(pipeline, sound, language, _share(report, 0.1, end))
    if params["diarizer"] and words:
        _tell_speakers(words, sound, params["diarizer"], device, _share(report, end, 1.0))
    return {
        "language": language,
        "aligned": bool(aligner),
        "words": [[w["word"], w["start"], w["end"], w.get("speaker", ""), w["confidence"]] for w in words],
    }


def _language(pipeline: Any, sound: Any) -> str:
    """Of the loudest half minute, since many recordings begin with silence or music."""
    import numpy as np

    if not pipeline.model.model.is_multilingual:
        return "en"
    step = 30 * RATE_HZ
    loudest = max(range(0, len(sound), step), key=lambda start: float(np.square(sound[start : start + step]).sum()))
    return pipeline.detect_language(sound[loudest : loudest + step])


# -- listening ---------------------------------------------------------------------------------------------------------


def _listen_and_align(
    pipeline: Any, sound: Any, language: str, aligner: str, device: str, report: Report
) -> list[dict[str, Any]]:
    import whisperx

    heard = pipeline.transcribe(
        sound,
        batch_size=_BATCH if device == "cuda" else 1,
        language=language,
        progress_callback=lambda percent: report(percent / 100 * 0.7, "Listening"),
    )
    if not heard["segments"]:
        return []
    key = ("aligner", aligner, device)
    if key not in _models:
        report(0.7, "Loading the aligner")
        _models[key] = whisperx.load_align_model(language, device, model_name=aligner, model_cache_only=True)
    model, metadata = _models[key]
    aligned = whisperx.align(
        heard["segments"],
        model,
        metadata,
        sound,
        device,
        progress_callback=lambda percent: report(0.7 + percent / 100 * 0.3, "Timing the words"),
    )
    words = []
    for segment in aligned["segments"]:
        sure = math.exp(min(segment.get("avg_logprob", 0.0), 0.0))
        words += _timed(segment["words"], segment["start"], segment["end"], sure)
    return words


def _timed(words: list[dict[str, Any]], start: float, end: float, sure: float) -> list[dict[str, Any]]:
    """The words that have letters, each with times: those of a number may lack them and lie between its neighbours."""
    done: list[dict[str, Any]] = []
    last = start
    for word in words:
        begins = max(word.get("start", last), last)
        ends = max(word.get("end", min(begins + 0.2, end)), begins)
        done.append({"word": word["word"].strip(), "start": float(begins), "end": float(ends), "confidence": sure})
        last = ends
    return [word for word in done if word["word"]]


def _listen(pipeline: Any, sound: Any, language: str, report: Report) -> list[dict[str, Any]]:
    """Times of words from Whisper's own attention: less exact, for any language it knows."""
    segments, _ = pipeline.model.transcribe(
        sound, language=language, beam_size=5, word_timestamps=True, vad_filter=True, condition_on_previous_text=False
    )
    words = []
    for segment in segments:
        report(segment.end * RATE_HZ / max(len(sound), 1), "Listening")
        words += [
            {"word": w.word.strip(), "start": float(w.start), "end": float(w.end), "confidence": float(w.probability)}
            for w in segment.words or ()
            if w.word.strip()
        ]
    return words


def _tell_speakers(words: list[dict[str, Any]], sound: Any, diarizer: str, device: str, report: Report) -> None:
    import whisperx
    from whisperx.diarize import DiarizationPipeline

    key = ("diarizer", diarizer, device)
    if key not in _models:
        report(0.0, "Loading the speakers' model")
        _models[key] = DiarizationPipeline(model_name=diarizer, device=device)
    turns = _models[key](sound, progress_callback=lambda percent: report(percent / 100, "Telling speakers apart"))
    whisperx.assign_word_speakers(turns, {"segments": [{"words": words, "start": 0.0, "end": 0.0}]}, fill_nearest=True)


# -- models ------------------------------------------------------------------------------------------------------------


def _whisper(folder: str, device: str, threads: int) -> Any:
    import torch
    import whisperx

    key = ("whisper", folder, device)
    if key not in _models:
        torch.set_num_threads(threads)
        kinds = {"compute_type": "float16" if device == "cuda" else "int8", "threads": threads}
        _models[key] = whisperx.load_model(folder, device, vad_method="pyannote", local_files_only=True, **kinds)
    return _models[key]


def _device(wanted: str) -> str:
    import ctranslate2
    import torch

    cuda = ctranslate2.get_cuda_device_count() > 0 and torch.cuda.is_available()
    if wanted == "cuda" and not cuda:
        raise Failure(
            "WhisperX finds no NVIDIA card; set device to auto or cpu, or install it again with torch for CUDA."
        )
    return "cuda" if cuda and wanted in ("auto", "cuda") else "cpu"


def _make_punkt(scratch: Path) -> None:
    """Sentence splitters that know no abbreviations: whisperx wants some on disk, and we do not use its sentences."""
    import nltk
    from whisperx.utils import PUNKT_LANGUAGES

    for language in {"english", *PUNKT_LANGUAGES.values()}:
        folder = scratch / "nltk" / "tokenizers" / "punkt_tab" / language
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt"):
            (folder / name).touch()
    nltk.data.path[:] = [str(scratch / "nltk")]


def _share(report: Report, start: float, stop: float) -> Report:
    return lambda fraction, message: report(start + (stop - start) * min(fraction, 1.0), message)


if __name__ == "__main__":
    serve("whisperx", ("whisperx", "faster-whisper", "ctranslate2", "torch"), {"transcribe": transcribe})
