"""Where personas live: one readable folder each, under the folder that keeps all user state.

    <home>/personas/maya/persona.json      name, attributes, wishes, seed, engine, voice, attestation
    <home>/personas/maya/portrait.png
    <home>/personas/maya/looks/            further pictures (see deepmask.variation): a PNG and a JSON file each
    <home>/roster.json                     enrolled people (see deepmask.roster)

A persona appears and disappears as a whole: it is built in a hidden folder and moved into place. A further picture is
there as soon as its JSON file is.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import tempfile
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from deepmask import config
from deepmask.errors import DeepmaskError, InputError, UnknownName, VaultError
from deepmask.faces import RGBImage
from deepmask.files import replacing, write_text
from deepmask.persona import Attestation, Attributes, Persona
from deepmask.variation import Variation
from deepmask.voice import Voice
from deepmask.wishes import Wishes

SCHEMA_VERSION = 2
"""2: wishes, recipe and voice. Older files are read; newer ones are refused."""


@dataclass(frozen=True)
class Vault:
    """The user's personas. ``folder`` need not exist yet."""

    folder: Path = field(default_factory=config.home)

    @property
    def _personas(self) -> Path:
        return self.folder / "personas"

    def personas(self) -> list[Persona]:
        """All personas, oldest first; folders that cannot be read are skipped (``damaged`` lists them)."""
        found = []
        for id in self._ids():
            try:
                found.append(self._read(id))
            except VaultError:
                continue
        return sorted(found, key=lambda p: (p.created_at, p.id))

    def damaged(self) -> list[str]:
        """One sentence for each persona folder that cannot be read."""
        sentences = []
        for id in self._ids():
            try:
                self._read(id)
            except VaultError as error:
                sentences.append(str(error))
        return sentences

    def persona(self, name: str) -> Persona:
        """The persona of that id or name (case does not matter).

        Raises:
            UnknownName: there is none; the message lists the known.
        """
        wanted = name.strip().casefold()
        if wanted and (self._personas / slug(wanted)).is_dir() and slug(wanted) == wanted:
            return self._read(wanted)
        personas = self.personas()
        for persona in personas:
            if persona.name.casefold() == wanted:
                return persona
        raise UnknownName.of("persona", name, [p.name for p in personas])

    def add(self, persona: Persona) -> Persona:
        """Keep a persona; returns it with its final id and time.

        Raises:
            InputError: the name is empty or taken.
            VaultError: the folder cannot be written; nothing is left behind.
        """
        name = _clean_name(persona.name)
        if name.casefold() in {p.name.casefold() for p in self.personas()}:
            raise InputError(
                f"There already is a persona named {name!r}; choose another name or remove that one first."
            )
        kept = replace(persona, name=name, id=self._free_id(name), created_at=now())
        temporary: Path | None = None
        try:
            self._personas.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=self._personas))
            with (temporary / "portrait.png").open("wb") as file:
                _write_png(file, kept.portrait)
            (temporary / "persona.json").write_text(_to_json(kept), "utf-8")
            temporary.rename(self._personas / kept.id)
        except OSError as error:
            raise VaultError(
                f"The vault {self.folder} cannot be written ({error.strerror}); set DEEPMASK_HOME to another folder."
            ) from error
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
        return kept

    def rename(self, persona: Persona, name: str) -> Persona:
        """Give a persona another name; its id stays."""
        name = _clean_name(name)
        if name.casefold() in {p.name.casefold() for p in self.personas() if p.id != persona.id}:
            raise InputError(f"There already is a persona named {name!r}; choose another name.")
        return self.update(replace(persona, name=name))

    def update(self, persona: Persona) -> Persona:
        """Rewrite what is known of a persona, all but its portrait; the file is replaced as a whole.

        Raises:
            UnknownName: it was removed meanwhile.
            VaultError: the folder cannot be written; what was there stays.
        """
        folder = self._folder(persona)
        try:
            write_text(folder / "persona.json", _to_json(persona))
        except DeepmaskError as error:
            raise VaultError(f"The persona {persona.name!r} cannot be changed: {error}") from error
        return persona

    def remove(self, persona: Persona) -> None:
        """Delete a persona and its portrait, and what an earlier removal that was killed left of others."""
        try:
            (self._personas / persona.id).rename(self._personas / f".gone-{secrets.token_hex(6)}")
            for gone in self._personas.glob(".gone-*"):
                shutil.rmtree(gone)
        except OSError as error:
            raise VaultError(f"The persona {persona.name!r} cannot be removed ({error.strerror}).") from error

    def variations(self, persona: Persona) -> list[Variation]:
        """The further pictures of a persona, oldest first; files that cannot be read are skipped."""
        found = []
        for path in self._looks(persona).glob("*.json"):
            try:
                picture = _read_portrait(path.with_suffix(".png"))
                found.append(Variation.from_json(json.loads(path.read_text("utf-8")), picture, path.stem))
            except (OSError, ValueError, TypeError, InputError):
                continue
        return sorted(found, key=lambda v: v.id)

    def add_variation(self, persona: Persona, variation: Variation) -> Variation:
        """Keep a further picture of a persona; returns it with its id and time.

        Raises:
            UnknownName: the persona was removed meanwhile.
            VaultError: the folder cannot be written.
        """
        self._folder(persona)
        numbers = [int(v.id[:3]) for v in self.variations(persona) if v.id[:3].isdecimal()]
        name = f"{max(numbers, default=0) + 1:03d}-{slug(f'{variation.kind} {variation.words}')}"
        kept = replace(variation, id=name, created_at=now())
        target = self._looks(persona) / f"{kept.id}.png"
        try:
            with replacing(target) as file:
                _write_png(file, kept.picture)
            write_text(target.with_suffix(".json"), json.dumps(kept.to_json(), indent=2, ensure_ascii=False) + "\n")
        except DeepmaskError as error:
            raise VaultError(f"The picture of {persona.name!r} cannot be kept: {error}") from error
        return kept

    def remove_variation(self, persona: Persona, id: str) -> None:
        """Delete a further picture of a persona.

        Raises:
            UnknownName: there is none of that id.
        """
        known = [variation.id for variation in self.variations(persona)]
        if id not in known:
            raise UnknownName.of(f"picture of {persona.name}", id, known)
        for suffix in (".json", ".png"):
            (self._looks(persona) / f"{id}{suffix}").unlink(missing_ok=True)

    def _looks(self, persona: Persona) -> Path:
        return self._personas / persona.id / "looks"

    def _folder(self, persona: Persona) -> Path:
        """Where a kept persona lies."""
        folder = self._personas / persona.id
        if not persona.id or not (folder / "persona.json").is_file():
            raise UnknownName.of("persona", persona.name, [p.name for p in self.personas()])
        return folder

    def _ids(self) -> list[str]:
        try:
            return sorted(p.name for p in self._personas.iterdir() if p.is_dir() and not p.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise VaultError(
                f"The vault {self.folder} cannot be read ({error.strerror}); set DEEPMASK_HOME to another folder."
            ) from error

    def _free_id(self, name: str) -> str:
        base, taken = slug(name) or "persona", set(self._ids())
        return base if base not in taken else next(f"{base}-{n}" for n in range(2, 10**6) if f"{base}-{n}" not in taken)

    def _read(self, id: str) -> Persona:
        folder = self._personas / id
        try:
            data = json.loads((folder / "persona.json").read_text("utf-8"))
            return _from_json(id, data, _read_portrait(folder / "portrait.png"))
        except (OSError, ValueError, KeyError, TypeError, InputError) as error:
            raise VaultError(
                f"The persona in {folder} is damaged ({error}); remove the folder or restore it."
            ) from error


def now() -> str:
    """The time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def slug(name: str) -> str:
    """Lower case letters, digits and hyphens: safe as a folder name on every system."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise InputError("A name must have between 1 and 60 characters.")
    return name


def _to_json(persona: Persona) -> str:
    data: dict[str, Any] = {
        "version": SCHEMA_VERSION,
        "name": persona.name,
        "engine": persona.engine,
        "seed": persona.seed,
        "prompt": persona.prompt,
        "created_at": persona.created_at,
        "attributes": None if persona.attributes is None else persona.attributes.to_json(),
        "wishes": None if persona.wishes is None else persona.wishes.to_json(),
        "recipe": persona.recipe,
        "voice": None if persona.voice is None else persona.voice.to_json(),
        "attestation": None,
    }
    if persona.attestation is not None:
        data["attestation"] = {
            "statement": persona.attestation.statement,
            "given_at": persona.attestation.given_at,
        }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _from_json(id: str, data: dict[str, Any], portrait: RGBImage) -> Persona:
    if int(data["version"]) > SCHEMA_VERSION:
        raise ValueError("it was written by a newer Deepmask")
    attributes, attestation = data.get("attributes"), data.get("attestation")
    wishes, voice = data.get("wishes"), data.get("voice")
    return Persona(
        id=id,
        name=data["name"],
        engine=data["engine"],
        portrait=portrait,
        seed=int(data["seed"]),
        prompt=data["prompt"],
        attributes=None if attributes is None else Attributes.from_json(attributes),
        attestation=None if attestation is None else Attestation(**attestation),
        created_at=data["created_at"],
        wishes=None if wishes is None else Wishes.from_json(wishes),
        recipe={str(key): str(value) for key, value in (data.get("recipe") or {}).items()},
        voice=None if voice is None else Voice.from_json(voice),
    )


def _write_png(file: BinaryIO, picture: RGBImage) -> None:
    from PIL import Image

    Image.fromarray(picture).save(file, "PNG")


def _read_portrait(path: Path) -> RGBImage:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
