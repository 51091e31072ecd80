"""Who is who: enrolled people, what happens to them, and strict matching.

A face is a known person only if its distance is below the recogniser's bar and the next person is farther by a margin;
in doubt it is a bystander. Embeddings are biometric data: one file, mode 600, encrypted when the user gives a
passphrase (scrypt, RFC 7914, and Fernet), and deleted by :meth:`Roster.forget`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepmask.errors import InputError, UnknownName, VaultError
from deepmask.faces import Embedding
from deepmask.files import temporary_prefix, write_bytes
from deepmask.plan import Match
from deepmask.vault import now, slug

if TYPE_CHECKING:
    from deepmask.engines.protocols import FaceRecognizer

SCHEMA_VERSION = 1
KEEP_STRICTER = 0.1
"""By how much nearer somebody must be whose face stays visible: a lookalike would be shown unmasked."""
_SCRYPT = {"n": 2**15, "r": 8, "p": 1}
_NO_FILE = b""


@dataclass(frozen=True)
class Person:
    """Somebody enrolled. ``persona`` is the id of the persona they get, or None to keep their face."""

    id: str
    name: str
    persona: str | None
    embeddings: tuple[Embedding, ...] = field(repr=False, compare=False)
    """One (D,) vector for each enrolment photo."""
    enrolled_at: str = ""

    def distance(self, embedding: Embedding) -> float:
        """Mean distance to the nearest half of the enrolment photos."""
        distances = sorted(float(np.linalg.norm(e - embedding)) for e in self.embeddings)
        return float(np.mean(distances[: (len(distances) + 1) // 2]))


@dataclass(frozen=True)
class Roster:
    """The enrolled people of one vault, as of the moment it was read."""

    people: tuple[Person, ...] = ()
    recognizer: str = "dlib"
    """The engine that made the embeddings; others cannot be compared with them."""
    passphrase: str | None = field(default=None, repr=False, compare=False)
    """Encrypts the file when set; kept from :meth:`load` so that saving never drops the protection."""
    read_from: bytes | None = field(default=None, repr=False, compare=False)
    """Digest of the file that :meth:`load` read, which saving may replace and no other; None: not read from one."""

    def person(self, name: str) -> Person:
        """The person of that id or name.

        Raises:
            UnknownName: nobody; the message lists the known.
        """
        wanted = name.strip().casefold()
        for person in self.people:
            if wanted in (person.id, person.name.casefold()):
                return person
        raise UnknownName.of("person", name, [p.name for p in self.people])

    def match(self, embedding: Embedding, recognizer: FaceRecognizer) -> Match | None:
        """The person of this face, or None when nobody is near enough or two are."""
        ranked = sorted((p.distance(embedding), p.id) for p in self.people)
        if not ranked:
            return None
        (best, id), next_best = ranked[0], ranked[1][0] if len(ranked) > 1 else float("inf")
        bar = recognizer.match_below - (KEEP_STRICTER if self.person(id).persona is None else 0.0)
        if best >= bar or next_best - best < recognizer.match_margin:
            return None
        return Match(id, round(best, 3), round(min(next_best, 9.0) - best, 3))

    def enrolled(self, name: str, embeddings: list[Embedding], persona: str | None) -> Roster:
        """A copy with a person added, or, if the name is known, with more photos and the new policy."""
        name = " ".join(name.split())
        if not name or len(name) > 60:
            raise InputError("A name must have between 1 and 60 characters.")
        if not embeddings:
            raise InputError(f"Enrolling {name} needs at least one photo with a face.")
        vectors = tuple(np.asarray(e, np.float32) for e in embeddings)
        for known in self.people:
            if known.name.casefold() == name.casefold():
                return self._with(replace(known, persona=persona, embeddings=known.embeddings + vectors))
        taken = {p.id for p in self.people}
        base = slug(name) or "person"
        id = base if base not in taken else next(f"{base}-{n}" for n in range(2, 10**6) if f"{base}-{n}" not in taken)
        return replace(self, people=(*self.people, Person(id, name, persona, vectors, now())))

    def assigned(self, name: str, persona: str | None) -> Roster:
        """A copy in which a person gets another persona (None: keeps their face)."""
        return self._with(replace(self.person(name), persona=persona))

    def forget(self, name: str) -> Roster:
        """A copy without a person; saving it removes the embeddings from the disk."""
        gone = self.person(name)
        return replace(self, people=tuple(p for p in self.people if p.id != gone.id))

    def _with(self, person: Person) -> Roster:
        return replace(self, people=tuple(person if p.id == person.id else p for p in self.people))

    def protected(self, passphrase: str | None) -> Roster:
        """A copy that is saved encrypted with ``passphrase``, or in plain text for None."""
        if passphrase is not None and len(passphrase) < 8:
            raise InputError("A passphrase needs at least 8 characters.")
        return replace(self, passphrase=passphrase)

    def save(self, folder: Path) -> None:
        """Write ``roster.json`` in the vault's folder; without people the file is removed.

        What a writer that was killed left half-written is removed, too.

        Raises:
            VaultError: the file was changed since this was read, which saving would undo: somebody was forgotten, or
                the file encrypted; or it cannot be removed.
            DeepmaskError: it cannot be written.
        """
        path = folder / "roster.json"
        if self.read_from is not None and _digest(path) != self.read_from:
            raise VaultError("The list of people was changed elsewhere in the meantime; please do this once more.")
        if self.people:
            self._write(path)
        else:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise VaultError(f"{path} cannot be removed ({error.strerror}).") from error
        for left_over in folder.glob(f"{temporary_prefix(path)}*"):
            with contextlib.suppress(OSError):
                left_over.unlink()

    def _write(self, path: Path) -> None:
        people = self._to_json()
        data: dict[str, Any] = {"version": SCHEMA_VERSION, "recognizer": self.recognizer}
        if self.passphrase is None:
            data |= {"encrypted": False, "people": people}
        else:
            salt = os.urandom(16)
            token = _fernet(self.passphrase, salt).encrypt(json.dumps(people).encode())
            data |= {"encrypted": True, "salt": base64.b64encode(salt).decode(), "people": token.decode()}
        write_bytes(path, (json.dumps(data, indent=1) + "\n").encode(), mode=0o600)

    def _to_json(self) -> list[dict[str, Any]]:
        return [
            {
                "id": p.id,
                "name": p.name,
                "persona": p.persona,
                "enrolled_at": p.enrolled_at,
                "embeddings": [base64.b64encode(e.astype("<f4").tobytes()).decode() for e in p.embeddings],
            }
            for p in self.people
        ]

    @classmethod
    def load(cls, folder: Path, passphrase: str | None = None) -> Roster:
        """Read the roster of a vault; an empty one when nobody is enrolled.

        Raises:
            InputError: it is encrypted and the passphrase is missing or wrong.
            VaultError: the file is damaged.
        """
        path = folder / "roster.json"
        try:
            text = path.read_bytes()
            data = json.loads(text)
            people = data["people"]
            if data["encrypted"]:
                people = json.loads(_decrypt(people, data["salt"], passphrase))
            used = passphrase if data["encrypted"] else None
            return cls(tuple(_person(p) for p in people), data["recognizer"], used, hashlib.sha256(text).digest())
        except FileNotFoundError:
            return cls(read_from=_NO_FILE)
        except OSError as error:
            raise VaultError(f"The roster {path} cannot be read ({error.strerror}).") from error
        except (ValueError, KeyError, TypeError) as error:
            raise VaultError(f"The roster {path} is damaged; remove it and enrol your people again.") from error


def is_encrypted(folder: Path) -> bool:
    """Whether the roster of a vault asks for a passphrase."""
    try:
        return bool(json.loads((folder / "roster.json").read_bytes())["encrypted"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _digest(path: Path) -> bytes:
    """Of a file's bytes; ``_NO_FILE`` where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except FileNotFoundError:
        return _NO_FILE
    except OSError as error:
        raise VaultError(f"The roster {path} cannot be read ({error.strerror}).") from error


def _person(data: dict[str, Any]) -> Person:
    vectors = tuple(np.frombuffer(base64.b64decode(e), "<f4").astype(np.float32) for e in data["embeddings"])
    return Person(data["id"], data["name"], data["persona"], vectors, data["enrolled_at"])


def _decrypt(token: str, salt: str, passphrase: str | None) -> bytes:
    from cryptography.fernet import InvalidToken

    if passphrase is None:
        raise InputError("The roster is encrypted; give its passphrase (DEEPMASK_PASSPHRASE, or in the People tab).")
    try:
        return _fernet(passphrase, base64.b64decode(salt)).decrypt(token.encode())
    except InvalidToken as error:
        raise InputError("The passphrase of the roster is wrong.") from error


def _fernet(passphrase: str, salt: bytes) -> Any:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Fernet(base64.urlsafe_b64encode(Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode())))
