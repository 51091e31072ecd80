"""The user's signing key at the command line: unlocked by the environment or a prompt, never by an argument."""

from __future__ import annotations

import os
import sys

import click

from deepmask.errors import InputError
from deepmask.signing import PASSPHRASE, Keyring, Signer

_ASKED = "Passphrase of your signing key"


def open_signer(keyring: Keyring) -> Signer:
    """The user's key, made now if there is none.

    Raises:
        InputError: it is locked, and neither the environment nor a terminal gives its passphrase.
    """
    if not keyring.exists:
        signer = keyring.signer()
        click.echo(f"Your signing key was made: {signer.key_id}. Keep a copy: deepmask key export -o FILE", err=True)
        return signer
    if keyring.locked and not os.environ.get(PASSPHRASE) and sys.stdin.isatty():
        return keyring.signer(click.prompt(_ASKED, hide_input=True, err=True))
    return keyring.signer()


def passphrase_for(file_is_locked: bool) -> str | None:
    """The passphrase of a key that is brought; None if it has none.

    Raises:
        InputError: it has one, and neither the environment nor a terminal gives it.
    """
    if not file_is_locked:
        return None
    if given := os.environ.get(PASSPHRASE):
        return given
    if not sys.stdin.isatty():
        raise InputError(f"The key is locked; give its passphrase ({PASSPHRASE}).")
    return click.prompt("Passphrase of the key", hide_input=True, err=True)


def new_passphrase(what: str) -> str:
    """One typed twice.

    Raises:
        InputError: there is no terminal to type it at.
    """
    if not sys.stdin.isatty():
        raise InputError(f"A new passphrase is typed at a terminal, or given as {PASSPHRASE}.")
    return click.prompt(f"New passphrase of {what}", hide_input=True, confirmation_prompt=True, err=True)
