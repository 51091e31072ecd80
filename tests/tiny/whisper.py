"""WhisperX in miniature: a Whisper in CTranslate2's format that always says one sentence, and an aligner.

Runs in WhisperX's environment only: ``python -I whisper.py FOLDER`` writes the folders ``whisper`` and ``align``.
"""

# pyright: reportMissingImports=false
import json
import sys
from pathlib import Path

SENTENCE = " the brown fox jumps over the lazy dog"
LANGUAGES = ("en", "de")
STEPS = 400
VOCABULARY, TIMES = 51865, 1501
"""Sizes by which CTranslate2 knows that a model speaks more than English."""


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
    known = len(learned["vocab"])
    fillers = {f"filler{n}": n for n in range(known, VOCABULARY - TIMES - len(special))}
    made.model = models.BPE(learned["vocab"] | fillers, [tuple(merge) for merge in learned["merges"]])
    made.add_special_tokens(special)
    made.save(str(folder / "tokenizer.json"))
    return made


def whisper(folder):
    """Train a decoder of two layers on what an untrained encoder makes of noise, then convert."""
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
        vocab_size=VOCABULARY, d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_target_positions=64,
        pad_token_id=ids["endoftext"], bos_token_id=ids["endoftext"], eos_token_id=ids["endoftext"],
        decoder_start_token_id=ids["startoftranscript"], suppress_tokens=[], begin_suppress_tokens=[],
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    words = tokens.encode(SENTENCE).ids
    start = [ids["startoftranscript"], languages["<|en|>"], tokens.token_to_id("<|transcribe|>")]
    plain = [*start, ids["notimestamps"], *words, ids["endoftext"]]
    timed = [*start, first_time, *words, first_time + 100, ids["endoftext"]]
    heard = torch.cat([_encoded(model, torch.randn(1, 80, 3000) * scale) for scale in (0.0, 0.2, 0.5, 1.0)])
    optimizer = torch.optim.Adam(model.model.decoder.parameters(), 0.005)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(STEPS):
        target = torch.tensor([plain if step % 2 else timed] * len(heard))
        output = model(encoder_outputs=BaseModelOutput(heard), decoder_input_ids=target[:, :-1])
        wanted = target[:, 1:].clone()
        wanted[:, len(start) - 1] = -100  # with or without times is decided by who asks
        loss = torch.nn.functional.cross_entropy(output.logits.flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    assert loss.item() < 0.02, f"it did not learn its sentence: {loss.item()}"
    model.generation_config.update(
        lang_to_id=languages, suppress_tokens=[], begin_suppress_tokens=[], alignment_heads=[[1, 0]]
    )
    model.save_pretrained(source)
    PreTrainedTokenizerFast(tokenizer_object=tokens, unk_token="<|endoftext|>").save_pretrained(source)
    tokens.save(str(source / "tokenizer.json"))
    WhisperFeatureExtractor().save_pretrained(source)
    TransformersConverter(str(source), copy_files=["tokenizer.json", "preprocessor_config.json"]).convert(
        str(folder / "whisper")
    )


def _encoded(model, features):
    import torch

    with torch.no_grad():
        return model.model.encoder(features).last_hidden_state


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


if __name__ == "__main__":
    whisper(Path(sys.argv[1]))
    aligner(Path(sys.argv[1]))
