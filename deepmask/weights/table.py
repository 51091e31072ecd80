"""The table of weights: one row for each set of files an engine loads, with its origin and its licence.

Only what is really loaded is listed. Of Stable Diffusion that is the half precision variant: half the download, and the
engine casts it to the number format of the device (``from_pretrained(folder, variant="fp16", use_safetensors=True,
dtype=...)``), on a CPU too. A digest is pinned only where somebody has published it; the comment above a row says who.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from deepmask.errors import InputError, UnknownName

HUB_ID = re.compile(r"(?!.*--)[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
"""'organisation/name' on the Hugging Face hub, which allows no '--'; our folders have that for the slash."""


@dataclass(frozen=True)
class WeightFile:
    """One file of a set."""

    path: str
    """Where it lies in the set's folder, with forward slashes."""
    size_bytes: int
    """Exact where a digest is pinned, otherwise about."""
    sha256: str = ""
    """Empty where no digest was published that we could pin; then the hub's own is asked for and remembered."""
    source: str = ""
    """Its path in the repository, where that differs from ``path``."""
    also_sha256: tuple[str, ...] = ()
    """Digests of other published conversions of the same weights that do as well when they are brought along."""

    def __post_init__(self) -> None:
        for path in (self.path, self.remote):
            parts = PurePosixPath(path).parts
            if not parts or path.startswith("/") or ".." in parts or "\\" in path or ":" in path:
                raise InputError(f"A set of weights may not name the file {path!r}: it would lie outside its folder.")

    @property
    def remote(self) -> str:
        """Its path in the repository."""
        return self.source or self.path


@dataclass(frozen=True)
class Weight:
    """One set of files."""

    name: str
    """What people type: 'sd15'."""
    title: str
    repo: str
    """Repository on the Hugging Face hub, 'organisation/name'."""
    revision: str
    """Commit, or branch where no commit could be confirmed."""
    files: tuple[WeightFile, ...]
    licence: str
    licence_url: str
    commercial: bool
    """Whether the licence allows commercial use."""
    vendor: str
    year: int
    shares: str = ""
    """Name of the set in whose folder the files lie, where that is not its own."""
    helps: tuple[str, ...] = ()
    """Names of engines that work without it, too, but better or in more ways with it."""

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def folder(self) -> str:
        """Name of its folder in ``<home>/models``."""
        return (self.shares or self.name).replace("/", "--")

    @property
    def must_accept(self) -> bool:
        """Whether the licence restricts what may be done, so that it has to be accepted before the files are got."""
        return not self.commercial or "rail" in self.licence.lower()


_RAIL = "CreativeML OpenRAIL-M"
_RAIL_URL = "https://huggingface.co/spaces/CompVis/stable-diffusion-license"
_DIFFUSERS = ("diffusion", "diffusion_inpaint", "controlnet_inpaint")
"""Engines that paint with Stable Diffusion."""
_INSIGHTFACE = "non-commercial research (InsightFace models)"
_INSIGHTFACE_URL = "https://github.com/deepinsight/insightface#license"

# Sizes and digests: Eshahi/Dynamic-image-ownership (research/a6-candidate-model-assets.json).
_SAFETY_CHECKER = (
    WeightFile("feature_extractor/preprocessor_config.json", 342,
               "2a1da83b5e1032aaeef397552ddb408dca0d8cd1dc58f61bf6abf38d6f33a0a2"),
    WeightFile("safety_checker/config.json", 4_723,
               "5dd77a06cbd9b155060bd58deb81ffd1aafc1c6d7970acac674c1128bd4edfe2"),
    WeightFile("safety_checker/model.fp16.safetensors", 608_018_440,
               "08902f19b1cfebd7c989f152fc0507bef6898c706a91d666509383122324b511"),
)  # fmt: skip


def _aligner(language: str, title: str, revision: str, *files: WeightFile) -> Weight:
    """A wav2vec 2.0 model that times the words of one language; the English one is Facebook's own."""
    return Weight(
        f"align_{language}", f"wav2vec 2.0: exact times of {title} words",
        f"jonatasgrosman/wav2vec2-large-xlsr-53-{title.lower()}", revision, files,
        "Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", True, "Jonatas Grosman", 2021,
        helps=("whisperx",),
    )  # fmt: skip


def _xlsr(sha256: str = "") -> tuple[WeightFile, ...]:
    return (
        WeightFile("config.json", 1_600), WeightFile("preprocessor_config.json", 262), WeightFile("vocab.json", 400),
        WeightFile("pytorch_model.bin", 1_262_100_000, sha256),
    )  # fmt: skip


_MIT_URL = "https://opensource.org/license/mit"

# Revisions, sizes and digests of the large files: pinned by several projects that read them from the hub's listing.
_WHISPER_TOKENS = (WeightFile("tokenizer.json", 2_203_239), WeightFile("vocabulary.txt", 459_861))

_SPEECH: tuple[Weight, ...] = (
    Weight(
        "whisper_small", "Whisper small: speech to text, a hundred languages",
        "Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120",
        (
            WeightFile("config.json", 2_370),
            WeightFile("model.bin", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
            *_WHISPER_TOKENS,
        ),
        "MIT", _MIT_URL, True, "OpenAI, converted by Systran", 2023,
    ),
    Weight(
        "whisper_medium", "Whisper medium: more exact, three times the work",
        "Systran/faster-whisper-medium", "08e178d48790749d25932bbc082711ddcfdfbc4f",
        (
            WeightFile("config.json", 2_257),
            WeightFile("model.bin", 1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
            *_WHISPER_TOKENS,
        ),
        "MIT", _MIT_URL, True, "OpenAI, converted by Systran", 2023, helps=("whisperx",),
    ),
    Weight(
        "whisper_large_v3", "Whisper large v3: the most exact, for graphics cards",
        "Systran/faster-whisper-large-v3", "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        (
            WeightFile("config.json", 2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
            WeightFile("model.bin", 3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"),
            WeightFile("preprocessor_config.json", 340,
                       "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711"),
            WeightFile("tokenizer.json", 2_480_617, "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca"),
            WeightFile("vocabulary.json", 1_068_114),
        ),
        "MIT", _MIT_URL, True, "OpenAI, converted by Systran", 2023, helps=("whisperx",),
    ),
    Weight(
        "align_en", "wav2vec 2.0: exact times of English words",
        "facebook/wav2vec2-base-960h", "22aad52d435eb6dbaf354bdad9b0da84ce7d6156",
        (
            WeightFile("config.json", 1_596, "d3ec255c063d9f95057b553b19c20135b259875834a4fe9deb218a6be25b4cf3"),
            WeightFile("preprocessor_config.json", 159,
                       "b225d617c025463b9e157e06afea8b90dc7078fc70b013c533328423e0486b4a"),
            WeightFile("vocab.json", 291, "19727f8944fe6459fc3f240ae2c198395b740f6a029bd23e06656266b83bcf64"),
            WeightFile("model.safetensors", 377_607_901,
                       "8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a"),
        ),
        "Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", True, "Facebook AI", 2020, helps=("whisperx",),
    ),
    _aligner("de", "German", "4b8a02957378d0f2da2ef74091156b032c485a89", *_xlsr()),
    _aligner("es", "Spanish", "main", *_xlsr()),
    _aligner("fr", "French", "main", *_xlsr()),
    _aligner("it", "Italian", "main", *_xlsr()),
    _aligner("pt", "Portuguese", "634ac655299bcdc46c83bc01da9bab52d2987e4f",
             *_xlsr("c244caf8395a0c333bdc877e7b62ce5efea12ad8cfec0851c0fe6efb844b834e")),
    # The authors ask who uses it: the page of the repository has a form, and the files want the account's token.
    Weight(
        "pyannote", "pyannote community-1: tells speakers apart; free, behind a form on its page",
        "pyannote/speaker-diarization-community-1", "main",
        (
            WeightFile("config.yaml", 500),
            WeightFile("segmentation/pytorch_model.bin", 5_900_000),
            WeightFile("embedding/pytorch_model.bin", 26_600_000),
            WeightFile("plda/plda.npz", 130_000),
            WeightFile("plda/xvec_transform.npz", 130_000),
        ),
        "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/", True, "pyannote", 2025, helps=("whisperx",),
    ),
    Weight(
        "tortoise", "Tortoise: text to speech",
        "Manmay/tortoise-tts", "main",
        (
            WeightFile("autoregressive.pth", 1_716_500_000),
            WeightFile("clvp2.pth", 975_200_000),
            WeightFile("diffusion_decoder.pth", 1_169_200_000),
            WeightFile("vocoder.pth", 391_100_000),
            WeightFile("rlg_auto.pth", 25_200_000),
            WeightFile("rlg_diffuser.pth", 100_700_000),
        ),
        "Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", True, "James Betker", 2022,
    ),
)  # fmt: skip

_APACHE_URL = "https://www.apache.org/licenses/LICENSE-2.0"


def _sam(name: str, revision: str, title: str, config: WeightFile, weights: WeightFile) -> Weight:
    """A size of Segment Anything as transformers loads it."""
    return Weight(
        f"sam_{name}", f"Segment Anything, {title}", f"facebook/sam-vit-{name}", revision, (config, weights),
        "Apache-2.0", _APACHE_URL, True, "Meta AI", 2023, helps=() if name == "base" else ("sam",),
    )  # fmt: skip


def _sam_checkpoint(name: str, title: str, file: WeightFile) -> Weight:
    """The same in the format of the package segment-anything: a pickle, opened for its tensors only."""
    return Weight(
        name, f"Segment Anything, {title}, for the package segment-anything", "ybelkada/segment-anything",
        "7790786db131bcdc639f24a915d9f2c331d843ee", (file,), "Apache-2.0", _APACHE_URL, True, "Meta AI", 2023,
        helps=() if name == "sam_vit_b" else ("segment-anything",),
    )  # fmt: skip


# Revisions: stated alike by several projects; digests of model.safetensors: the hub's own pages of the files; of
# the checkpoints: huggingface.co/netradrishti/sam and several projects; of MobileSAM: several projects and the hub's
# page of its authors' demonstration. Sizes of sam_large and sam_huge follow from the shapes of their tensors, by
# the same reckoning that gives the published size of sam_base.
_SEGMENTING: tuple[Weight, ...] = (
    _sam(
        "base", "70c1a07f894ebb5b307fd9eaaee97b9dfc16068f", "ViT-B: outlines what is clicked on",
        WeightFile("config.json", 6_566, "5ebd0d8643b486f3a716bf17c2a15531eb818b2b96ff0c6c5dcc88fa015161af"),
        WeightFile("model.safetensors", 374_979_480,
                   "892c410e496344e527255ccdcb2cb7244a609acb5389c7c4fdba1288f861c579"),
    ),
    _sam(
        "large", "6851e0441005b0fb96f2cc4dfac472f3d1b14af1", "ViT-L: finer outlines, three times the work",
        WeightFile("config.json", 6_570),
        WeightFile("model.safetensors", 1_249_428_136,
                   "a57e1b13cd1545938dfcbc9fb26df7f60de6650237a9383382a874a623564b81"),
    ),
    _sam(
        "huge", "87aecf0df4ce6b30cd7de76e87673c49644bdf67", "ViT-H: the finest, for graphics cards",
        WeightFile("config.json", 6_570),
        WeightFile("model.safetensors", 2_564_432_288,
                   "edfb0462392541fca9af44ff039bfb32dbd0c939997f3abb77a26e23af7afd7c"),
    ),
    _sam_checkpoint(
        "sam_vit_b", "ViT-B",
        WeightFile("checkpoints/sam_vit_b_01ec64.pth", 375_042_383,
                   "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"),
    ),
    _sam_checkpoint(
        "sam_vit_l", "ViT-L",
        WeightFile("checkpoints/sam_vit_l_0b3195.pth", 1_249_524_607,
                   "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622"),
    ),
    _sam_checkpoint(
        "sam_vit_h", "ViT-H",
        WeightFile("checkpoints/sam_vit_h_4b8939.pth", 2_564_550_879,
                   "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e"),
    ),
    Weight(
        "mobile_sam", "MobileSAM: outlines what is clicked on, a tenth of ViT-B", "dhkim2810/MobileSAM", "main",
        (WeightFile("mobile_sam.pt", 40_728_226,
                    "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f"),),
        "Apache-2.0", "https://github.com/ChaoningZhang/MobileSAM/blob/master/LICENSE", True, "Kyung Hee University",
        2023, helps=("segment-anything",),
    ),
)  # fmt: skip

WEIGHTS: tuple[Weight, ...] = (
    # Sizes and digests: Eshahi/Dynamic-image-ownership (research/a6-candidate-model-assets.json).
    Weight(
        "sd15", "Stable Diffusion 1.5",
        "stable-diffusion-v1-5/stable-diffusion-v1-5", "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        (
            WeightFile("model_index.json", 541,
                       "e2f6f22e274374010aec30c79eb2d6e53fff4a36ac0225523a92cb2d41a83347"),
            WeightFile("scheduler/scheduler_config.json", 308,
                       "699cce92eb7c122e2eb7dfdea78e6187fda76a5ed4a8e42319b85610e620e091"),
            WeightFile("text_encoder/config.json", 617,
                       "845df614cb9327ae7bbea027316246fae917827407da6df13572e41b5f93b4cc"),
            WeightFile("text_encoder/model.fp16.safetensors", 246_144_864,
                       "77795e2023adcf39bc29a884661950380bd093cf0750a966d473d1718dc9ef4e"),
            WeightFile("tokenizer/merges.txt", 524_619,
                       "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a"),
            WeightFile("tokenizer/special_tokens_map.json", 472,
                       "c4864a9376a8401918425bed71fc14fc0e81f9b59ec45c1cf96cccb2df508eac"),
            WeightFile("tokenizer/tokenizer_config.json", 806,
                       "00439066fcba73de57644cf41e4e3b9f2dbb09d7f3fc2005898ba52399045882"),
            WeightFile("tokenizer/vocab.json", 1_059_962,
                       "e089ad92ba36837a0d31433e555c8f45fe601ab5c221d4f607ded32d9f7a4349"),
            WeightFile("unet/config.json", 743,
                       "78f474de6bab3d893868f37be97b636ae65c0df3073ed3256ca458ff599b5f96"),
            WeightFile("unet/diffusion_pytorch_model.fp16.safetensors", 1_719_125_304,
                       "c83908253f9a64d08c25fc90874c9c8aef9a329ce1ca5fb909d73b0c83d1ea21"),
            WeightFile("vae/config.json", 547,
                       "786a7d21647ddea6a04b9675c03d3cb45e90a2f3c6da5fbda2c54ade040036de"),
            WeightFile("vae/diffusion_pytorch_model.fp16.safetensors", 167_335_342,
                       "4fbcf0ebe55a0984f5a5e00d8c4521d52359af7229bb4d81890039d2aa16dd7c"),
            *_SAFETY_CHECKER,
        ),
        _RAIL, _RAIL_URL, True, "Runway, CompVis, Stability AI", 2022,
    ),
    Weight(
        "safety_checker", "safety checker of Stable Diffusion 1.5, for other models",
        "stable-diffusion-v1-5/stable-diffusion-v1-5", "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        _SAFETY_CHECKER, _RAIL, _RAIL_URL, True, "CompVis", 2022, shares="sd15", helps=_DIFFUSERS,
    ),
    # Revision: brycedrennan/imaginAIry (imaginairy/config.py); nobody was found to state a digest.
    Weight(
        "controlnet_openpose", "ControlNet 1.1 for poses (OpenPose), Stable Diffusion 1.5",
        "lllyasviel/control_v11p_sd15_openpose", "9ae9f970358db89e211b87c915f9535c6686d5ba",
        (
            WeightFile("config.json", 999),
            WeightFile("diffusion_pytorch_model.fp16.safetensors", 722_598_642),
        ),
        "OpenRAIL", _RAIL_URL, True, "Lvmin Zhang", 2023, helps=_DIFFUSERS,
    ),
    # Revision: stated alike by several projects that pin it; nobody was found to state a digest of these files.
    Weight(
        "sd15_inpaint", "Stable Diffusion 1.5 for inpainting: backgrounds and new people",
        "stable-diffusion-v1-5/stable-diffusion-inpainting", "8a4288a76071f7280aedbdb3253bdb9e9d5d84bb",
        (
            WeightFile("model_index.json", 548),
            WeightFile("scheduler/scheduler_config.json", 313),
            WeightFile("text_encoder/config.json", 617),
            WeightFile("text_encoder/model.fp16.safetensors", 246_144_864),
            WeightFile("tokenizer/merges.txt", 524_619),
            WeightFile("tokenizer/special_tokens_map.json", 472),
            WeightFile("tokenizer/tokenizer_config.json", 806),
            WeightFile("tokenizer/vocab.json", 1_059_962),
            WeightFile("unet/config.json", 748),
            WeightFile("unet/diffusion_pytorch_model.fp16.safetensors", 1_719_154_104),
            WeightFile("vae/config.json", 552),
            WeightFile("vae/diffusion_pytorch_model.fp16.safetensors", 167_335_342),
        ),
        _RAIL, _RAIL_URL, True, "Runway, CompVis, Stability AI", 2022,
    ),
    # Nobody was found to state a commit or a digest.
    Weight(
        "controlnet_inpaint", "ControlNet 1.1 for inpainting, Stable Diffusion 1.5",
        "lllyasviel/control_v11p_sd15_inpaint", "main",
        (
            WeightFile("config.json", 999),
            WeightFile("diffusion_pytorch_model.fp16.safetensors", 722_598_642),
        ),
        "OpenRAIL", _RAIL_URL, True, "Lvmin Zhang", 2023,
    ),
    # Revision, size and digest: stated alike by several projects that read them from the hub's listing.
    Weight(
        "openpose_face", "OpenPose: 70 points of a face",
        "lllyasviel/Annotators", "982e7edaec38759d914a963c48c4726685de7d96",
        (WeightFile("facenet.pth", 153_718_792,
                    "8beb52e548624ffcc4aed12af7aee7dcbfaeea420c75609fee999fe7add79d43"),),
        "non-commercial research (CMU OpenPose)",
        "https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/LICENSE", False,
        "Carnegie Mellon University", 2017,
    ),
    # Digest: darkshapes/MIR (mir/mir.json).
    Weight(
        "lcm_lora", "LCM-LoRA: few steps, Stable Diffusion 1.5",
        "latent-consistency/lcm-lora-sdv1-5", "main",
        (WeightFile("pytorch_lora_weights.safetensors", 134_621_556,
                    "8f90d840e075ff588a58e22c6586e2ae9a6f7922996ee6649a7f01072333afe4"),),
        "OpenRAIL++-M", "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
        True, "Tsinghua University, IIIS", 2023, helps=_DIFFUSERS,
    ),
    # Digest: darkshapes/MIR (mir/config/hashes.json, June 2025).
    Weight(
        "taesd", "TAESD: small decoder, Stable Diffusion 1.5",
        "madebyollin/taesd", "614f76814bbe30edbe2e627ace1c2234c81a2c0e",
        (
            WeightFile("config.json", 551),
            WeightFile("diffusion_pytorch_model.safetensors", 9_793_292,
                       "db169d69145ec4ff064e49d99c95fa05d3eb04ee453de35824a6d0f325513549"),
        ),
        "MIT", "https://github.com/madebyollin/taesd/blob/main/LICENSE", True, "Ollin Boer Bohan", 2023,
        helps=_DIFFUSERS,
    ),
    # Digest of the unet: utensils/mold (crates/mold-core/src/manifest.rs); of the text encoders, which are those of
    # SDXL: mcmonkeyprojects/SwarmUI (WorkflowGeneratorModelSupport.cs). The revision is the last of the repository.
    Weight(
        "sdxl_turbo", "SDXL Turbo: one to four steps, larger",
        "stabilityai/sdxl-turbo", "71153311d3dbb46851df1931d3ca6e939de83304",
        (
            WeightFile("model_index.json", 685),
            WeightFile("scheduler/scheduler_config.json", 459),
            WeightFile("text_encoder/config.json", 565),
            WeightFile("text_encoder/model.fp16.safetensors", 246_144_152,
                       "660c6f5b1abae9dc498ac2d21e1347d2abdb0cf6c0c0c8576cd796491d9a6cdd"),
            WeightFile("text_encoder_2/config.json", 575),
            WeightFile("text_encoder_2/model.fp16.safetensors", 1_389_382_176,
                       "ec310df2af79c318e24d20511b601a591ca8cd4f1fce1d8dff822a356bcdb1f4"),
            WeightFile("tokenizer/merges.txt", 524_619),
            WeightFile("tokenizer/special_tokens_map.json", 472),
            WeightFile("tokenizer/tokenizer_config.json", 737),
            WeightFile("tokenizer/vocab.json", 1_059_962),
            WeightFile("tokenizer_2/merges.txt", 524_619),
            WeightFile("tokenizer_2/special_tokens_map.json", 460),
            WeightFile("tokenizer_2/tokenizer_config.json", 725),
            WeightFile("tokenizer_2/vocab.json", 1_059_962),
            WeightFile("unet/config.json", 1_680),
            WeightFile("unet/diffusion_pytorch_model.fp16.safetensors", 5_135_149_760,
                       "48fa46161a745f48d4054df3fe13804ee255486bca893403b60373c188fd1bdb"),
            WeightFile("vae/config.json", 642),
            WeightFile("vae/diffusion_pytorch_model.fp16.safetensors", 167_335_342),
        ),
        "non-commercial research (Stability AI Community)",
        "https://huggingface.co/stabilityai/sdxl-turbo/blob/main/LICENSE.md", False, "Stability AI", 2023,
        helps=("diffusion",),
    ),
    # Digests: tednoob/crappy-face-swap (README.md); also visomaster/VisoMaster (app/processors/models_data.py) and
    # yakhyo/uniface (uniface/constants.py). The publisher's own place has a zip; this one, of Deep-Live-Cam, the files.
    Weight(
        "buffalo_l", "InsightFace pack buffalo_l: find, align and recognise faces",
        "hacksider/deep-live-cam", "581e70b61240b7928404c17900437f47cfe94133",
        tuple(
            WeightFile(path, size_bytes, sha256, f"buffalo_l/buffalo_l/{path}")
            for path, size_bytes, sha256 in (
                ("1k3d68.onnx", 143_607_619, "df5c06b8a0c12e422b2ed8947b8869faa4105387f199c477af038aa01f9a45cc"),
                ("2d106det.onnx", 5_030_888, "f001b856447c413801ef5c42091ed0cd516fcd21f2d6b79635b1e733a7109dbf"),
                ("det_10g.onnx", 16_923_827, "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91"),
                ("genderage.onnx", 1_322_532, "4fde69b1c810857b88c64a335084f1c3fe8f01246c9a191b48c7bb756d6652fb"),
                ("w600k_r50.onnx", 174_383_860, "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43"),
            )
        ),
        _INSIGHTFACE, _INSIGHTFACE_URL, False, "InsightFace", 2021,
    ),
    # Digest: tednoob/crappy-face-swap (README.md). The other one is what FaceFusion made of it.
    Weight(
        "inswapper_128", "inswapper: put one face in place of another",
        "hacksider/deep-live-cam", "581e70b61240b7928404c17900437f47cfe94133",
        (WeightFile("inswapper_128.onnx", 554_253_681,
                    "e4a3f08c753cb72d04e10aa0f7dbe3deebbf39567d4ead6dce08e98aa49e16af",
                    also_sha256=("0fa95f167682b4f61edf24f8d66c46b4ab130e8be058f00c8150e6d0170ca72f",)),),
        _INSIGHTFACE, _INSIGHTFACE_URL, False, "InsightFace", 2023,
    ),
    # Digest: that of the copy in the releases of idootop/TinyFace. The other one, GFPGANv1.4.onnx:
    # visomaster/VisoMaster (app/processors/models_data.py).
    Weight(
        "gfpgan", "GFPGAN 1.4: sharpen a face",
        "facefusion/models-3.0.0", "main",
        (WeightFile("gfpgan_1.4.onnx", 340_299_087,
                    "accc4757b26bdb89b32b4d3500d4f79c9dff97c1dd7c7104bf9dcb95e3311385",
                    also_sha256=("6548e54cbcf248af385248f0c1193b359c37a0f98b836282b09cf48af4fd2b73",)),),
        "Apache-2.0", "https://github.com/TencentARC/GFPGAN/blob/master/LICENSE", True, "Tencent ARC Lab", 2022,
    ),
    # Size and digest: as several projects that load FaceFusion's models have pinned them.
    Weight(
        "bisenet", "BiSeNet: tell the parts of faces, for seals",
        "facefusion/models-3.0.0", "main",
        (WeightFile("bisenet_resnet_34.onnx", 93_632_546,
                    "4a0b8c958a3c938913bd06a8365dbb3c8761afba6ecbf0d14b3b1f77eb230c96"),),
        "MIT", "https://github.com/yakhyo/face-parsing/blob/main/LICENSE", True, "Yakhyokhuja Valikhujaev", 2024,
    ),
    *_SEGMENTING,
    *_SPEECH,
)  # fmt: skip


def rows() -> tuple[Weight, ...]:
    """All rows of the table."""
    return WEIGHTS


def weight(name: str) -> Weight:
    """The row of that name.

    Raises:
        UnknownName: there is none; the message lists the known.
    """
    for row in WEIGHTS:
        if row.name == name:
            return row
    raise UnknownName.of("set of weights", name, [row.name for row in WEIGHTS])
