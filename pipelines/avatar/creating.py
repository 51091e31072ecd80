"""Drafts: portraits painted from a prompt, and painted again with a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

from deepmask import engines
from deepmask.engines.protocols import PortraitVarier
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import RGBImage
from deepmask.persona import Attributes
from deepmask.progress import Progress, part, silent
from deepmask.prompt import read
from deepmask.wishes import Preview, Wishes, unseen

STARTER_PROMPT = "friendly adult, shirt, studio"
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class AvatarOptions:
    """How drafts are painted."""

    engine: str = "auto"
    """'painter', 'illustrated' or another portrait painter."""
    count: int = 4
    """Drafts with consecutive seeds."""
    size_px: int = 512
    wishes: Wishes = field(default_factory=Wishes)
    """For painters that follow words; without a prompt in it, the prompt is that of the persona."""

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 64:
            raise InputError(f"The number of drafts must lie between 1 and 64, got {self.count}.")
        if not 128 <= self.size_px <= 2048:
            raise InputError(f"The portrait size must lie between 128 and 2048 px, got {self.size_px}.")


Refused = Callable[[int, EngineFailed], None]
"""Called with a seed and the reason why there is no picture of it."""


@dataclass(frozen=True)
class Draft:
    """A portrait that is not kept yet."""

    portrait: RGBImage
    attributes: Attributes
    seed: int
    engine: str
    prompt: str = ""
    unknown: tuple[str, ...] = ()
    """Words of the prompt that were not understood; none for painters that follow any words."""
    wishes: Wishes | None = None
    """What a painter that heeds wishes was asked for."""
    recipe: dict[str, str] = field(default_factory=dict)


def create(
    prompt: str,
    seed: int = 0,
    options: AvatarOptions | None = None,
    *,
    progress: Progress = silent,
    preview: Preview = unseen,
) -> list[Draft]:
    """Drafts for a prompt, one for each of ``options.count`` consecutive seeds.

    The same prompt and seed give the same persona bit for bit.
    """
    return list(drafts(prompt, seed, options, progress=progress, preview=preview))


def drafts(
    prompt: str,
    seed: int = 0,
    options: AvatarOptions | None = None,
    *,
    progress: Progress = silent,
    preview: Preview = unseen,
    refused: Refused | None = None,
) -> Iterator[Draft]:
    """As :func:`create`, each draft as soon as it is painted: who stops the work keeps what is finished.

    Args:
        preview: sees the portrait that is being painted.
        refused: is told of a seed whose portrait cannot be made or may not be shown, and the next one is painted;
            without it the error is raised.
    """
    options = options or AvatarOptions()
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"The seed must lie between 0 and {MOST_SEED}, got {seed}.")
    reading = read(prompt)
    row = engines.choose("portrait_painter", options.engine)
    wishes = replace(options.wishes, prompt=options.wishes.prompt or prompt) if row.heeds_wishes else None
    unknown = () if wishes else reading.unknown
    for n in range(options.count):
        step = counted(progress, n, options.count)
        order = Order(row.name, reading.attributes, seed + n, wishes)
        try:
            portrait, recipe = paint(order, options.size_px, step, preview)
        except EngineFailed as error:
            if refused is None:
                raise
            refused(order.seed, error)
            continue
        yield Draft(portrait, reading.attributes, seed + n, row.name, prompt, unknown, wishes, recipe)


def redraw(
    draft: Draft,
    attributes: Attributes | None = None,
    engine: str | None = None,
    *,
    size_px: int = 512,
    progress: Progress = silent,
    preview: Preview = unseen,
) -> Draft:
    """The same seed with other attributes or in another style.

    Painters that go by attributes show the same person; one that follows words shows somebody like them.
    """
    row = engines.choose("portrait_painter", engine or draft.engine)
    attributes = attributes or draft.attributes
    wishes = _wishes(draft, attributes) if row.heeds_wishes else None
    portrait, recipe = paint(Order(row.name, attributes, draft.seed, wishes), size_px, progress, preview)
    return replace(draft, portrait=portrait, attributes=attributes, engine=row.name, wishes=wishes, recipe=recipe)


def _wishes(draft: Draft, attributes: Attributes) -> Wishes:
    """What a painter is asked for when a draft is painted again: changed attributes outdo the words of the prompt."""
    said = attributes == read(draft.prompt).attributes
    return replace(draft.wishes or Wishes(), prompt=draft.prompt if said else "")


@dataclass(frozen=True)
class Order:
    """All that a portrait depends on, but for the engine's recipe."""

    engine: str
    attributes: Attributes
    seed: int
    wishes: Wishes | None
    start: RGBImage | None = field(default=None, repr=False, compare=False)
    """The picture (n, n, 3) that is changed, for painters that can; None: painted anew."""


CHANGE = 0.6
"""How far a picture is changed (:meth:`deepmask.engines.protocols.PortraitVarier.vary`): a new place or new clothes
can be seen, and head, hair and light stay roughly where they were."""


def counted(progress: Progress, n: int, count: int) -> Progress:
    """A ``Progress`` for picture ``n`` (from 0) of ``count``, which its messages name."""
    share = part(progress, n / count, (n + 1) / count)
    if count == 1:
        return share
    return lambda fraction, message: share(fraction, f"Picture {n + 1} of {count}: {message[:1].lower()}{message[1:]}")


def paint(order: Order, size_px: int, progress: Progress, preview: Preview) -> tuple[RGBImage, dict[str, str]]:
    """The portrait (size_px, size_px, 3) of an order, and the recipe it was made by."""
    progress(0.0, f"Painting with seed {order.seed}")
    with engines.turn(progress):
        engine = engines.load("portrait_painter", order.engine)
        watched: dict[str, Any] = {"wishes": order.wishes, "progress": progress, "preview": preview}
        if order.start is None:
            portrait = engine.paint(order.attributes, order.seed, size_px, **watched)
        else:
            varier = cast(PortraitVarier, engine)
            portrait = varier.vary(order.start, order.attributes, order.seed, strength=CHANGE, **watched)
        return portrait, engine.recipe(order.wishes)
