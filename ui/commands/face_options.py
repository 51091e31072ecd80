"""The options that say what happens to faces, the same for photos and videos."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, get_args

import click

from deepmask import engines
from deepmask.errors import InputError
from deepmask.look import FaceRegion, Look
from deepmask.plan import ACTIONS
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import photo
from pipelines.photo import PhotoOptions
from ui.commands.shared import open_roster

Decorator = Callable[[Any], Any]


def together(*decorators: Decorator) -> Decorator:
    """Several decorators as one, in the order in which they would be written."""
    return lambda function: functools.reduce(lambda f, decorate: decorate(f), reversed(decorators), function)


def faces_decided(*flags: str, defaults: PhotoOptions = PhotoOptions()) -> Decorator:  # noqa: B008
    """Adds the options; the command gets them as ``faces`` and ``by_roster``.

    Args:
        flags: names of the option that chooses the swapper.
    """
    options = _options(flags, defaults)

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(
            *arguments: Any,
            persona: str | None,
            bystanders: Any,
            finder: str,
            swapper: str,
            detail: str,
            restore: float,
            region: Any,
            **others: Any,
        ) -> None:
            look = Look(int(detail), restore, region)  # type: ignore[arg-type]  # Look itself refuses other sides
            faces = PhotoOptions(persona, bystanders, finder, swapper=swapper, look=look)
            function(*arguments, faces=faces, **others)

        return options(command)

    return decorate


def _options(flags: tuple[str, ...], defaults: PhotoOptions) -> Decorator:
    return together(
        click.option("--persona", default=defaults.persona, help="Everybody gets this persona."),
        click.option(
            "--roster", "by_roster", is_flag=True, help="Enrolled people get theirs: the default, but insist on it."
        ),
        click.option(
            "--bystanders",
            type=click.Choice([a for a in ACTIONS if a != "persona"]),
            default=defaults.bystanders,
            show_default=True,
            help="What everybody else gets.",
        ),
        click.option(
            "--finder",
            type=click.Choice([row.name for row in engines.rows("face_finder")]),
            default=defaults.finder,
            show_default=True,
            help="How faces are found.",
        ),
        click.option(
            *flags,
            "swapper",
            type=click.Choice(["auto", *(row.name for row in photo.persona_swappers())]),
            default=defaults.swapper,
            show_default=True,
            help="What shows a persona's face; 'auto' takes a photoreal engine where one is ready.",
        ),
        click.option(
            "--detail",
            type=click.Choice(["128", "256", "512"]),
            default=str(defaults.look.detail_px),
            show_default=True,
            help="Side in px of the square in which a photoreal face is computed.",
        ),
        click.option(
            "--restore",
            type=click.FloatRange(0, 1),
            default=defaults.look.restore,
            show_default=True,
            help="How much a face restorer sharpens a photoreal face.",
        ),
        click.option(
            "--region",
            type=click.Choice(get_args(FaceRegion)),
            default=defaults.look.region,
            show_default=True,
            help="How much of the head a photoreal face covers.",
        ),
    )


def roster_for(vault: Vault, persona: str | None, by_roster: bool) -> Roster:
    """The roster, unread when everybody gets the same persona.

    Raises:
        InputError: the roster was insisted on, and nobody is enrolled.
    """
    if persona is not None and by_roster:
        raise click.UsageError("--persona gives everybody the same persona and --roster does not; choose one.")
    if persona is not None:
        return Roster()
    roster = open_roster(vault)
    if by_roster and not roster.people:
        raise InputError("Nobody is enrolled; run 'deepmask people add NAME PHOTO --persona PERSONA' first.")
    return roster
