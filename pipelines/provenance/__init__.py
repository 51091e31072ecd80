"""Provenance of masked outputs: what every pipeline that masks does last, unless the user says otherwise.

    marked, report = render_photo(source, plan, vault, ".png")
    notes = marked.save(Path("out.png"))

The tag comes before the check, so that what is checked is what is written. Pixels that a pipeline leaves untouched are
untouched but for the tag.
"""

from pipelines.provenance.photos import MarkedPhoto, mark_photo
from pipelines.provenance.rendering import render_bodies, render_photo

__all__ = ["MarkedPhoto", "mark_photo", "render_bodies", "render_photo"]
