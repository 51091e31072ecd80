"""What the buttons of the Voice tab do to a session; knows no widget."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deepmask import engines, subtitles
from deepmask.engines import EngineSpec, Kind
from deepmask.errors import EngineError, InputError
from deepmask.media.sound import Sound
from deepmask.media.sound_formats import MUXED, WRITTEN
from deepmask.media.sound_writing import SoundWriter
from deepmask.persona import Persona
from deepmask.progress import Progress, part, silent
from deepmask.vault import Vault
from deepmask.voice import Voice, voice_of
from deepmask.voice_plan import VoiceDecision, VoicePlan
from pipelines import voice
from pipelines.voice import VoiceOptions
from ui import wave
from ui.choices import EVERYBODY, Choice
from ui.session import Session
from ui.voice_desk import Clip, Recording

ANONYMOUS, KEEP = "anonymous", "keep"
MOST_SPEAKERS = 8
"""Of this many the voice can be chosen one by one; further ones get what everybody gets."""
_BROWSERS_PLAY = ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le", "mp3", "aac", "opus", "vorbis", "flac")
_BROWSERS_SHOW = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
_BROWSERS_HEAR = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus")
_OTHER_VIDEOS = {".3gp": ".mp4"}
"""Containers of the result of a video whose own we cannot write; a Matroska file holds anything."""


@dataclass(frozen=True)
class Known:
    """The personas, and who the voices become, as of one moment."""

    personas: tuple[Persona, ...]
    who: str

    @property
    def persona(self) -> Persona | None:
        """The persona everybody becomes."""
        return next((p for p in self.personas if EVERYBODY + p.id == self.who), None)


@dataclass(frozen=True)
class VoiceWork:
    """The Voice tab's verbs, for one vault."""

    vault: Vault

    def open(self, session: Session, upload: Path, name: str, progress: Progress) -> None:
        """Put a recording on the desk in the place of the last one.

        Raises:
            MediaError: no sound can be read; the file is removed.
        """
        session.remove_recording()
        path = session.adopt(upload, name)
        try:
            progress(0.0, f"Opening {path.name}")
            sound = Sound.open(path)
            before = clip(sound, path.parent, progress)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        desk = session.voice
        desk.recording, desk.others = Recording(path, sound, before), {}

    # ------------------------------------------------------------------------------------------------ decisions
    def known(self, session: Session) -> Known:
        """Personas, and who voices become: what the user chose, or the most sensible choice."""
        personas = tuple(self.vault.personas())
        values = [value for _, value in who_choices(personas)]
        return Known(personas, session.voice.who if session.voice.who in values else values[0])

    def choose(self, session: Session, who: str) -> None:
        """Whom the voices become was changed."""
        session.voice.who, session.voice.tuned = who, None
        self.decide(session)

    def choose_one(self, session: Session, speaker: str, value: str) -> None:
        """Whom one speaker becomes was changed."""
        session.voice.others[speaker] = value
        self.decide(session)

    def set(self, session: Session, **changes: Any) -> None:
        """How voices are masked was changed: fields of :class:`pipelines.voice.VoiceOptions`."""
        session.voice.options = replace(session.voice.options, **changes)
        self.decide(session)

    def options(self, session: Session) -> VoiceOptions:
        """All that was chosen; engines that are no longer ready are left to be found anew."""
        chosen, persona = session.voice.options, self.known(session).persona
        return replace(
            chosen,
            persona=None if persona is None else persona.id,
            converter=_ready("voice_converter", chosen.converter),
            transcriber=_ready("transcriber", chosen.transcriber),
            synthesizer=_ready("speech_synthesizer", chosen.synthesizer),
        )

    def decide(self, session: Session) -> None:
        """Bring the plan in line with what was chosen; what was rendered is void if that changes it."""
        recording, options = session.voice.recording, self.options(session)
        if recording is None or recording.plan is None:
            return
        plan = recording.plan
        if options.method == "convert" or plan.phrases:
            plan = self._decided(session, plan, options)
        if plan != recording.plan or (recording.masked and plan.method != options.method):
            recording.changed(plan)

    def _decided(self, session: Session, plan: VoicePlan, options: VoiceOptions) -> VoicePlan:
        plan = voice.decide(plan, options)
        ids = {persona.id for persona in self.known(session).personas}
        for speaker, value in session.voice.others.items():
            decision = to_decision(value)
            if any(s.id == speaker for s in plan.speakers) and (decision.persona is None or decision.persona in ids):
                plan = plan.decided(speaker, decision)
        return plan

    # ---------------------------------------------------------------------------------------------------- words
    def listen(self, session: Session, progress: Progress) -> None:
        """Write down what is said.

        Raises:
            InputError: no speech, or another language than the recogniser's.
        """
        recording, options = _recording(session), self.options(session)
        plan = voice.analyze(recording.sound, replace(options, transcribe=True), progress=progress)
        if not plan.phrases:
            raise InputError(f"No speech was understood in {recording.path.name}; convert the voice instead.")
        recording.changed(self._decided(session, plan, self.options(session)))

    def said(self, session: Session, index: int, text: str) -> None:
        """The words of a phrase were corrected."""
        recording = _recording(session)
        if recording.plan is None or not 0 <= index < len(recording.plan.phrases):
            raise InputError("These words are no longer on the desk; write them down again.")
        plan = recording.plan.said(index, text)
        if plan.phrases[index].text != recording.plan.phrases[index].text:
            recording.changed(plan)

    # ----------------------------------------------------------------------------------------------------- mask
    def mask(self, session: Session, progress: Progress) -> None:
        """Mask the recording and check the result; what was written down before is not heard again.

        Raises:
            InputError: words are to be spoken anew that nobody has written down.
        """
        recording = _recording(session)
        while recording.masked is None:  # again if the plan was edited meanwhile
            self._mask_once(session, recording, progress)

    def _mask_once(self, session: Session, recording: Recording, progress: Progress) -> None:
        options = self.options(session)
        plan = recording.plan or voice.analyze(
            recording.sound, replace(options, method="convert", transcribe=False), progress=part(progress, 0.0, 0.1)
        )
        plan = self._decided(session, plan, options)
        if plan != recording.plan:
            recording.changed(plan)
        version = recording.version
        out = recording.folder / f"masked-{version}" / masked_name(recording.sound)
        report = voice.deliver(
            recording.sound, plan, self.vault, out, provenance=session.provenance, progress=part(progress, 0.1, 0.95)
        )
        after = clip(Sound.open(out), out.parent, part(progress, 0.95, 1.0), "Looking at the result")
        if recording.version == version:  # else what was rendered is void: the page must not show it
            recording.masked, recording.report, recording.after = out, report, after

    # ---------------------------------------------------------------------------------------------------- files
    def take_plan(self, session: Session, upload: Path) -> None:
        """Go on with a plan that was saved before.

        Raises:
            PlanError: no plan, or that of another recording.
        """
        recording = _recording(session)
        plan = VoicePlan.load(upload)
        voice.validate(recording.sound, plan)
        decisions = [to_value(speaker.decision) for speaker in plan.speakers]
        desk = session.voice
        desk.options = replace(
            desk.options,
            method=plan.method,
            strength=plan.strength,
            background=plan.background,
            language=plan.language,
            converter=plan.engines.get("voice_converter", "auto"),
            transcriber=plan.engines.get("transcriber", "auto"),
            synthesizer=plan.engines.get("speech_synthesizer", "auto"),
        )
        desk.who, desk.tuned = decisions[0] if decisions[0] != KEEP else ANONYMOUS, None
        desk.others = {speaker.id: value for speaker, value in zip(plan.speakers, decisions, strict=True)}
        if len(plan.speakers) == 1 and decisions[0] != KEEP:
            desk.others = {}
        recording.changed(plan)
        self.decide(session)

    @staticmethod
    def written(recording: Recording, suffix: str) -> Path | None:
        """Plan (.json), report (.report.json) or subtitles (.srt, .vtt) as a file; None when there is nothing."""
        plan, report = recording.plan, recording.report
        path = recording.folder / f"version-{recording.version}" / f"{recording.path.stem}{suffix}"
        if suffix == "-report.json":
            if report is None:
                return None
            report.save(path)
        elif plan is None or (suffix in (".srt", ".vtt") and not plan.phrases):
            return None
        elif suffix == "-plan.json":
            plan.save(path)
        else:
            subtitles.save(plan.phrases, path)
        return path

    # ------------------------------------------------------------------------------------------- persona's voice
    def tune(self, session: Session, **numbers: float) -> None:
        """The sliders of the chosen persona's voice were moved."""
        self._persona(session)
        session.voice.tuned = replace(self.tuned(session), **numbers)

    def tuned(self, session: Session) -> Voice:
        """The voice of the chosen persona as the sliders have it."""
        persona = self.known(session).persona
        return session.voice.tuned or (Voice() if persona is None else voice_of(persona))

    def keep_voice(self, session: Session) -> str:
        """The chosen persona has this voice from now on; what was rendered with another one is void."""
        persona, sounds = self._persona(session), self.tuned(session)
        self.vault.update(replace(persona, voice=sounds))
        session.voice.tuned = None
        if (recording := session.voice.recording) is not None and _is_in(persona.id, recording.plan):
            recording.changed(recording.plan)
        return persona.name

    def play_sample(self, session: Session, progress: Progress = silent) -> Path:
        """A sentence in the voice of the sliders."""
        self._persona(session)
        path = session.folder / f"sample-{secrets.token_hex(4)}.wav"
        chosen = self.options(session)
        voice.sample(
            self.tuned(session), path, method=chosen.method, converter=chosen.converter,
            synthesizer=chosen.synthesizer, progress=progress,
        )  # fmt: skip
        if session.voice.sample is not None:
            session.voice.sample.unlink(missing_ok=True)
        session.voice.sample = path
        return path

    def _persona(self, session: Session) -> Persona:
        persona = self.known(session).persona
        if persona is None:
            raise InputError("Choose a persona first; a voice of nobody is another one each time.")
        return persona


def who_choices(personas: tuple[Persona, ...]) -> list[Choice]:
    """Whom the voices become, the latest persona first."""
    latest_first = [(f"Becomes {p.name}", EVERYBODY + p.id) for p in reversed(personas)]
    return [*latest_first, ("Becomes a voice of nobody", ANONYMOUS)]


def speaker_choices(personas: tuple[Persona, ...]) -> list[Choice]:
    """What can happen to one of several speakers."""
    return [*who_choices(personas), ("Leave as it is", KEEP)]


def to_value(decision: VoiceDecision) -> str:
    """The menu's value for a decision."""
    return EVERYBODY + decision.persona if decision.persona else decision.action


def to_decision(value: str) -> VoiceDecision:
    """The decision behind a menu's value."""
    if value.startswith(EVERYBODY):
        return VoiceDecision("persona", value.removeprefix(EVERYBODY))
    return VoiceDecision(value)  # type: ignore[arg-type]  # VoiceDecision itself refuses what is no action


def tells_speakers(name: str) -> bool:
    """Whether the recogniser that would be used tells people apart."""
    try:
        return engines.load("transcriber", _ready("transcriber", name)).tells_speakers
    except EngineError:
        return False


def waiting_rows(kind: Kind) -> list[EngineSpec]:
    """Engines that are not ready."""
    return [row for row in engines.rows(kind) if row.missing()]


def masked_name(sound: Sound) -> str:
    """Name of the masked file: '-masked' behind the stem, in the same format if it can be written."""
    path = Path(sound.name)
    suffix = path.suffix.lower()
    if sound.has_video:
        suffix = suffix if suffix in MUXED else _OTHER_VIDEOS.get(suffix, ".mkv")
    elif suffix not in WRITTEN:
        suffix = ".wav" if sound.codec.startswith("pcm") else ".m4a"
    return f"{path.stem}-masked{suffix}"


def clip(sound: Sound, folder: Path, progress: Progress = silent, message: str = "") -> Clip:
    """A sound as the page plays it: the file itself, or a copy that browsers understand."""
    told: Progress = (lambda fraction, _: progress(fraction, message)) if message else progress
    assert sound.path is not None
    heights = wave.peaks(sound, part(told, 0.0, 0.6))
    suffix = sound.path.suffix.lower()
    if sound.has_video and suffix in _BROWSERS_SHOW:
        return Clip(sound.path, True, sound.seconds, heights)
    if sound.codec in _BROWSERS_PLAY and suffix in _BROWSERS_HEAR and not sound.has_video:
        return Clip(sound.path, False, sound.seconds, heights)
    path = folder / "played.mp3"
    with SoundWriter(path, sound.rate_hz, sound.channels) as writer:
        done = 0
        for block in sound.blocks():
            writer.write(block)
            done += len(block)
            told(0.6 + 0.4 * min(done / max(sound.seconds * sound.rate_hz, 1), 1.0), f"Opening {sound.name}")
    return Clip(path, False, sound.seconds, heights)


def _ready(kind: Kind, name: str) -> str:
    return name if any(row.name == name and not row.missing() for row in engines.rows(kind)) else "auto"


def _is_in(persona: str, plan: VoicePlan | None) -> bool:
    return plan is not None and any(speaker.decision.persona == persona for speaker in plan.speakers)


def _recording(session: Session) -> Recording:
    if session.voice.recording is None:
        raise InputError("Drop a recording first, or record one.")
    if not session.voice.recording.path.is_file():
        raise InputError("This page rested for a while and its recording was deleted; drop it here again.")
    return session.voice.recording
