"""Files of the user, opened, edited and written without their metadata.

Nothing heavy is imported here: the libraries that read and write pictures are loaded by the first ``open`` or ``save``.
"""

from deepmask.media.folders import find_photos
from deepmask.media.formats import FORMATS, PictureFormat
from deepmask.media.photo import Photo

__all__ = ["FORMATS", "Photo", "PictureFormat", "find_photos"]
