"""How a head is held: "the same pose as in this photo"."""

from __future__ import annotations

from deepmask import engines
from deepmask.errors import InputError
from deepmask.face_pose import FacePose
from deepmask.media import Photo
from deepmask.progress import Progress, silent


def pose_of(source: Photo, reader: str = "auto", *, progress: Progress = silent) -> FacePose:
    """The pose of the one face of a photo, as a portrait would show it; nothing else of the photo is used.

    Args:
        reader: name of the engine that reads it; 'auto' takes MediaPipe.

    Raises:
        InputError: no face, several, or one that is turned away or covered; the sentence names the remedy.
        EngineMissing: the reader is not installed, or its weights are absent; the message has the command.
    """
    row = engines.choose("pose_reader", reader)
    progress(0.0, f"Looking for the face in {source.name}")
    with engines.turn(progress):
        found = engines.load("face_finder").find(source.rgb)
        if not found:
            raise InputError(f"No face was found in {source.name}; take a photo that shows one person.")
        if len(found) > 1:
            raise InputError(f"{source.name} shows {len(found)} faces; cut it down to the one whose pose you want.")
        pose = engines.load("pose_reader", row.name).read(source.rgb, found[0].box_xyxy)
    if pose is None:
        raise InputError(f"The face in {source.name} is turned away or covered; take one that shows both eyes.")
    return pose
