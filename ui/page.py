"""The page: a header and one tab for each job."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from deepmask.config import Settings
from deepmask.vault import Vault
from ui.panels.about import AboutPanel
from ui.panels.bodies import BodiesPanel
from ui.panels.detect import DetectPanel
from ui.panels.engines import EnginesPanel
from ui.panels.people import PeoplePanel
from ui.panels.personas import PersonasPanel
from ui.panels.photos import PhotosPanel
from ui.panels.protect import ProtectPanel
from ui.panels.shared import App
from ui.panels.videos import VideosPanel
from ui.panels.voices import VoicesPanel
from ui.panels.webcam import WebcamPanel
from ui.rest import add_endpoints
from ui.session import Register, Session, Workspace
from ui.theme import LOGO

TAGLINE = "A virtual persona instead of your own face and voice"
_DAY = 86_400


def page(settings: Settings, workspace: Workspace) -> gr.Blocks:
    """The Blocks of the app; ``GRADIO_TEMP_DIR`` must be the workspace's folder already."""
    register = Register()
    with gr.Blocks(title="Deepmask", analytics_enabled=False, delete_cache=(3600, _DAY), fill_width=True) as blocks:
        state = gr.State(Session(workspace.folder), delete_callback=_forget)
        app = App(settings, Vault(), state, register)
        gr.HTML(f'<header class="dm-header">{LOGO}<div><h1>Deepmask</h1><p>{TAGLINE}</p></div></header>', padding=False)
        with gr.Tabs(elem_classes="dm-tabs"):
            with gr.Tab("Photos", id="photos") as photos_tab:
                photos = PhotosPanel(app)
            with gr.Tab("Bodies", id="bodies-tab") as bodies_tab:
                bodies = BodiesPanel(app)
            with gr.Tab("Video", id="video") as video_tab:
                videos = VideosPanel(app)
            with gr.Tab("Voice", id="voice") as voice_tab:
                voices = VoicesPanel(app)
            with gr.Tab("Webcam", id="webcam") as webcam_tab:
                webcam = WebcamPanel(app)
            with gr.Tab("Protect", id="protect") as protect_tab:
                protect = ProtectPanel(app)
            with gr.Tab("Detect", id="detect"):
                DetectPanel(app)
            with gr.Tab("Personas", id="personas") as personas_tab:
                personas = PersonasPanel(app)
            with gr.Tab("People", id="people") as people_tab:
                people = PeoplePanel(app)
            with gr.Tab("Engines", id="engines") as engines_tab:
                engines = EnginesPanel(app)
            with gr.Tab("About", id="about"):
                AboutPanel()
        photos.refresh_on(photos_tab)
        bodies.refresh_on(bodies_tab)
        videos.refresh_on(video_tab)
        voices.refresh_on(voice_tab)
        webcam.refresh_on(webcam_tab)
        protect.refresh_on(protect_tab)
        personas.refresh_on(personas_tab)
        people.refresh_on(people_tab)
        engines.refresh_on(engines_tab)
        public = add_endpoints(app)
        blocks.load(_on_load(register), [state], [state], show_progress="hidden")
        blocks.unload(_on_unload(register))
    for event in blocks.fns.values():  # what the page does by itself is no interface for others
        if event.api_name not in public:
            event.api_visibility = "private"
    return blocks


def _forget(session: Session) -> None:
    session.stop()
    session.purge()


def _on_load(register: Register) -> Callable[..., Session]:
    def opened(session: Session, request: gr.Request) -> Session:
        register.opened(request.session_hash, session)
        return session

    return opened


def _on_unload(register: Register) -> Callable[..., None]:
    def closed(request: gr.Request) -> None:
        register.closed(request.session_hash)

    return closed
