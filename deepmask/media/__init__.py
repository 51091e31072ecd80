"""Files of the user, opened, edited and written without their metadata.

Nothing heavy is imported here: the libraries that read and write pictures, clips and sounds are loaded by the first
``open`` or ``save``. :mod:`deepmask.media.muxing` and :mod:`deepmask.media.clip_joining`, which make video files, load
them at once.
"""

from deepmask.media.clip import Clip, Picture
from deepmask.media.clip_encoding import Encoding
from deepmask.media.clip_writing import SegmentWriter
from deepmask.media.folders import find_clips, find_photos, find_sounds
from deepmask.media.formats import FORMATS, PictureFormat
from deepmask.media.photo import Photo
from deepmask.media.sound import Sound
from deepmask.media.sound_writing import SoundWriter

__all__ = [
    "FORMATS",
    "Clip",
    "Encoding",
    "Photo",
    "Picture",
    "PictureFormat",
    "SegmentWriter",
    "Sound",
    "SoundWriter",
    "find_clips",
    "find_photos",
    "find_sounds",
]
