"""``deepmask video``: mask the faces, and if asked bodies and voices, of videos; by plan or in one go.

``deepmask video film.mp4 -o out.mp4`` is short for ``deepmask video mask film.mp4 -o out.mp4``.

A result in which somebody would still be recognisable is not written, unless the user insists (--allow-leaks), and the
exit code is 3 in either case. Stopped work goes on where it was when the same command is typed again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import click

from deepmask.errors import MediaError
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import CODECS, HARDWARE, QUALITIES, Encoding
from deepmask.progress import Progress
from deepmask.track import BODY_COVERS
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from deepmask.video_report import VideoReport
from deepmask.voice_plan import Method, Strength
from pipelines import video
from pipelines.photo import PhotoOptions
from pipelines.video import VideoOptions, VideoResult
from pipelines.video.sharing import Workers
from pipelines.voice import VoiceOptions
from ui.commands.batch import EXIT_LEAK, Entry, run_each
from ui.commands.face_options import faces_decided, roster_for, together
from ui.commands.outputs import CLIPS, Job, pair
from ui.commands.shared import (
    ByDefault,
    existing,
    json_option,
    overwrite_option,
    progress_bar,
    provenance_option,
    refuse_existing,
    say,
)
from ui.commands.video_edits import Edit, edits
from ui.commands.video_telling import TELLING, findings, tracks
from ui.video_pace import with_time_left

_STOPPED = "Stopped; nothing half-written is left behind, and the same command goes on where it was."

Masking = Callable[[Clip, Path, Encoding, bool | None, Progress], VideoResult]
"""Makes the masked file of a clip, with or without provenance."""


@click.group(cls=ByDefault, default="mask", usage="VIDEO... -o OUT [OPTIONS] | COMMAND ...")
def command() -> None:
    """Mask the faces, and if you ask for it the bodies and voices, of videos and animations; folders stand for the
    videos in them.

    Enrolled people get their persona, everybody else is anonymised, each by one mask throughout. Metadata is removed;
    sound, subtitles and chapters stay. A video in which somebody would still be recognisable is not written (exit
    code 3). Whatever was stopped goes on where it was when you type the same command again.
    """


_DEFAULTS = VideoOptions()
_seeing = together(
    faces_decided("--swapper", "--engine", defaults=_DEFAULTS.faces),
    click.option(
        "--looks-per-second",
        type=click.FloatRange(1, 1000),
        default=_DEFAULTS.looks_per_second,
        show_default=True,
        help="How often faces are looked for; between two looks they are followed.",
    ),
    click.option(
        "--bodies",
        metavar=f"[{'|'.join(BODY_COVERS)}|keep]",
        default="keep",
        show_default=True,
        help="What covers whole people who are not enrolled, seen from the front or not; faces alone with 'keep'.",
    ),
    click.option(
        "--voice",
        type=click.Choice(["keep", "persona", "anonymous"]),
        default="keep",
        show_default=True,
        help="Whose voice is heard: as it is, that of --persona, or nobody's.",
    ),
    click.option(
        "--voice-method",
        type=click.Choice(get_args(Method)),
        default=VoiceOptions.method,
        show_default=True,
        help="Convert the voice, or let a machine speak its words anew.",
    ),
    click.option(
        "--voice-strength",
        type=click.Choice(get_args(Strength)),
        default=VoiceOptions.strength,
        show_default=True,
        help="How far a voice is converted.",
    ),
)


def _deciding(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that decide what happens; the command gets them as ``options`` and ``by_roster``."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        faces: PhotoOptions,
        looks_per_second: float,
        bodies: str,
        voice: str,
        voice_method: Method,
        voice_strength: Strength,
        **others: Any,
    ) -> None:
        if voice == "persona" and faces.persona is None:
            raise click.UsageError("--voice persona needs --persona NAME: whose voice is it to be?")
        persona = faces.persona if voice == "persona" else None
        speaking = None if voice == "keep" else VoiceOptions(persona, voice_method, voice_strength)
        covering: Any = None if bodies == "keep" else bodies  # others are refused there
        function(*arguments, options=VideoOptions(faces, looks_per_second, speaking, covering), **others)

    return _seeing(command)


class _Quality(click.ParamType):
    """A word or an encoder's number."""

    name = "quality"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        if value in QUALITIES or isinstance(value, int):
            return value
        if not str(value).isdecimal():
            self.fail(f"{value!r} is not one of {', '.join(QUALITIES)} or a number.", param, ctx)
        return int(value)


_written = together(
    click.option("-o", "--out", type=existing, required=True, help="Video file, or a folder for several videos."),
    click.option("--quality", metavar="WORD|N", type=_Quality(), default=Encoding.quality, show_default=True,
                 help=f"{', '.join(QUALITIES)}, or the encoder's number: less is better."),
    click.option("--codec", type=click.Choice(["auto", *CODECS]), default=Encoding.codec, show_default=True,
                 help="'auto' is what plays everywhere in this kind of file."),
    click.option("--hardware", type=click.Choice(["none", *HARDWARE]), default=Encoding.hardware, show_default=True,
                 help="Encode on the graphics processor."),
    click.option("--report", type=existing, help="Write what was done, as JSON."),
    click.option("--allow-leaks", is_flag=True, help="Write results in which somebody is recognisable."),
    provenance_option,
    overwrite_option,
    json_option,
)  # fmt: skip


def _shared_out(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that say who does the work; the command gets them as ``workers``."""

    @functools.wraps(function)
    def command(*arguments: Any, cluster: str | None, jobs: int | None, **others: Any) -> None:
        function(*arguments, workers=video.workers_for(cluster, jobs), **others)

    return _working(command)


_working = together(
    click.option(
        "--jobs",
        type=click.IntRange(1),
        help="Processes that share the work; as many as cores and memory allow without it.",
    ),
    click.option(
        "--cluster", metavar="ADDRESS", help="Share the work with this Ray cluster: 'host:6379', 'auto' or 'local'."
    ),
)


# --------------------------------------------------------------------------------------------------------------- mask
@command.command(hidden=True)
@click.argument("videos", nargs=-1, required=True, type=existing)
@_deciding
@_shared_out
@_written
@click.pass_context
def mask(
    ctx: click.Context,
    videos: tuple[Path, ...],
    out: Path,
    options: VideoOptions,
    by_roster: bool,
    workers: Workers,
    **writing: Any,
) -> None:
    """Mask the faces of videos, and if asked their voices."""
    vault = Vault()
    roster = roster_for(vault, options.faces.persona, by_roster)
    options = video.resolved(options, vault)
    accept = _accepting(writing["allow_leaks"])

    def masking(
        source: Clip, target: Path, encoding: Encoding, provenance: bool | None, progress: Progress
    ) -> VideoResult:
        return video.mask(
            source,
            vault,
            roster,
            target,
            options,
            accept=accept,
            encoding=encoding,
            provenance=provenance,
            workers=workers,
            progress=progress,
        )

    ctx.exit(_queue(pair(videos, out, CLIPS), masking, **writing))


@command.command(short_help="Carry out a plan, and check the result.")
@click.argument("source", metavar="VIDEO", type=existing)
@click.option("--plan", "plan_path", type=existing, required=True, help="Plan made with 'video plan'.")
@_shared_out
@_written
@click.pass_context
def render(ctx: click.Context, source: Path, plan_path: Path, out: Path, workers: Workers, **writing: Any) -> None:
    """Carry out a plan, and check the result; only what an edit changed is drawn again."""
    vault, plan = Vault(), VideoPlan.load(plan_path)
    accept = _accepting(writing["allow_leaks"])

    def masking(
        source: Clip, target: Path, encoding: Encoding, provenance: bool | None, progress: Progress
    ) -> VideoResult:
        return video.deliver(
            source,
            plan,
            vault,
            target,
            accept=accept,
            encoding=encoding,
            provenance=provenance,
            workers=workers,
            progress=progress,
        )

    ctx.exit(_queue(pair((source,), out, CLIPS), masking, **writing))


def _accepting(allow_leaks: bool) -> Callable[[VideoReport], bool]:
    return lambda report: allow_leaks or not report.leaks


def _queue(
    jobs: list[Job],
    masking: Masking,
    *,
    quality: str | int,
    codec: str,
    hardware: str,
    report: Path | None,
    allow_leaks: bool,
    provenance: bool | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """One video after the other; of several, those that are there already are left alone."""
    encodings = {job.target: Encoding(job.target.suffix, codec, quality, hardware) for job in jobs}
    refuse_existing([*(job.target for job in jobs if len(jobs) == 1), report], overwrite)

    def one(job: Job, progress: Progress) -> Entry[VideoReport]:
        if not overwrite and job.target.exists():
            raise MediaError(f"{job.target} exists already and stays as it is; to make it again add --overwrite.")
        result = masking(Clip.open(job.source), job.target, encodings[job.target], provenance, progress)
        return Entry(job, result.report, result.clip is not None)

    with _going_on():
        return run_each(jobs, one, TELLING, report, allow_leaks, as_json, with_time_left)


@contextmanager
def _going_on() -> Iterator[None]:
    """Tells who presses Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise click.Abort(_STOPPED) from stop


# -------------------------------------------------------------------------------------------------- plan, edit, check
@command.command("plan", short_help="Follow every face and say what would happen to each.")
@click.argument("source", metavar="VIDEO", type=existing)
@click.option("-o", "--out", type=existing, help="Plan to write (JSON); printed when left out.")
@_deciding
@_shared_out
@overwrite_option
def plan_command(
    source: Path, out: Path | None, options: VideoOptions, by_roster: bool, workers: Workers, overwrite: bool
) -> None:
    """Follow every face and say what would happen to each, without changing anything.

    Change the plan with 'deepmask video edit' or in the app, then run 'deepmask video render'.
    """
    refuse_existing([out], overwrite)
    vault = Vault()
    roster = roster_for(vault, options.faces.persona, by_roster)
    options = video.resolved(options, vault)
    clip = Clip.open(source)
    with _going_on(), progress_bar() as progress:
        plan = video.analyze(clip, roster, options, workers=workers, progress=with_time_left(progress))
    if out is None:
        click.echo(plan.to_json(), nl=False)
        return
    plan.save(out)
    say(f"{source} → {out}", *tracks(plan))


@command.command(short_help="Show a plan, and change it.")
@click.argument("plan_path", metavar="PLAN", type=existing)
@edits
@click.option("-o", "--out", type=existing, help="Where the changed plan is written; PLAN itself when left out.")
@overwrite_option
def edit(plan_path: Path, out: Path | None, overwrite: bool, **given: tuple[Edit, ...]) -> None:
    """Show the faces of a plan, after they were changed as you say.

    \b
    deepmask video edit plan.json --decide face-2=solid --box 24-96:40,30,120,130=pixelate
    """
    refuse_existing([out], overwrite)
    plan = VideoPlan.load(plan_path)
    vault = Vault()
    kinds = ("drops", "moves", "reaches", "boxes", "decisions", "bodies", "others")
    changes = [change for kind in kinds for change in given[kind]]
    for change in changes:
        plan = change(plan, vault)
    if changes or out is not None:
        plan.save(out or plan_path)
    say(*tracks(plan))


@command.command(short_help="Look at a masked video as an attacker would.")
@click.argument("source", metavar="VIDEO", type=existing)
@click.argument("masked", type=existing)
@click.option("--plan", "plan_path", type=existing, required=True, help="Plan made with 'video plan'.")
@json_option
@click.pass_context
def check(ctx: click.Context, source: Path, masked: Path, plan_path: Path, as_json: bool) -> None:
    """Look at a masked video as an attacker would, and compare each face with the original."""
    plan = VideoPlan.load(plan_path)
    before, after = Clip.open(source), Clip.open(masked)
    with progress_bar() as progress:
        found = video.check(before, after, plan, vault=Vault(), progress=with_time_left(progress))
    if as_json:
        click.echo(found.to_json(), nl=False)
    else:
        say(found.summary(), *findings(found))
    ctx.exit(EXIT_LEAK if found.leaks else 0)


@command.command(short_help="Remove what is kept of videos to go on with.")
def clean() -> None:
    """Remove what is kept of videos to go on with: places of faces, masked pieces. It goes by itself after a week."""
    say(f"{video.clean() / 1e6:.1f} MB removed.")
