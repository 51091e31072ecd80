"""Weights of neural engines: what there is, under which licence, and where it lies on this machine.

    from deepmask import weights
    weights.accept("sd15")           # the licence, once; weights.offer("sd15") has its name and address
    weights.fetch("sd15")            # on request only: nothing else in Deepmask downloads weights
    weights.missing(("sd15",))       # () once they are there and, where it restricts their use, the licence is accepted
    weights.location("sd15")         # the folder, its files verified

A set is named as in the table, by the id of a repository on the Hugging Face hub ('organisation/name'), or by a folder.
Looking up imports nothing heavy and reads no large file.
"""

from deepmask.weights.fetching import accept, fetch, offer, size_text
from deepmask.weights.importing import Brought, bring
from deepmask.weights.licences import accepted
from deepmask.weights.store import Finding, State, digests, location, missing, read_new, remove, state, variant, verify
from deepmask.weights.table import WEIGHTS, Weight, WeightFile, rows, weight

__all__ = [
    "WEIGHTS",
    "Brought",
    "Finding",
    "State",
    "Weight",
    "WeightFile",
    "accept",
    "accepted",
    "bring",
    "digests",
    "fetch",
    "location",
    "missing",
    "offer",
    "read_new",
    "remove",
    "rows",
    "size_text",
    "state",
    "variant",
    "verify",
    "weight",
]
