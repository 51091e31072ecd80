"""Tortoise in miniature: its own classes, files and loading code, with networks of a few megabytes.

Runs in Tortoise's environment only. Its sizes are written into its code, so that they are changed before the classes
are used: ``python -I tortoise.py build FOLDER`` writes checkpoints, ``python -I tortoise.py WORKER`` runs the real
worker. Isolated by -I, or this file would be taken for the package.
"""

# pyright: reportMissingImports=false
import functools
import os
import runpy
import sys
from pathlib import Path

WIDTH, LAYERS, HEADS = 64, 2, 4


def shrink():
    """Let the classes that tortoise.api uses ignore the sizes it asks for."""
    import tortoise.api as api

    sizes = {
        "UnifiedVoice": {"layers": LAYERS, "model_dim": WIDTH, "heads": HEADS},
        "DiffusionTts": {
            "model_channels": WIDTH, "num_layers": LAYERS, "in_latent_channels": WIDTH, "num_heads": HEADS,
        },
        "CLVP": {
            "dim_text": WIDTH, "dim_speech": WIDTH, "dim_latent": WIDTH, "text_enc_depth": LAYERS, "text_heads": HEADS,
            "speech_enc_depth": LAYERS, "speech_heads": HEADS,
        },
        "UnivNetGenerator": {"channel_size": 8},
    }  # fmt: skip
    for name, smaller in sizes.items():
        setattr(api, name, _smaller(getattr(api, name), smaller))
    converter = api.RandomLatentConverter
    api.RandomLatentConverter = lambda channels: converter(channels * WIDTH // 1024)


def _smaller(cls, sizes):
    @functools.wraps(cls)
    def make(**asked):
        return cls(**asked | sizes)

    return make


def build(folder):
    """Write the six files: the networks as they are made, before anything is loaded into them."""
    import torch
    from tortoise import api

    torch.manual_seed(0)
    read, load = torch.load, torch.nn.Module.load_state_dict
    torch.load = lambda path, **_: {"model_g": {}}
    torch.nn.Module.load_state_dict = lambda module, state, strict=True: None
    api.get_model_path = lambda name, folder: name
    try:
        speaker = api.TextToSpeech(enable_redaction=False, kv_cache=True, half=False)
        speaker.get_random_conditioning_latents()
    finally:
        torch.load, torch.nn.Module.load_state_dict = read, load
    files = {
        "autoregressive.pth": speaker.autoregressive.state_dict(),
        "diffusion_decoder.pth": speaker.diffusion.state_dict(),
        "clvp2.pth": speaker.clvp.state_dict(),
        "rlg_auto.pth": speaker.rlg_auto.state_dict(),
        "rlg_diffuser.pth": speaker.rlg_diffusion.state_dict(),
        "vocoder.pth": {"model_g": api.UnivNetGenerator().state_dict()},  # made anew: using it takes weight norms away
    }
    for name, state in files.items():
        torch.save(state, Path(folder, name))


def main(arguments):
    stdout = os.dup(1)
    os.dup2(2, 1)  # nothing that is printed while importing may reach the worker's protocol
    shrink()
    if arguments[0] == "build":
        build(arguments[1])
        return
    os.dup2(stdout, 1)
    os.close(stdout)
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
