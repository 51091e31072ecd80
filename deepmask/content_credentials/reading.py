"""Content credentials of any file: who made it with what, and whether it was changed since. Nothing is fetched."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from deepmask.content_credentials import library
from deepmask.content_credentials.certificates import Identity, number_of
from deepmask.content_credentials.claims import bound_tag
from deepmask.errors import EngineMissing
from deepmask.printable import printable
from deepmask.report_json import Saved

State = Literal["intact", "changed", "elsewhere"]
"""intact: the file is as it was signed; changed: file or credentials were changed since, or the signature does not fit;
elsewhere: the file only says where on the net its credentials are, which is not asked."""

_ANYBODY = "signingCredential.untrusted"
"""C2PA's code for a signer that no list knows: no fault of the file."""
_TRAINED = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
_DRAWN = ("compositeSynthetic", "algorithmicMedia")
_FAULTS = {
    "assertion.dataHash.mismatch": "the file was changed after it was signed",
    "assertion.bmffHash.mismatch": "the file was changed after it was signed",
    "assertion.boxesHash.mismatch": "the file was changed after it was signed",
    "assertion.hashedURI.mismatch": "what it says of its making was changed after it was signed",
    "claimSignature.mismatch": "the signature does not fit",
    "signingCredential.expired": "the signer's certificate has expired",
    "signingCredential.invalid": "the signer's certificate is not one for content credentials",
}
_MOST_WORDS = 300
_MOST_MANIFESTS = 100
"""Of what a file was made of, in all: a file may name more."""
_SHOWN_OF = ("parentOf", "componentOf")
"""Relations of a file to another that is seen in it; others were only an input."""


@dataclass(frozen=True)
class Done:
    """One thing that was done, as the file tells it."""

    action: str
    """C2PA's name: 'c2pa.edited'."""
    words: str
    """As told by the file; empty: not told."""
    program: str
    trained: bool
    """Whether elements made by a trained network were put in."""
    synthetic: bool = False
    """Whether elements drawn or computed by a program were put in."""


@dataclass(frozen=True)
class Credentials(Saved):
    """What a file says of its making."""

    state: State
    signer: str
    """The name in the certificate. Anybody can put any name there."""
    yours: bool
    """Whether the signature is surely that of the keys this was read with."""
    program: str
    """What made the claim: 'Deepmask 0.1.0'."""
    done: tuple[Done, ...]
    tag_id: int | None
    """The id that the tag in the pixels should have; None: not told."""
    earlier: tuple[Done, ...] = ()
    """What was done to the files it was made of, as these told it when they were put in; the latest first."""
    faults: tuple[str, ...] = ()
    """What is wrong: short clauses."""

    @property
    def safe(self) -> bool:
        """Nothing was changed since it was signed."""
        return self.state == "intact"

    @property
    def by_machine(self) -> bool:
        """Whether it says that a trained network made some of it."""
        return any(one.trained for one in (*self.done, *self.earlier))

    @property
    def made_up(self) -> bool:
        """Whether it says that something is shown that no camera saw."""
        return any(one.trained or one.synthetic for one in (*self.done, *self.earlier))

    def summary(self) -> str:
        """One sentence for people."""
        if self.state == "elsewhere":
            return "Its content credentials are kept on the net, where nobody was asked for them."
        who = "you" if self.yours else f"somebody who calls themselves {self.signer!r}"
        if self.state == "changed":
            return f"Its content credentials do not hold: {'; '.join(self.faults)}."
        told = _together(self.done) or "nothing is told"
        before = _together(self.earlier)
        return (
            f"Signed by {who} with {self.program or 'a program without a name'}: {told}"
            f"{f'. What it was made of, as told there: {before}' if before else ''}."
        )


def _together(done: Sequence[Done]) -> str:
    """What was done, each thing once; of a thing without words what kind it is, if that matters."""
    kinds = ((one, "made by a trained network" if one.trained else "made by a program") for one in done)
    told = (one.words or (kind if one.trained or one.synthetic else "") for one, kind in kinds)
    return "; ".join(dict.fromkeys(words for words in told if words))


def credentials(path: Path, own: Sequence[bytes] = ()) -> Credentials | None:
    """The content credentials in a file; None where there are none, or the file cannot be read. Never raises.

    Args:
        own: secrets whose signatures are to be recognised
            (:attr:`deepmask.content_credentials.certificates.Identity.secret`).
    """
    try:
        c2pa = library.load()
    except EngineMissing:
        return None
    told = _read(c2pa, path)
    if not isinstance(told, dict):
        return told
    try:
        manifest = told["manifests"][told["active_manifest"]]
        yours = _is_one_of(c2pa, path, manifest, own)
        return _described(told, manifest, yours)
    except (KeyError, TypeError, ValueError, AttributeError):
        return _broken("what it says of its making is not understood")


def _read(c2pa: Any, path: Path, anchors_pem: str = "") -> dict[str, Any] | Credentials | None:
    """The library's report; credentials that cannot be read further; None for none."""
    mime = library.MIME_TYPES.get(path.suffix.lower())
    try:
        with (
            path.open("rb") as file,
            library.context(anchors_pem) as context,
            c2pa.Reader(mime, file, context=context) as reader,
        ):
            told = json.loads(reader.json())
    except c2pa.C2paError as error:
        if str(error).startswith("Remote"):  # the library has no type for it when it may not fetch
            return Credentials("elsewhere", "", False, "", (), None)
        kinds = c2pa.C2paError
        broken = (kinds.Verify, kinds.Signature, kinds.Manifest, kinds.Decoding, kinds.Assertion, kinds.Json)
        return _broken("they are broken") if isinstance(error, broken) else None
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _broken(fault: str) -> Credentials:
    return Credentials("changed", "", False, "", (), None, faults=(fault,))


def _is_one_of(c2pa: Any, path: Path, manifest: dict[str, Any], own: Sequence[bytes]) -> bool:
    """Whether the chain of certificates ends in an authority that one of the secrets makes for this output."""
    number = number_of(int(manifest["signature_info"].get("cert_serial_number", 0)))
    if number is None or not own:
        return False
    anchors = [Identity(secret, number).authority_pem for secret in own]
    told = _read(c2pa, path, "".join(anchors))
    return isinstance(told, dict) and told.get("validation_state") == "Trusted"


def _described(told: dict[str, Any], manifest: dict[str, Any], yours: bool) -> Credentials:
    faults = _faults(told)
    assertions = manifest.get("assertions", [])
    bindings = [bound_tag(one["data"]) for one in assertions if one["label"].startswith("c2pa.soft-binding")]
    signature = manifest.get("signature_info", {})
    return Credentials(
        "changed" if faults else "intact",
        _words(signature.get("common_name") or signature.get("issuer")) or "nobody",
        yours and not faults,
        _program(manifest),
        tuple(_done(action) for action in _actions(manifest)),
        next((id for id in bindings if id is not None), None),
        tuple(_done(action) for one in _ancestors(told, manifest) for action in _actions(one)),
        faults,
    )


def _actions(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a manifest says was done."""
    for one in manifest.get("assertions", []):
        if one["label"].startswith("c2pa.actions"):
            yield from one["data"]["actions"]


def _ancestors(told: dict[str, Any], manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Manifests of the files that are seen in one, and of those seen in them, each once, the nearest first."""
    seen, waiting = {told["active_manifest"]}, deque([manifest])
    while waiting and len(seen) <= _MOST_MANIFESTS:
        for ingredient in waiting.popleft().get("ingredients", []):
            label = ingredient.get("active_manifest")
            if ingredient.get("relationship") not in _SHOWN_OF or label in seen or label not in told["manifests"]:
                continue
            seen.add(label)
            waiting.append(told["manifests"][label])
            yield told["manifests"][label]


def _faults(told: dict[str, Any]) -> tuple[str, ...]:
    """What validation found wrong with the file itself, each once."""
    if told.get("validation_state") in ("Valid", "Trusted"):
        return ()
    codes = [status["code"] for status in told.get("validation_status", []) if status["code"] != _ANYBODY]
    return tuple(dict.fromkeys(_FAULTS.get(code, f"it fails C2PA's test {code}") for code in codes)) or (
        "they do not pass C2PA's tests",
    )


def _done(action: dict[str, Any]) -> Done:
    agent = action.get("softwareAgent", "")
    program = agent.get("name", "") if isinstance(agent, dict) else agent
    source = str(action.get("digitalSourceType", "")).rsplit("/", 1)[-1]
    return Done(
        _words(action["action"]),
        _words(action.get("description")),
        _words(program),
        source in _TRAINED,
        source in _DRAWN,
    )


def _program(manifest: dict[str, Any]) -> str:
    infos = manifest.get("claim_generator_info") or [{"name": manifest.get("claim_generator", "")}]
    return _words(" ".join(str(infos[0][key]) for key in ("name", "version") if infos[0].get(key)))


def _words(text: object) -> str:
    """Text of a stranger's file as it may be shown: on one line, cut where it is long."""
    return " ".join(printable(str(text or "")[: 4 * _MOST_WORDS]).split())[:_MOST_WORDS]
