"""``deepmask detect``: which pixels of photos and videos are faked, and why it is thought so.

Exit codes: 0 none of the files was found to be fake (they are likely real, or nobody can tell); 3 at least one is fake;
2 at least one could not be looked at, and none is fake.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from deepmask import engines
from deepmask.detect_report import VERDICT_WORDS, ClipDetectReport, DetectReport
from deepmask.errors import EngineFailed, InputError, MediaError
from deepmask.files import write_text
from deepmask.media import Photo
from deepmask.media.folders import find_photos_and_clips
from deepmask.progress import Progress, part
from pipelines.verify import detecting
from pipelines.verify.detecting import ClipDetection, Detection, DetectOptions
from ui.commands.clips import clip_of
from ui.commands.shared import (
    existing,
    json_option,
    overwrite_option,
    print_json,
    progress_bar,
    read_photo,
    refuse_existing,
    say,
)

EXIT_FAKE, EXIT_SOME_FAILED = 3, 2


@dataclass(frozen=True)
class _Outputs:
    """Where one file's pictures and page go."""

    heat: Path | None
    page: Path | None


@click.command()
@click.argument("files", nargs=-1, required=True, type=existing)
@click.option("--original", type=existing, help="The photo as its owner has it, to compare with (one photo only).")
@click.option("--heat", type=existing, help="Write the heat map; of a video the curve. For several files a folder.")
@click.option("--html", "page", type=existing, help="Write a page with all evidence. For several files a folder.")
@click.option("--report", type=existing, help="Write all findings as JSON.")
@click.option(
    "--engine",
    type=click.Choice(["auto", *(row.name for row in engines.EMBEDDED if row.kind == "fake_finder")]),
    default=DetectOptions.engine,
    show_default=True,
    help="Finder of faked pixels.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 100_000),
    default=DetectOptions.most_frames,
    show_default=True,
    help="So many pictures of a video are looked at.",
)
@click.option("--no-marks", is_flag=True, help="Do not look for tags, seals and content credentials.")
@overwrite_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    original: Path | None,
    heat: Path | None,
    page: Path | None,
    report: Path | None,
    engine: str,
    frames: int,
    no_marks: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Find faked pixels in photos and videos; folders stand for the files in them.

    The verdict is fake, likely real or unsure. A tag, a seal or the owner's original are evidence; without any of them
    a small network decides, which was taught on few photos: its word is a hint, no proof. A picture that a machine made
    as a whole is not recognised. The exit code is 3 if a file is fake.
    """
    found = find_photos_and_clips(files)
    if original is not None and len(found) > 1:
        raise InputError("An original belongs to one photo; give that photo alone.")
    outputs = [_outputs(path, heat, page, single=len(found) == 1) for path in found]
    refuse_existing([report, *(one for out in outputs for one in (out.heat, out.page))], overwrite)
    options = DetectOptions(engine=engine, marks=not no_marks, most_frames=frames)
    mine = None if original is None else read_photo(original)
    done: list[tuple[Path, Detection | ClipDetection]] = []
    failures: list[str] = []
    with progress_bar() as progress:
        for n, (path, out) in enumerate(zip(found, outputs, strict=True)):
            step = _named(part(progress, n / len(found), (n + 1) / len(found)), path, len(found))
            try:
                done.append((path, _looked_at(path, mine, options, step)))
                _write(done[-1][1], out)
            except MediaError as error:
                failures.append(str(error))
            except EngineFailed as error:
                failures.append(f"{path.name}: {error}")
    _tell(done, report, as_json)
    for sentence in failures:
        say(sentence, err=True)
    fake = any(one.report.verdict == "fake" for _, one in done)
    ctx.exit(EXIT_FAKE if fake else EXIT_SOME_FAILED if failures else 0)


def _outputs(path: Path, heat: Path | None, page: Path | None, *, single: bool) -> _Outputs:
    """Files for one input; for several, ``heat`` and ``page`` are folders and names keep the input's suffix."""
    if single:
        return _Outputs(heat if heat is None or not heat.is_dir() else heat / f"{path.name}.png",
                        page if page is None or not page.is_dir() else page / f"{path.name}.html")  # fmt: skip
    for one in (heat, page):
        if one is not None and one.is_file():
            raise InputError(f"Several files do not fit into {one.name}; give the name of a folder.")
    return _Outputs(
        None if heat is None else heat / f"{path.name}.png", None if page is None else page / f"{path.name}.html"
    )


def _looked_at(
    path: Path, original: Photo | None, options: DetectOptions, progress: Progress
) -> Detection | ClipDetection:
    """What is found in a file, whichever of the two it is.

    Raises:
        MediaError: it is neither a photo nor a video that can be read.
        InputError: an original was given for a video.
    """
    clip = clip_of(path)
    if clip is None:
        return detecting.detect(read_photo(path), original=original, path=path, options=options, progress=progress)
    if original is not None:
        raise InputError("A video cannot be compared with an original; give a photo, or leave out --original.")
    return detecting.detect_clip(clip, options=options, progress=progress)


def _write(found: Detection | ClipDetection, out: _Outputs) -> None:
    """The pictures and the page that were asked for."""
    if out.heat is not None:
        rgb = found.overlay() if isinstance(found, Detection) else found.curve()
        Photo.from_array(rgb, out.heat.name).save(out.heat)
    if out.page is not None:
        found.dossier().save(out.page)


def _tell(done: list[tuple[Path, Detection | ClipDetection]], report: Path | None, as_json: bool) -> None:
    entries = [{"input": str(path), **json.loads(found.report.to_json())} for path, found in done]
    if report is not None:
        write_text(report, json.dumps(entries, indent=2) + "\n")
    if as_json:
        print_json(entries)
        return
    for path, found in done:
        say(*_lines(path, found.report))


def _lines(path: Path, report: DetectReport | ClipDetectReport) -> list[str]:
    reasons = [f"  {reason.words}" for reason in report.reasons]
    return [f"{path}: {VERDICT_WORDS[report.verdict].lower()}", *reasons, *(f"  Note: {note}" for note in report.notes)]


def _named(progress: Progress, path: Path, total: int) -> Progress:
    if total == 1:
        return progress
    return lambda fraction, message: progress(fraction, f"{path.name}: {message}")
