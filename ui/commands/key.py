"""``deepmask key``: the key that seals and tags are signed with, and the public keys of others."""

from __future__ import annotations

import os
from pathlib import Path

import click

from deepmask.errors import InputError
from deepmask.files import write_bytes
from deepmask.signing import OWN_NAME, PASSPHRASE, Keyring
from ui.commands.shared import existing, json_option, overwrite_option, print_json, refuse_existing, say, table
from ui.commands.signers import new_passphrase, open_signer, passphrase_for


@click.group(invoke_without_command=True, no_args_is_help=False)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Your signing key, and the public keys of people you know.

    The key is made when it is first needed. Give others the public half ('public'), and keep a copy of the private
    half ('export'): without it nobody can seal as you any more. Passphrases are asked for, or read from
    DEEPMASK_KEY_PASSPHRASE.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@command.command()
@json_option
def show(as_json: bool) -> None:
    """Show which keys there are."""
    keyring = Keyring()
    own, others = keyring.own(), [key for key in keyring.known() if key.name != OWN_NAME]
    if as_json:
        mine = None if own is None else {"key_id": own.key_id, "locked": keyring.locked, "public_key": own.raw.hex()}
        print_json({"own": mine, "known": [{"name": key.name, "key_id": key.key_id} for key in others]})
        return
    if own is None:
        click.echo("You have no key yet; it is made when you first seal or tag something.")
    else:
        locked = "asks for a passphrase" if keyring.locked else "asks for no passphrase ('deepmask key protect')"
        say(f"Your key: {own.key_id}, {locked}")
    if others:
        click.echo(table([("Known", "Key"), *((key.name, key.key_id) for key in others)]))


@command.command()
@click.option("-o", "--out", type=existing, required=True, help="File to write, such as maya.pub.")
@overwrite_option
def public(out: Path, overwrite: bool) -> None:
    """Write your public key, to be given to others: what you sealed is recognised with it."""
    refuse_existing([out], overwrite)
    keyring = Keyring()
    own = keyring.own() or open_signer(keyring).public
    write_bytes(out, own.to_pem())
    say(f"{out}: public key {own.key_id}")


@command.command()
@click.option("-o", "--out", type=existing, required=True, help="File to write; keep it where nobody else finds it.")
@overwrite_option
def export(out: Path, overwrite: bool) -> None:
    """Write your private key under a passphrase, to keep elsewhere or to bring to another computer."""
    refuse_existing([out], overwrite)
    keyring = Keyring()
    signer = open_signer(keyring)
    keyring.export(signer, out, os.environ.get(PASSPHRASE) or new_passphrase("the exported key"))
    say(f"{out}: private key {signer.key_id}, locked with the passphrase")


@command.command()
@click.argument("file", type=existing)
@click.option("--replace", is_flag=True, help="Give up the key that is there.")
def bring(file: Path, replace: bool) -> None:
    """Take an exported key for your own."""
    try:
        locked = b"ENCRYPTED" in file.read_bytes()[:64]
    except OSError as error:
        raise InputError(f"The key {file} cannot be read ({error.strerror}).") from error
    signer = Keyring().bring(file, passphrase_for(locked), replace=replace)
    say(f"Your key is {signer.key_id} now.")


@command.command()
@click.option("--off", is_flag=True, help="Ask for no passphrase any more.")
def protect(off: bool) -> None:
    """Ask for a passphrase whenever your key is used; who has it locked already is asked for both."""
    keyring = Keyring()
    was_locked = keyring.locked
    signer = open_signer(keyring)
    fresh = None
    if not off:
        given = None if was_locked else os.environ.get(PASSPHRASE)
        fresh = given or new_passphrase("your signing key")
    keyring.protect(signer, fresh)
    click.echo("Your key asks for no passphrase any more." if off else "Your key asks for the passphrase from now on.")


@command.command()
@click.argument("file", type=existing)
@click.argument("name")
def trust(file: Path, name: str) -> None:
    """Remember the public key in FILE as NAME's; what NAME sealed is told as theirs."""
    key = Keyring().trust(file, name)
    say(f"Key {key.key_id} is known as {key.name}.")


@command.command()
@click.argument("name")
def forget(name: str) -> None:
    """Remove NAME's public key; what they sealed is told as sealed by a key you do not know."""
    Keyring().forget(name)
    say(f"The key of {name} was removed.")
