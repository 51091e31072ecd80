"""``deepmask voice``: mask the voices of recordings, in one go or in the steps plan, render and check.

``deepmask voice talk.wav -o out.wav`` is short for ``deepmask voice mask talk.wav -o out.wav``.

A result in which a voice would still be recognisable is not written, unless the user insists (--allow-leaks), and the
exit code is 3 in either case.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from deepmask import engines, subtitles
from deepmask.engines import Kind
from deepmask.media.sound import Sound
from deepmask.progress import part
from deepmask.vault import Vault
from deepmask.voice import voice_of
from deepmask.voice_plan import Background, Method, Strength, VoicePlan
from deepmask.voice_report import VoiceFinding, VoiceReport
from pipelines import voice
from pipelines.voice import VoiceOptions
from ui.commands.shared import (
    ByDefault,
    existing,
    json_option,
    overwrite_option,
    print_json,
    progress_bar,
    provenance_option,
    refuse_existing,
    say,
)

EXIT_LEAK = 3


@click.group(cls=ByDefault, default="mask", usage="RECORDING -o OUT [OPTIONS] | COMMAND ...")
def command() -> None:
    """Mask the voices of a recording, or of the sound track of a video.

    The default converts the voice: words and timing stay, and a program that compares voices errs about a third of the
    time. Only --method respeak, which speaks the words anew, hides a voice from somebody determined.
    """


def _names(kind: Kind) -> click.Choice:
    return click.Choice(["auto", *(row.name for row in engines.rows(kind))])


def _option(name: str, words: Any, text: str) -> Callable[[Any], Any]:
    default = getattr(VoiceOptions, name)
    return click.option(f"--{name}", type=click.Choice(get_args(words)), default=default, show_default=True, help=text)


_DECIDING = (
    click.option("--persona", help="Everybody gets this persona's voice; without it a voice is drawn for the purpose."),
    _option("method", Method, "Convert the recording, or speak its words anew."),
    _option("strength", Strength, "How far converting goes; strong hides better and sounds less natural."),
    _option("background", Background, "What is heard between phrases that are spoken anew."),
    click.option("--language", help="What is spoken, like 'en'; without it the transcriber finds out if it can."),
    click.option("--transcribe", is_flag=True, help="Write down what is said, for subtitles or several speakers."),
    click.option("--converter", type=_names("voice_converter"), default=VoiceOptions.converter, show_default=True),
    click.option("--transcriber", type=_names("transcriber"), default=VoiceOptions.transcriber, show_default=True),
    click.option("--synthesizer", type=_names("speech_synthesizer"), default=VoiceOptions.synthesizer,
                 show_default=True),
)  # fmt: skip


def _deciding(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that decide what happens; the command gets them as ``options``."""
    fields = VoiceOptions.__dataclass_fields__

    @functools.wraps(function)
    def command(*arguments: Any, **given: Any) -> None:
        options = VoiceOptions(**{name: given.pop(name) for name in fields})
        function(*arguments, options=options, **given)

    return functools.reduce(lambda f, decorate: decorate(f), reversed(_DECIDING), command)


_recording = click.argument("source", metavar="RECORDING", type=existing)
_plan_option = click.option("--plan", "plan_path", type=existing, required=True, help="Plan made with 'voice plan'.")
_out_option = click.option("-o", "--out", type=existing, required=True, help="Sound or video file to write.")
_report_option = click.option("--report", type=existing, help="Write what was done, as JSON.")
_subtitles_option = click.option("--subtitles", "srt", type=existing, help="Write what is said, as .srt or .vtt.")
_leaks_option = click.option("--allow-leaks", is_flag=True, help="Write results in which a voice is recognisable.")


@command.command(hidden=True)
@_recording
@_out_option
@_deciding
@_subtitles_option
@_report_option
@_leaks_option
@provenance_option
@overwrite_option
@json_option
@click.pass_context
def mask(
    ctx: click.Context,
    source: Path,
    out: Path,
    options: VoiceOptions,
    srt: Path | None,
    report: Path | None,
    allow_leaks: bool,
    provenance: bool | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Mask the voices of a recording."""
    refuse_existing([out, srt, report], overwrite)
    vault = Vault()
    options = _resolved(replace(options, transcribe=options.transcribe or srt is not None), vault)
    sound = Sound.open(source)
    with progress_bar() as progress:
        plan = voice.analyze(sound, options, progress=part(progress, 0.0, 0.3))
        accept, rest = _accepting(allow_leaks), part(progress, 0.3, 1.0)
        found = voice.deliver(sound, plan, vault, out, accept=accept, provenance=provenance, progress=rest)
    if srt is not None:
        subtitles.save(plan.phrases, srt)
    ctx.exit(_told(source, out, found, report, allow_leaks, as_json))


@command.command("plan", short_help="Write down what is said and say what would happen to each voice.")
@_recording
@click.option("-o", "--out", type=existing, help="Plan to write (JSON); printed when left out.")
@_deciding
@_subtitles_option
@overwrite_option
def plan_command(source: Path, out: Path | None, options: VoiceOptions, srt: Path | None, overwrite: bool) -> None:
    """Write down what is said and say what would happen to each voice, without changing anything.

    In the JSON, correct the text of phrases, and each speaker's decision: {"action": "persona", "persona": ID},
    anonymous or keep with "persona": null. Then run 'deepmask voice render'.
    """
    refuse_existing([out, srt], overwrite)
    options = _resolved(replace(options, transcribe=options.transcribe or srt is not None), Vault())
    with progress_bar() as progress:
        plan = voice.analyze(Sound.open(source), options, progress=progress)
    if srt is not None:
        subtitles.save(plan.phrases, srt)
    if out is None:
        click.echo(plan.to_json(), nl=False)
    else:
        plan.save(out)
        voices = "1 voice" if len(plan.speakers) == 1 else f"{len(plan.speakers)} voices"
        say(f"{source} → {out}: {voices}, {len(plan.phrases)} phrases")


@command.command()
@_recording
@_plan_option
@_out_option
@_report_option
@_leaks_option
@provenance_option
@overwrite_option
@json_option
@click.pass_context
def render(
    ctx: click.Context,
    source: Path,
    plan_path: Path,
    out: Path,
    report: Path | None,
    allow_leaks: bool,
    provenance: bool | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Carry out a plan, and check the result."""
    refuse_existing([out, report], overwrite)
    sound, plan, accept = Sound.open(source), VoicePlan.load(plan_path), _accepting(allow_leaks)
    with progress_bar() as progress:
        found = voice.deliver(sound, plan, Vault(), out, accept=accept, provenance=provenance, progress=progress)
    ctx.exit(_told(source, out, found, report, allow_leaks, as_json))


@command.command(short_help="Listen to a masked recording as an attacker would.")
@_recording
@click.argument("masked", type=existing)
@_plan_option
@json_option
@click.pass_context
def check(ctx: click.Context, source: Path, masked: Path, plan_path: Path, as_json: bool) -> None:
    """Listen to a masked recording as an attacker would, and compare each voice with the original."""
    plan = VoicePlan.load(plan_path)
    with progress_bar() as progress:
        found = voice.check(Sound.open(source), Sound.open(masked), plan, Vault(), progress=progress)
    if as_json:
        click.echo(found.to_json(), nl=False)
    else:
        say(*_lines(found))
    ctx.exit(EXIT_LEAK if _leaks(found) else 0)


@command.command(short_help="Hear how a persona sounds, and adjust it.")
@click.argument("persona")
@click.option("-o", "--out", type=existing, help="Write a sample sentence in the persona's voice.")
@click.option("--pitch", "pitch_hz", type=float, help="Median pitch in Hz.")
@click.option("--liveliness", type=float, help="How far the pitch moves, .05 to .6.")
@click.option("--size", type=float, help="Formant scale: below 1 a larger person, .75 to 1.3.")
@click.option("--breath", type=float, help="Below 1 breathier, .4 to 2.")
@overwrite_option
@json_option
def persona(persona: str, out: Path | None, overwrite: bool, as_json: bool, **changes: float | None) -> None:
    """Hear how a persona sounds, and adjust it; what is adjusted is kept with the persona."""
    refuse_existing([out], overwrite)
    vault = Vault()
    one = vault.persona(persona)
    given = {name: value for name, value in changes.items() if value is not None}
    sounds = replace(voice_of(one), **given)
    if given:
        vault.update(replace(one, voice=sounds))
    if out is not None:
        with progress_bar() as progress:
            voice.sample(sounds, out, progress=progress)
    if as_json:
        print_json({"persona": one.id, "voice": sounds.to_json(), "file": None if out is None else str(out)})
        return
    told = f"{one.name}: {sounds.pitch_hz:.0f} Hz, liveliness {sounds.liveliness:.2f}, size {sounds.size:.2f}"
    say(f"{told}, breath {sounds.breath:.2f}{'' if out is None else f' → {out}'}")


def _resolved(options: VoiceOptions, vault: Vault) -> VoiceOptions:
    """Names of personas become ids."""
    return options if options.persona is None else replace(options, persona=vault.persona(options.persona).id)


def _accepting(allow_leaks: bool) -> Callable[[VoiceReport], bool]:
    return lambda report: allow_leaks or not _leaks(report)


def _leaks(report: VoiceReport) -> bool:
    return any(finding.verdict == "leak" for finding in report.findings)


def _told(source: Path, out: Path, found: VoiceReport, report: Path | None, allow_leaks: bool, as_json: bool) -> int:
    """Print what was done; returns the exit code."""
    if report is not None:
        found.save(report)
    written = allow_leaks or not _leaks(found)
    if as_json:
        print_json({"input": str(source), "output": str(out) if written else None, **json.loads(found.to_json())})
    else:
        say(f"{source} → {out if written else 'not written'}", *(f"  {t}" for t in _lines(found)))
    if not _leaks(found):
        return 0
    remedy = "written nevertheless, as you asked" if allow_leaks else "not written; try --method respeak"
    say(f"A voice would still be recognisable in {source.name}: {remedy}.", err=True)
    return EXIT_LEAK


def _pitch(finding: VoiceFinding) -> str:
    if finding.pitch_hz is None:
        return ""
    before = "" if finding.pitch_before_hz is None else f"{finding.pitch_before_hz:.0f} → "
    return f"pitch {before}{finding.pitch_hz:.0f} Hz"


def _phrases(finding: VoiceFinding) -> str:
    if finding.phrases is None:
        return ""
    late = f", {finding.phrases_too_long} of them longer than their time" if finding.phrases_too_long else ""
    return f"{finding.phrases} phrases spoken anew{late}"


def _lines(report: VoiceReport) -> list[str]:
    """For people: the summary, and a line for each thing to know."""
    lines = [report.summary()]
    for finding in report.findings:
        measured = [
            f"similarity {finding.similarity:.2f}" if finding.similarity is not None else "",
            _pitch(finding),
            _phrases(finding),
        ]
        told = ", ".join([finding.verdict, *filter(None, measured)])
        lines.append(f"{finding.speaker}: {finding.engine}, {told}. {finding.note}".rstrip())
    if report.judge is None:
        remedy = next((row.remedy() for row in engines.rows("speaker_recognizer")), "")
        lines.append(f"How far the voice is from the original was not measured; for that run: {remedy}")
    if report.intelligibility is not None:
        lines.append(f"Intelligibility {report.intelligibility:.2f} of 1.")
    if report.words_lost is not None:
        lines.append(f"Words not heard again: {report.words_lost:.0%}.")
    return [*lines, *(f"{note[:1].upper()}{note[1:]}." for note in report.notes)]
