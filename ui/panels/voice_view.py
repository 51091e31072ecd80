"""What the Voice tab shows of a session: HTML."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from deepmask import engines
from deepmask.voice_plan import Method, Strength, VoicePlan
from deepmask.voice_report import VoiceFinding, VoiceReport
from ui import wave
from ui.panels.shared import note
from ui.theme import ASSETS
from ui.voice_desk import Clip, Recording
from ui.voice_work import waiting_rows

SCRIPT = (ASSETS / "voice.js").read_text("utf-8")
"""Behaviour of :func:`players` and :func:`transcript`."""
UNSURE_BELOW = 0.5
"""Confidence of a phrase below which it is marked."""
VERDICTS = {"hidden": "Hidden", "weak": "Weak", "leak": "Leak", "unmeasured": "Not measured", "kept": "As it was"}
WITHSTANDS: dict[tuple[Method, Strength], str] = {
    (
        "convert",
        "natural",
    ): "Sounds like a person. Makes a matcher err about a third of the time, and hides from nobody "
    "determined. Words, rhythm and loudness stay yours.",
    ("convert", "strong"): "Misleads more often and is harder to understand. Still not safe from somebody determined. "
    "Words, rhythm and loudness stay yours.",
    (
        "respeak",
        "natural",
    ): "A computer speaks your words; nothing of the recording remains. Only this hides a voice from "
    "somebody determined. What you say, and when, still tells something.",
}


def told(method: Method, strength: Strength) -> str:
    """What the chosen way withstands."""
    return note(WITHSTANDS[method, strength if method == "convert" else "natural"])


def title(recording: Recording) -> str:
    """Name and kind of the recording."""
    sound = recording.sound
    kind = "video" if sound.has_video else "stereo" if sound.channels == 2 else "mono"
    return (
        f"<strong>{escape(recording.path.name)}</strong>"
        f"<span>{clock(sound.seconds)} · {sound.rate_hz / 1000:g} kHz · {kind}</span>"
    )


def players(recording: Recording, who: str) -> str:
    """The original, and the masked recording under it, or beside it if it is a video."""
    clips = [_player("Original", recording.before)]
    if recording.after is not None:
        clips.append(_player(f"Masked: {who}", recording.after, "dm-masked"))
    kind = " dm-videos" if recording.before.is_video else ""
    return f'<div class="dm-players{kind}">{"".join(clips)}</div>'


def sample(clip: Clip, name: str) -> str:
    """A sample sentence that plays at once."""
    return _player(f"{name}, a sample", clip, "dm-masked", autoplay=True)


def _player(label: str, clip: Clip, kind: str = "", *, autoplay: bool = False) -> str:
    source = f'src="gradio_api/file={quote(str(clip.path))}" preload="metadata"{" autoplay" if autoplay else ""}'
    sorry = '<p class="dm-sorry">This browser cannot play it; download it instead.</p>'
    if clip.is_video:
        inner = f"<video {source} controls playsinline></video>{sorry}"
    else:
        shape = wave.shape(clip.peaks)
        inner = (
            '<div class="dm-play"><button type="button" aria-label="Play"></button>'
            f'<div class="dm-wave" role="slider" tabindex="0" aria-label="Place in the recording" aria-valuemin="0" '
            f'aria-valuemax="{clip.seconds:.0f}" aria-valuenow="0"><i style="--shape:url({shape})"></i>'
            f"</div><time>{clock(clip.seconds)}</time></div><audio {source}></audio>{sorry}"
        )
    return f'<figure class="dm-player {kind}"><figcaption>{escape(label)}</figcaption>{inner}</figure>'


def transcript(plan: VoicePlan | None) -> str:
    """The phrases, their words to be corrected in place."""
    if plan is None or not plan.phrases:
        return ""
    several = len(plan.speakers) > 1
    names = {speaker.id: f"Speaker {n}" for n, speaker in enumerate(plan.speakers, 1)}
    rows = []
    for n, phrase in enumerate(plan.phrases):
        unsure = phrase.confidence is not None and phrase.confidence < UNSURE_BELOW
        who = f"<small>{names[phrase.speaker]}</small>" if several else ""
        rows.append(
            f'<li class="{"dm-unsure" if unsure else ""}"><button type="button" data-from="{phrase.start_s:.2f}" '
            f'aria-label="Play from {clock(phrase.start_s)}">{clock(phrase.start_s)}</button>{who}'
            f'<span contenteditable="plaintext-only" role="textbox" spellcheck="true" data-phrase="{n}" '
            f'aria-label="Phrase {n + 1}">{escape(phrase.text)}</span></li>'
        )
    return f'<ol class="dm-phrases{" dm-several" if several else ""}">{"".join(rows)}</ol>'


def words_hint(plan: VoicePlan | None) -> str:
    """What is to be done with the transcript."""
    if plan is None or not plan.phrases:
        return ""
    unsure = sum(p.confidence is not None and p.confidence < UNSURE_BELOW for p in plan.phrases)
    marked = f" {unsure} of {len(plan.phrases)} phrases are marked: they were hard to understand." if unsure else ""
    return (
        '<div class="dm-head dm-words"><h2>What is said</h2><p>Click on words to correct them; what you empty is not '
        f"spoken. Click on a time to listen.{marked}</p></div>"
    )


def summary(report: VoiceReport | None, plan: VoicePlan | None) -> str:
    """Whether the masked recording may be shared, in one sentence."""
    if report is None or plan is None:
        return ""
    if any(finding.engine == "silence" for finding in report.findings):
        return note("A voice could not be masked and was made silent instead; the report says why.", "warn")
    if not report.safe:
        return note(f"{report.summary()} {_remedy(plan)} before you share this.", "warn")
    unmeasured = any(finding.verdict == "unmeasured" for finding in report.findings)
    return note(report.summary(), "info" if unmeasured else "good")


def _remedy(plan: VoicePlan) -> str:
    if plan.method == "respeak":
        return "Choose another voice, and silence between the phrases,"
    return "Choose Speak anew" if plan.strength == "strong" else "Choose Strong or Speak anew"


def report(found: VoiceReport | None) -> str:
    """What was done, voice by voice."""
    if found is None:
        return ""
    rows = "".join(_finding(n, finding) for n, finding in enumerate(found.findings, 1))
    notes = "".join(f"<li>{escape(_sentence(text))}</li>" for text in [*_remarks(found), *found.notes])
    return (
        f'<details class="dm-report" open><summary>Voice by voice</summary><ol>{rows}</ol>'
        f"{f'<ul>{notes}</ul>' if notes else ''}</details>"
    )


def _finding(number: int, finding: VoiceFinding) -> str:
    chip = f'<span class="dm-chip dm-{finding.verdict}">{VERDICTS[finding.verdict]}</span>'
    return f"<li><b>{number}</b>{chip}<p>{escape(' '.join(filter(None, _about(finding))))}</p></li>"


def _about(finding: VoiceFinding) -> list[str]:
    """Sentences about one voice."""
    if finding.verdict == "kept":
        return ["Left as it is, as you asked."]
    wanted = "A voice of nobody" if finding.wanted == "anonymous" else finding.wanted
    told = [f"{wanted}."] if not finding.note else [f"{wanted}.", _sentence(finding.note)]
    if finding.pitch_hz is not None:
        before = "" if finding.pitch_before_hz is None else f" instead of {finding.pitch_before_hz:.0f}"
        told.append(f"Pitch {finding.pitch_hz:.0f} Hz{before}.")
    if finding.phrases is not None:
        late = finding.phrases_too_long
        fitted = f", {late} of them longer than their time" if late else ", all within their time"
        told.append(f"{finding.phrases} phrase{'' if finding.phrases == 1 else 's'} spoken anew{fitted}.")
    if finding.similarity is not None:
        told.append(f"Likeness to the original {finding.similarity:.2f}.")
    return told


def _remarks(found: VoiceReport) -> list[str]:
    """What the numbers mean, and what was not measured."""
    remarks = []
    if found.judge is None:
        remedy = next((row.remedy() for row in engines.rows("speaker_recognizer")), "")
        remarks.append(f"How far a voice is from the original was not measured; for that run: {remedy}")
    elif any(finding.similarity is not None for finding in found.findings):
        remarks.append(
            f"The likeness is how alike a speaker recogniser ({found.judge}) finds the voices; 1 is the same person, "
            "two strangers have about 0.6"
        )
    if found.intelligibility is not None:
        remarks.append(
            f"Intelligibility {found.intelligibility:.2f} of 1, measured against the original: another voice alone "
            "lowers it"
        )
    if found.words_lost is not None:
        remarks.append(f"{found.words_lost:.0%} of the words were not heard again by a recogniser")
    return remarks


def not_ready(kind: engines.Kind) -> str:
    """One line for each engine of a kind that is not ready: how to get it."""
    lines = [f"{row.label or row.name}: <code>{escape(row.remedy())}</code>" for row in waiting_rows(kind)]
    return f'<p class="dm-remedy">{"<br>".join(lines)}</p>' if lines else ""


def clock(seconds: float) -> str:
    """Minutes and seconds, hours if there are any."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 60}:{whole % 60:02}"


def _sentence(words: str) -> str:
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")
