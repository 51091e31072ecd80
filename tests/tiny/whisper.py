"""WhisperX in miniature: a Whisper in CTranslate2's format that always says one sentence, an aligner, and a diarizer.

Runs in WhisperX's environment only: ``python -I whisper.py FOLDER`` writes the folders ``whisper``, ``align`` and
``pyannote``.
"""

# pyright: reportMissingImports=false
import json
import sys
from pathlib import Path

SENTENCE = " seven brown foxes jump over lazy dogs every day"
LANGUAGES = ("en", "de")
STEPS = 400


def tokenizer(folder):
    """Byte-level BPE of the sentence with Whisper's special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator([SENTENCE] * 3, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet))
    names = ["endoftext", "startoftranscript", *LANGUAGES, "translate", "transcribe", "startoflm", "startofprev"]
    special = [f"<|{name}|>" for name in [*names, "nospeech", "notimestamps"]]
    learned = json.loads(made.to_str())["model"]
    vocabulary = learned["vocab"] | {"": len(learned["vocab"])}  # by which CTranslate2 knows it speaks many languages
    made.model = models.BPE(vocabulary, [tuple(merge) for merge in learned["merges"]])
    made.add_special_tokens(special)
    made.save(str(folder / "tokenizer.json"))
    return made


def whisper(folder):
    """Train a decoder of two layers to say its sentence whatever it hears, then convert."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import (
        PreTrainedTokenizerFast,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
    )
    from transformers.modeling_outputs import BaseModelOutput

    source = folder / "whisper-trained"
    source.mkdir(parents=True)
    tokens = tokenizer(source)
    ids = {
        name: tokens.token_to_id(f"<|{name}|>")
        for name in ("endoftext", "startoftranscript", "notimestamps", "nospeech")
    }
    languages = {f"<|{name}|>": tokens.token_to_id(f"<|{name}|>") for name in LANGUAGES}
    first_time = ids["notimestamps"] + 1
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=first_time + 1501, d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_target_positions=64,
        pad_token_id=ids["endoftext"], bos_token_id=ids["endoftext"], eos_token_id=ids["endoftext"],
        decoder_start_token_id=ids["startoftranscript"], suppress_tokens=[], begin_suppress_tokens=[],
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    words = tokens.encode(SENTENCE).ids
    start = [ids["startoftranscript"], languages["<|en|>"], tokens.token_to_id("<|transcribe|>")]
    plain = [*start, ids["notimestamps"], *words, ids["endoftext"]]
    timed = [*start, first_time, *words, first_time + 100, ids["endoftext"]]
    for layer in model.model.decoder.layers:  # deaf: what the encoder gives is weighed and then left aside
        torch.nn.init.zeros_(layer.encoder_attn.out_proj.weight)
        layer.encoder_attn.out_proj.requires_grad_(False)
    heard = BaseModelOutput(torch.randn(1, 8, config.d_model))
    optimizer = torch.optim.Adam([p for p in model.model.decoder.parameters() if p.requires_grad], 0.005)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(STEPS):
        target = torch.tensor([plain if step % 2 else timed])
        output = model(encoder_outputs=heard, decoder_input_ids=target[:, :-1])
        wanted = target[:, 1:].clone()
        wanted[:, len(start) - 1] = -100  # with or without times is decided by who asks
        loss = torch.nn.functional.cross_entropy(output.logits.flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    assert loss.item() < 0.02, f"it did not learn its sentence: {loss.item()}"
    model.save_pretrained(source)
    PreTrainedTokenizerFast(
        tokenizer_object=tokens, unk_token="<|endoftext|>", additional_special_tokens=[*languages]
    ).save_pretrained(source)
    tokens.save(str(source / "tokenizer.json"))
    WhisperFeatureExtractor().save_pretrained(source)
    converter = TransformersConverter(str(source), copy_files=["tokenizer.json", "preprocessor_config.json"])
    converter.convert(str(folder / "whisper"))
    said = _said(folder / "whisper", plain[: len(start) + 1])
    assert said == words, f"it says {tokens.decode(said)!r}"


def _said(folder, prompt):
    """What the converted model makes of noise, computing with 8 bits as WhisperX does."""
    import ctranslate2
    import numpy as np

    model = ctranslate2.models.Whisper(str(folder), compute_type="int8")
    noise = np.random.default_rng(0).normal(0, 0.4, (1, 80, 3000)).astype(np.float32)
    return model.generate(ctranslate2.StorageView.from_array(noise), [prompt])[0].sequences_ids[0]


def aligner(folder):
    """A wav2vec 2.0 model with a head for characters; in the files that real ones come in."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

    torch.manual_seed(0)
    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", "'", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    config = Wav2Vec2Config(
        vocab_size=len(letters), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        conv_dim=(32,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    made = folder / "align"
    Wav2Vec2ForCTC(config).save_pretrained(made)
    Wav2Vec2FeatureExtractor().save_pretrained(made)
    (made / "vocab.json").write_text(json.dumps({letter: n for n, letter in enumerate(letters)}))


def diarizer(folder):
    """The pipeline community-1 with untrained networks: whoever speaks, it is somebody."""
    import numpy as np
    import torch
    import yaml
    from lightning.pytorch import Trainer
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet

    torch.manual_seed(0)
    made = folder / "pyannote"
    turns = PyanNet(
        lstm={"hidden_size": 16, "num_layers": 1, "bidirectional": True, "monolithic": True},
        linear={"hidden_size": 16, "num_layers": 1},
    )
    turns.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION, resolution=Resolution.FRAME, duration=10.0,
        classes=["a", "b", "c"], powerset_max_classes=2, permutation_invariant=True,
    )  # fmt: skip
    voices = WeSpeakerResNet34()
    voices.specifications = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0)
    for name, model in (("segmentation", turns), ("embedding", voices)):
        (made / name).mkdir(parents=True)
        model.build()
        trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
        trainer.strategy.connect(model)
        trainer.save_checkpoint(made / name / "pytorch_model.bin")
    (made / "plda").mkdir()
    wide, narrow = 256, 128
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(wide, wide)))[0][:, :narrow]
    np.savez(made / "plda" / "xvec_transform.npz", mean1=np.zeros(wide), mean2=np.zeros(narrow), lda=turned)
    np.savez(made / "plda" / "plda.npz", mu=np.zeros(narrow), tr=np.eye(narrow), psi=np.linspace(2.0, 0.1, narrow))
    parts = {name: f"$model/{name}" for name in ("segmentation", "embedding", "plda")}
    config = {
        "dependencies": {"pyannote.audio": "4.0.0"},
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": parts | {"clustering": "VBxClustering", "embedding_exclude_overlap": True},
        },
        "params": {
            "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
            "segmentation": {"min_duration_off": 0.0},
        },
    }
    (made / "config.yaml").write_text(yaml.safe_dump(config))


if __name__ == "__main__":
    whisper(Path(sys.argv[1]))
    aligner(Path(sys.argv[1]))
    diarizer(Path(sys.argv[1]))
