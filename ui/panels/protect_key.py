"""The fold 'Your key' of the Protect tab: what is sealed and tagged is signed with it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask.signing import Keyring
from ui import key_work
from ui.events import Updates, worker
from ui.panels.shared import App, note
from ui.session import Session

PANES = [("Passphrase", "lock"), ("Export", "export"), ("Bring", "bring"), ("Keys of others", "others")]
WHAT = (
    "Seals and tags are signed with a key that only you have; with its public half, others can tell that you signed. "
    "Export it and keep the file: what is sealed cannot be told as yours without it."
)


class KeyFold:
    """Builds the fold; its events change the keys on disk and show the fold from them."""

    def __init__(self, app: App) -> None:
        self._app = app
        with gr.Accordion("Your key", open=False, elem_id="your-key") as self.fold:
            self.told = gr.HTML("", padding=False, elem_id="key-told")
            with gr.Column(visible=False) as self.asking:
                self.passphrase = gr.Textbox(label="Passphrase", type="password", max_lines=1, elem_id="key-passphrase")
                self.unlock = gr.Button("Unlock", variant="primary", elem_id="unlock-signing")
            self.public = gr.DownloadButton("Public key, to give away", size="sm", visible=False, elem_id="public-key")
            self.pane = gr.Radio(
                PANES, value="lock", show_label=False, container=False, elem_classes="dm-switch", elem_id="key-pane"
            )
            with gr.Column(visible=True) as self.lock:
                self._build_lock()
            with gr.Column(visible=False) as self.export:
                self._build_export()
            with gr.Column(visible=False) as self.bring:
                self._build_bring()
            with gr.Column(visible=False) as self.others:
                self._build_others()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)]

    # --------------------------------------------------------------------------------------------------- layout
    def _build_lock(self) -> None:
        self.lock_told = gr.HTML("", padding=False)
        with gr.Row(elem_classes="dm-tight"):
            self.new = gr.Textbox(
                label="New passphrase", type="password", max_lines=1, scale=3, info="At least 8 characters",
                elem_id="new-passphrase",
            )  # fmt: skip
            self.set = gr.Button("Lock", size="sm", scale=1, min_width=90, elem_id="lock-key")
            self.open = gr.Button("Remove the lock", size="sm", scale=1, min_width=130, elem_id="open-key")

    def _build_export(self) -> None:
        with gr.Row(elem_classes="dm-tight"):
            self.export_with = gr.Textbox(
                label="Passphrase of the file", type="password", max_lines=1, scale=3,
                info="Whoever has both could sign as you", elem_id="export-passphrase",
            )  # fmt: skip
            self.make = gr.Button("Export", size="sm", scale=1, min_width=90, elem_id="export-key")
        self.exported = gr.DownloadButton(
            "Download the key", variant="primary", visible=False, elem_id="download-key"
        )  # fmt: skip

    def _build_bring(self) -> None:
        self.file = gr.File(
            label="An exported key", file_types=[".pem"], height=110, elem_id="bring-file", elem_classes="dm-drop"
        )
        self.file_key = gr.Textbox(label="Its passphrase", type="password", max_lines=1, elem_id="bring-passphrase")
        self.replace = gr.Checkbox(label="It takes the place of the key I have", visible=False, elem_id="replace-key")
        self.take = gr.Button("Use this key", size="sm", elem_id="bring-key")

    def _build_others(self) -> None:
        self.known = gr.Radio(show_label=False, container=False, elem_id="known-keys", elem_classes="dm-list")
        self.forget = gr.Button("Forget this key", size="sm", visible=False, elem_id="forget-key")
        self.theirs = gr.File(
            label="Their public key", file_types=[".pub", ".pem"], height=110, elem_id="trust-file",
            elem_classes="dm-drop",
        )  # fmt: skip
        with gr.Row(elem_classes="dm-tight"):
            self.name = gr.Textbox(label="Whose it is", max_lines=1, max_length=60, scale=3, elem_id="trust-name")
            self.trust = gr.Button("Remember it", size="sm", scale=1, min_width=110, elem_id="trust-key")

    # --------------------------------------------------------------------------------------------------- events
    def wire(self) -> None:
        """Connect the buttons; called when all of the tab is there."""
        state = self._app.state
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        self.pane.input(_panes, [self.pane], [self.lock, self.export, self.bring, self.others], queue=False)
        for listener in (self.unlock.click, self.passphrase.submit):
            listener(self._doing(self._on_unlock), [state, self.passphrase], **fast)
        self.set.click(self._doing(self._on_lock), [state, self.new], **fast)
        self.open.click(self._doing(lambda session: key_work.unprotect(session)), [state], **fast)
        self.make.click(self._doing(self._on_export), [state, self.export_with], **fast)
        self.take.click(self._doing(self._on_bring), [state, self.file, self.file_key, self.replace], **fast)
        self.trust.click(self._doing(self._on_trust), [state, self.theirs, self.name], **fast)
        self.known.input(lambda: gr.update(visible=True), None, self.forget, queue=False, show_progress="hidden")
        self.forget.click(self._doing(self._on_forget), [state, self.known], **fast)

    def _doing(self, event: Callable[..., Updates | None]) -> Any:
        return worker(self.show)(event)

    def _on_unlock(self, session: Session, passphrase: str) -> Updates:
        key_work.unlock(session, passphrase)
        return {self.passphrase: ""}

    def _on_lock(self, session: Session, passphrase: str) -> Updates:
        key_work.protect(session, passphrase)
        return {self.new: ""}

    def _on_export(self, session: Session, passphrase: str) -> Updates:
        path = key_work.export(session, passphrase)
        return {self.export_with: "", self.exported: gr.update(value=str(path), visible=True)}

    def _on_bring(self, session: Session, file: str | None, passphrase: str, replace: bool) -> Updates:
        key_work.bring(session, file, passphrase, replace)
        return {self.file: None, self.file_key: "", self.replace: False}

    def _on_trust(self, session: Session, file: str | None, name: str) -> Updates:
        key_work.trust(file, name)
        return {self.theirs: None, self.name: ""}

    def _on_forget(self, session: Session, name: str | None) -> Updates:
        key_work.forget(name or "")
        return {self.known: gr.update(value=None), self.forget: gr.update(visible=False)}

    # ----------------------------------------------------------------------------------------------------- show
    @property
    def outputs(self) -> list[Block]:
        """All that :meth:`show` updates."""
        return self._outputs

    def show(self, session: Session) -> Updates:
        """The fold as the keys on disk are."""
        keyring, locked = Keyring(), key_work.locked(session)
        others = key_work.others()
        public = key_work.public_file(session)
        return {
            self.told: _told(keyring, locked),
            self.asking: gr.update(visible=locked),
            self.public: gr.update(value=None if public is None else str(public), visible=public is not None),
            self.lock_told: note(
                "A passphrase is asked for once on each page, before anything is signed." if keyring.locked
                else "Whoever uses this account can sign as you. A passphrase prevents that.", "info"
            ),
            self.set: "Change" if keyring.locked else "Lock",
            self.open: gr.update(visible=keyring.locked),
            self.exported: gr.update(value=None, visible=False),
            self.replace: gr.update(visible=keyring.exists),
            self.known: gr.update(choices=[(_line(key), key.name) for key in others], visible=bool(others)),
            self.forget: gr.update(visible=False),
        }  # fmt: skip


def _panes(shown: str) -> list[Any]:
    return [gr.update(visible=name == shown) for _, name in PANES]


def _told(keyring: Keyring, locked: bool) -> str:
    own = keyring.own()
    if own is None:
        state = "You have no key yet: it is made when you first seal or tag something."
    else:
        held = "locked" if locked else "open on this page" if keyring.locked else "without a passphrase"
        state = f"Your key is <code>{escape(own.key_id)}</code>, {held}."
    return f'<div class="dm-key"><p>{state}</p><p>{escape(WHAT)}</p></div>'


def _line(key: Any) -> str:
    return f"{key.name}  ·  {key.key_id}"
