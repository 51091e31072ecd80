"""Weights of neural engines: what there is, under which licence, and where it lies on this machine.

    from deepmask import weights
    weights.fetch("sd15")            # on request only: nothing else in Deepmask downloads anything
    weights.missing(("sd15",))       # () once they are there and their licence is accepted
    weights.location("sd15")         # the folder, its files verified

Looking up imports nothing heavy and reads no large file.
"""

from deepmask.weights.store import location, missing
from deepmask.weights.table import WEIGHTS, Weight, WeightFile, weight

__all__ = ["WEIGHTS", "Weight", "WeightFile", "location", "missing", "weight"]
