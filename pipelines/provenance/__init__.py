"""Provenance of masked outputs: what every pipeline that masks does last, unless the user says otherwise.

    steps  = steps.of_photo(plan, masked.outcomes, vault)
    marked = mark_photo(source, masked.photo, steps, plan.to_json(), ".png")
    report = photo.check(source, marked.photo, plan, masked.outcomes)
    notes  = marked.save(Path("out.png"))

The tag comes before the check, so that what is checked is what is written. Pixels that a pipeline leaves untouched are
untouched but for the tag.
"""

from pipelines.provenance.photos import MarkedPhoto, mark_photo

__all__ = ["MarkedPhoto", "mark_photo"]
