"""Content credentials (C2PA) of outputs: what was done to them, by which program, sealed against later changes.

``sign`` puts them into a finished file, ``credentials`` reads those of any file. Nothing of it asks the net, and they
tell neither who signed, nor what the original was, nor when (:mod:`deepmask.content_credentials.certificates`).
"""

from deepmask.content_credentials.certificates import Identity
from deepmask.content_credentials.claims import Claim, Source, Step
from deepmask.content_credentials.library import holds_credentials
from deepmask.content_credentials.reading import Credentials, Done, credentials
from deepmask.content_credentials.writing import sign

__all__ = [
    "Claim",
    "Credentials",
    "Done",
    "Identity",
    "Source",
    "Step",
    "credentials",
    "holds_credentials",
    "sign",
]
