"""How a head is held: "the same pose as in this photo"."""

from __future__ import annotations

from deepmask import engines
from deepmask.errors import InputError
from deepmask.face_pose import OF_PHOTO, FacePose
from deepmask.media import Photo
from deepmask.progress import Progress, silent


def pose_of(source: Photo, *, progress: Progress = silent) -> FacePose:
    """The pose of the one face of a photo, as a portrait would show it; nothing else of the photo is used.

    Raises:
        InputError: no face, several, or one that is turned away or covered; the sentence names the remedy.
    """
    progress(0.0, f"Looking for the face in {source.name}")
    with engines.turn(progress):
        found = engines.load("face_finder").find(source.rgb)
        if not found:
            raise InputError(f"No face was found in {source.name}; take a photo that shows one person.")
        if len(found) > 1:
            raise InputError(f"{source.name} shows {len(found)} faces; cut it down to the one whose pose you want.")
        landmarks = engines.load("face_landmarker").fit(source.rgb, found[0].box_xyxy)
    if landmarks is None:
        raise InputError(f"The face in {source.name} is turned away or covered; take one that shows both eyes.")
    return FacePose.from_landmarks(landmarks, name=OF_PHOTO)
