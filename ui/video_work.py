"""What the buttons of the Video tab do to a session; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from deepmask.config import Settings
from deepmask.errors import Cancelled, InputError, PlanError
from deepmask.faces import Box, enlarge
from deepmask.look import FaceRegion, Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.media.clip_formats import ANIMATION_SUFFIXES, CONTAINERS
from deepmask.media.sound import Sound
from deepmask.plan import Action, Decision
from deepmask.progress import Progress, part
from deepmask.roster import Roster
from deepmask.track import BODY_COVERS, BodyCover, Track
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from deepmask.voice_plan import Strength
from pipelines import avatar, photo, video, voice
from pipelines.video import VideoOptions
from pipelines.voice import VoiceOptions
from ui import video_frames
from ui.choices import EVERYBODY, ROSTER, STARTER, Known, to_decision, to_value, who_choices
from ui.photo_work import PhotoWork, swapping
from ui.session import Session
from ui.video_desk import Film
from ui.video_pace import pausable, with_time_left

SMALLEST_PX = 6
"""A box whose corners lie nearer together was a slip of the finger."""
BODY = "body:"
"""Begins the values of what happens to a whole person."""
ADDED_S = 2.0
"""A face that is pointed out lasts so long at first, or until the shot ends."""
_MISSED_MARGIN = 1.5
_MISSED_S = 0.4
"""The check looks at every fifth of a second: what it missed moved before and after."""


@dataclass(frozen=True)
class VideoWork:
    """The Video tab's verbs, for one vault and its settings."""

    vault: Vault
    settings: Settings

    @property
    def _photos(self) -> PhotoWork:
        """Who is known is the same for all pictures."""
        return PhotoWork(self.vault, self.settings)

    # --------------------------------------------------------------------------------------------------- opening
    def open(self, session: Session, upload: Path, name: str, progress: Progress) -> None:
        """Put a video on the desk in the place of the last one, and follow its faces.

        Raises:
            MediaError: it cannot be read; the file is removed.
            Cancelled: the user stopped; the video stays on the desk and can be analysed later.
        """
        session.remove_video()
        path = session.adopt(upload, name)
        try:
            progress(0.0, f"Opening {path.name}")
            film = Film(path, Clip.open(path))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        session.video.film = film
        self.analyse(session, progress)

    def analyse(self, session: Session, progress: Progress) -> None:
        """Find and follow the faces; what an earlier run has seen is not looked at again."""
        film = film_of(session)
        told = pausable(with_time_left(progress), lambda: session.video.paused)
        plan = video.analyze(film.clip, self._roster(session), self._options(session), progress=part(told, 0.0, 0.95))
        film.changed(plan)
        video_frames.cut_all(film, part(told, 0.95, 1.0))
        self.decide(session)
        session.video.frame = _first_to_look_at(plan)

    def _roster(self, session: Session) -> Roster:
        return Roster() if self.unrecognised(session) else session.roster(self.vault)

    def unrecognised(self, session: Session) -> str:
        """Why enrolled people are not recognised, in one sentence; empty when they are."""
        return self._photos.unrecognised(session)

    # ------------------------------------------------------------------------------------------------- decisions
    def known(self, session: Session) -> Known:
        """Personas and people, and who gets a persona: what the user chose, or the most sensible choice."""
        known, who = self._photos.known(session), session.video.who
        values = [value for _, value in who_choices(known.personas, known.roster)]
        return replace(known, who=who if who in values else values[0])

    def decide(self, session: Session) -> None:
        """Bring the plan in line with the choosers and the vault; decisions made by hand stay."""
        film = session.video.film
        if film is None or film.plan is None:
            return
        known, plan = self.known(session), film.plan
        film.by_hand -= {t.id for t in plan.tracks if t.decision.persona and t.decision.persona not in known.names}
        options = self._options(session, known)
        if plan.voice is None:  # whoever speaks is listened to when it is masked
            options = replace(options, voice=None)
        roster = known.roster if known.who == ROSTER else Roster()
        decided = video.decide(plan, roster, options, keep=film.by_hand, keep_bodies=film.bodies_by_hand)
        if decided != plan:
            film.changed(decided)

    def _options(self, session: Session, known: Known | None = None) -> VideoOptions:
        """All that was chosen; without ``known`` for the analysis, which decides nothing yet."""
        desk = session.video
        swapper, look = swapping(desk)
        persona = None if known is None else _persona(known)
        faces = photo.PhotoOptions(persona, desk.bystanders, "frames", swapper=swapper, look=look)
        spoken = None if known is None or desk.voice is None else VoiceOptions(persona=persona, strength=desk.voice)
        return VideoOptions(faces, voice=spoken, bodies=desk.bodies)

    def choose(self, session: Session, who: str, bystanders: Action) -> None:
        """The choosers were changed."""
        session.video.who, session.video.bystanders = who, bystanders
        self.decide(session)

    def swap_with(self, session: Session, swapper: str, detail_px: int, restore: float, region: FaceRegion) -> None:
        """The engine of personas' faces, or their look, was changed."""
        desk = session.video
        desk.swapper, desk.look = swapper, Look(detail_px, restore, region)  # type: ignore[arg-type]
        self.decide(session)

    def write_as(self, session: Session, quality: str, codec: str, hardware: str) -> None:
        """How the picture is coded was changed; what was rendered is void.

        Raises:
            MediaError: these do not go together, or not with the kind of file; all stays as it was.
        """
        desk, film = session.video, session.video.film
        if film is None or (quality, codec, hardware) == (desk.quality, desk.codec, desk.hardware):
            return
        Encoding(Path(masked_name(film.path)).suffix, codec, quality, hardware)
        desk.quality, desk.codec, desk.hardware = quality, codec, hardware
        if film.plan is not None:
            film.changed(film.plan)

    def speak(self, session: Session, strength: str) -> None:
        """What happens to the voices was changed: 'natural', 'strong', or anything else to leave them."""
        desk = session.video
        chosen: Strength | None = strength if strength in get_args(Strength) else None  # type: ignore[assignment]
        if chosen != desk.voice and desk.film is not None and desk.film.plan is not None:
            desk.film.changed(desk.film.plan)
        desk.voice = chosen
        self.decide(session)

    def cover_bodies(self, session: Session, cover: str) -> None:
        """What covers whole people was changed: 'silhouette', 'pixelate', or anything else to mask faces alone."""
        session.video.bodies = _cover(cover)
        self.decide(session)

    def assign(self, session: Session, track: str, value: str) -> None:
        """Decide what happens to one track: to its face, or to the whole person if the value begins with 'body:'."""
        film, plan = planned(session)
        session.video.selected = track
        if value.startswith(BODY):
            film.bodies_by_hand.add(track)
            film.changed(video.cover_body(plan, track, _cover(value.removeprefix(BODY))))
            return
        if value == STARTER:  # not painted yet: the face follows the chooser again
            film.by_hand.discard(track)
            self.choose(session, STARTER, session.video.bystanders)
            return
        decided = plan.track(track).decided(to_decision(value))
        film.by_hand.add(track)
        film.changed(plan.with_track(decided))

    @staticmethod
    def value(known: Known, film: Film, track: Track) -> str:
        """The menu's value for what will happen to a track."""
        follows = track.id not in film.by_hand and known.who == STARTER
        return STARTER if follows else to_value(track.decision)

    # ----------------------------------------------------------------------------------------------------- boxes
    def draw(self, session: Session, box: Box) -> None:
        """A box was drawn in the frame that is shown: that of a new face, or the new place of one.

        Raises:
            InputError: it is too small to be meant.
            PlanError: it lies outside the picture.
        """
        film, plan = planned(session)
        desk = session.video
        if desk.pointing is None:
            raise InputError("Choose 'Add a missed face' or 'Move the box' first.")
        x1, y1, x2, y2 = box
        if x2 - x1 < SMALLEST_PX or y2 - y1 < SMALLEST_PX:
            raise InputError("This box is too small; draw it from one corner of the face to the opposite one.")
        if desk.pointing:
            film.changed(video.move_box(plan, desk.pointing, desk.frame, box))
            desk.selected = desk.pointing
        else:
            id, last = plan.new_id(), _end_of_added(film, plan, desk.frame)
            film.changed(video.add_track(plan, desk.frame, last, box, Decision(desk.bystanders)))
            desk.selected = id
            self.decide(session)
        desk.pointing = None

    def begin_here(self, session: Session) -> None:
        """The selected face is seen from the frame that is shown on."""
        film, track = _selected(session)
        self._reach(film, track, session.video.frame, max(track.last, session.video.frame))

    def end_here(self, session: Session) -> None:
        """The selected face is seen until the frame that is shown."""
        film, track = _selected(session)
        self._reach(film, track, min(track.first, session.video.frame), session.video.frame)

    @staticmethod
    def _reach(film: Film, track: Track, first: int, last: int) -> None:
        if film.plan is not None and (first, last) != (track.first, track.last):
            film.changed(video.reach(film.plan, track.id, first, last))

    def remove(self, session: Session) -> None:
        """Take the selected track out of the plan."""
        film, track = _selected(session)
        assert film.plan is not None
        film.by_hand.discard(track.id)
        film.bodies_by_hand.discard(track.id)
        film.changed(film.plan.without(track.id))
        session.video.unselect()

    def cover_missed(self, session: Session) -> None:
        """Add the faces that the check found uncovered; they are covered whatever others get."""
        film, plan = planned(session)
        desk = session.video
        around = round(_MISSED_S * film.clip.fps)
        for finding in film.report.findings if film.report else ():
            if finding.missed_box_xyxy is None:
                continue
            first = max(0, min(span[0] for span in finding.leaking) - around)
            last = min(plan.frames - 1, max(span[1] for span in finding.leaking) + around)
            id, box = plan.new_id(), enlarge(finding.missed_box_xyxy, _MISSED_MARGIN)
            plan = video.add_track(plan, first, last, box, Decision("pixelate"))
            if desk.bystanders == "keep" and not (desk.who or "").startswith(EVERYBODY):
                film.by_hand.add(id)
        film.changed(plan)
        self.decide(session)
        desk.comparing = False
        desk.unselect()

    # ------------------------------------------------------------------------------------------------------ mask
    def mask(self, session: Session, progress: Progress) -> None:
        """Mask the video and check the result; again if the plan is edited meanwhile.

        Raises:
            Cancelled: the user stopped; finished stretches are kept and taken over the next time.
        """
        film, plan = planned(session)
        desk = session.video
        self.decide(session)
        told = pausable(with_time_left(progress), lambda: desk.paused)
        if self.known(session).who == STARTER and any(track.id not in film.by_hand for track in plan.tracks):
            persona = avatar.starter(self.vault, progress=part(told, 0.0, 0.05))
            self.choose(session, EVERYBODY + persona.id, desk.bystanders)
        while film.masked is None:
            self._mask_once(session, film, part(told, 0.05, 1.0))
        desk.unselect()
        desk.comparing = True

    def _mask_once(self, session: Session, film: Film, progress: Progress) -> None:
        self._listen(session, film, part(progress, 0.0, 0.05))
        plan, version, desk = film.plan, film.version, session.video
        assert plan is not None
        out = film.folder / f"masked-{version}" / masked_name(film.path)
        encoding = Encoding(out.suffix, desk.codec, desk.quality, desk.hardware)
        reached = 0.0

        def remember(fraction: float, message: str) -> None:
            nonlocal reached
            reached = max(reached, fraction)
            progress(0.05 + 0.95 * fraction, message)

        try:
            done = video.deliver(
                film.clip,
                plan,
                self.vault,
                out,
                encoding=encoding,
                provenance=session.provenance,
                progress=remember,
            )
        except Cancelled:
            film.kept = reached if film.version == version else 0.0
            raise
        film.rendered = True
        if film.version == version:  # else what was rendered is void: the page must not show it
            film.masked, film.report, film.kept = out, done.report, 0.0

    def _listen(self, session: Session, film: Film, progress: Progress) -> None:
        """Find out who speaks, where voices are to be masked and nobody has listened yet."""
        chosen = self._options(session, self.known(session)).voice
        if chosen is None or film.plan is None or film.plan.voice is not None or not film.clip.has_sound:
            return
        film.changed(replace(film.plan, voice=voice.analyze(Sound.open(film.path), chosen, progress=progress)))

    # ----------------------------------------------------------------------------------------------------- files
    def take_plan(self, session: Session, upload: Path) -> None:
        """Go on with a plan that was saved before: every decision in it stays as it is.

        Raises:
            PlanError: no plan, or that of another video.
        """
        film = film_of(session)
        plan = VideoPlan.load(upload)
        if plan.fingerprint != film.clip.fingerprint:
            raise PlanError(f"The plan was made for another video ({plan.source_name}), not for {film.path.name}.")
        desk = session.video
        desk.swapper, desk.look = plan.engines.get("face_swapper", "auto"), plan.look
        desk.voice = None if plan.voice is None else plan.voice.strength
        desk.bodies = plan.bodies
        film.by_hand, film.bodies_by_hand = ({track.id for track in plan.tracks} for _ in range(2))
        film.changed(plan)
        self.decide(session)
        desk.frame = _first_to_look_at(plan)
        desk.unselect()

    @staticmethod
    def written(film: Film, what: str) -> Path | None:
        """The plan ('plan') or the report ('report') as a file; None when there is none."""
        data = film.plan if what == "plan" else film.report
        if data is None:
            return None
        path = film.folder / f"version-{film.version}" / f"{film.path.stem}-{what}.json"
        if not path.is_file():
            data.save(path)
        return path


def masked_name(path: Path) -> str:
    """Name of the masked file: '-masked' behind the stem, of the same kind if that can be written."""
    suffix = path.suffix.lower()
    return f"{path.stem}-masked{suffix if suffix in CONTAINERS or suffix in ANIMATION_SUFFIXES else '.mp4'}"


def film_of(session: Session) -> Film:
    """The video on the desk.

    Raises:
        InputError: there is none, or its file was deleted.
    """
    film = session.video.film
    if film is None:
        raise InputError("Drop a video first.")
    if not film.path.is_file():
        raise InputError("This page rested for a while and its video was deleted; drop it here again.")
    return film


def planned(session: Session) -> tuple[Film, VideoPlan]:
    """The video on the desk and its plan.

    Raises:
        InputError: there is none, or its faces were not looked for.
    """
    film = film_of(session)
    if film.plan is None:
        raise InputError("Find the faces of this video first.")
    return film, film.plan


def _cover(value: str) -> BodyCover | None:
    return value if value in BODY_COVERS else None  # type: ignore[return-value]


def _selected(session: Session) -> tuple[Film, Track]:
    film, plan = planned(session)
    if session.video.selected is None:
        raise InputError("Choose a face first: click on it.")
    return film, plan.track(session.video.selected)


def _persona(known: Known) -> str | None:
    return known.who.removeprefix(EVERYBODY) if known.who.startswith(EVERYBODY) else None


def _end_of_added(film: Film, plan: VideoPlan, frame: int) -> int:
    """Last frame of a face that was pointed out in ``frame``."""
    shot_ends = [first - 1 for first in plan.shots if first > frame]
    return min(frame + round(ADDED_S * film.clip.fps), plan.frames - 1, *shot_ends)


def _first_to_look_at(plan: VideoPlan) -> int:
    """Where a review begins: at the first face, seen well."""
    if not plan.tracks:
        return 0
    return (plan.tracks[0].shown or (plan.tracks[0].first,))[0]
