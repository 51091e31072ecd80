"""Which engines a photo gets: who starts the ladder of masks, who judges the result, who looks for what was missed."""

from __future__ import annotations

from collections.abc import Iterable

from deepmask import engines, weights
from deepmask.engines import EngineSpec, Kind
from deepmask.errors import EngineMissing, InputError
from deepmask.look import Look
from deepmask.persona import Persona
from deepmask.plan import ACTIONS, Action, Plan
from deepmask.progress import Progress, silent
from pipelines.photo.model import Outcome, PhotoOptions


def persona_swappers() -> list[EngineSpec]:
    """Swappers that show a persona's face, best first; the others are decisions of their own."""
    return [row for row in engines.rows("face_swapper") if row.name not in ACTIONS]


def starting(asked: str) -> EngineSpec | None:
    """The swapper that persona faces start with; None: with 'auto', the embedded one that suits the persona.

    Raises:
        UnknownName: no swapper of that name.
        InputError: it shows no persona.
        EngineMissing: it cannot be used yet; the message has the command.
    """
    if asked == "auto":
        return next((row for row in persona_swappers() if row.weights and not row.missing()), None)
    row = engines.choose("face_swapper", asked)
    if row.name in ACTIONS:
        known = ", ".join(one.name for one in persona_swappers())
        raise InputError(f"{row.name} shows no persona; choose one of {known}, or decide {row.name!r} for the face.")
    return row


def asked_for(options: PhotoOptions) -> dict[str, str]:
    """The entry of a plan's engines for ``options``: with 'auto' a photoreal swapper if one is ready, else none.

    Raises:
        InputError: as for :func:`starting`.
        EngineMissing: the swapper cannot be used yet, or the restorer its look asks for.
    """
    name = _first(options.swapper, options.look)
    return {} if name is None else {"face_swapper": name}


def first_swapper(plan: Plan) -> str | None:
    """The swapper a plan's persona faces start with; None: the embedded one that suits the persona.

    Raises:
        InputError: as for :func:`starting`.
        EngineMissing: as for :func:`asked_for`.
    """
    asked = plan.engines.get("face_swapper")
    return None if asked is None else _first(asked, plan.look)


def _first(asked: str, look: Look) -> str | None:
    row = starting(asked)
    if row is None:
        return None
    if look.restore > 0 and row.heeds_look:
        engines.choose("face_restorer")
    return row.name


def ladder(action: Action, persona: Persona | None, first: str | None) -> list[str]:
    """Swappers from the wanted one to the plainest: the order of the table."""
    names = [row.name for row in engines.rows("face_swapper") if not row.missing()]
    if action != "persona":
        return names[names.index(action) :] if action in names else ["solid"]
    usual = [row.name for row in engines.rows("face_swapper") if row.name in names and not row.weights]
    painted = persona is not None and persona.redrawable
    if painted and "painter" in usual:  # drawn anew in any pose, which no portrait can do
        usual = usual[usual.index("painter") :]
    if first is None or first not in names:
        return usual
    return [first, *(name for name in names[names.index(first) + 1 :] if name in usual)]


def judges(progress: Progress = silent) -> tuple[str, ...]:
    """All recognisers that are ready: a face counts as hidden only if each of them takes it for somebody else's.

    The one that matched the face may be blind where it was deceived, so the others are asked, too.
    """
    ready = [row.name for row in engines.rows("face_recognizer") if _intact(row, progress)]
    return tuple(ready or [engines.choose("face_recognizer").name])


def watchers() -> tuple[str, ...]:
    """Finders that look at a result: the fast one, and those with weights of their own that are ready."""
    ready = [row.name for row in engines.rows("face_finder") if row.weights and _intact(row)]
    return "fast", *ready


def _intact(row: EngineSpec, progress: Progress = silent) -> bool:
    """Whether an engine that nobody asked for by name can help: its files are there and verified."""
    if row.missing():
        return False
    try:
        for name in row.needed_weights():
            weights.location(name, progress)
    except EngineMissing:  # never used; the Engines tab and the doctor name the file
        return False
    return True


def licence_notes(plan: Plan, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    """What a report has to say of engines that may not be used commercially."""
    made = restricted("face_swapper", (outcome.engine for outcome in outcomes))
    finders = restricted("face_finder", (*watchers(), plan.engines.get("face_finder", "")))
    recognizers = restricted("face_recognizer", (*judges(), plan.engines.get("face_recognizer", "")))
    return (*licence_note("made", made), *licence_note("examined", [*finders, *recognizers]))


def restricted(kind: Kind, names: Iterable[str]) -> list[str]:
    """Those engines whose licence forbids commercial use, each once."""
    forbidding = {row.name for row in engines.rows(kind) if not row.commercial}
    return [name for name in dict.fromkeys(names) if name in forbidding]


def licence_note(done: str, names: list[str]) -> tuple[str, ...]:
    """One clause about what was done with them; none for none."""
    if not names:
        return ()
    licences = "licence forbids" if len(names) == 1 else "licences forbid"
    return (f"{done} with {' and '.join(names)}, whose {licences} commercial use",)
