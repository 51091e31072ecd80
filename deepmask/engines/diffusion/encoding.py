"""Words to what the network attends to, without a cut after 77 tokens.

CLIP reads 77 tokens, two of them marks. A longer prompt is read in pieces of 75 and the readings are laid side by side,
which the cross-attention of the network takes at any length. ``(word:1.3)`` makes a word count more or less.
"""

from __future__ import annotations

import re
from typing import Any

from deepmask.errors import InputError

PIECE = 75
"""Tokens between the marks of begin and end."""
MOST_PIECES = 4

_WEIGHTED = re.compile(r"\(([^():]+):(\d*\.?\d+)\)")
LEAST_WEIGHT, MOST_WEIGHT = 0.1, 2.0


def weighted_parts(text: str) -> list[tuple[str, float]]:
    """'a (red:1.2) hat' → [('a ', 1.0), ('red', 1.2), (' hat', 1.0)]."""
    parts, position = [], 0
    for match in _WEIGHTED.finditer(text):
        parts.append((text[position : match.start()], 1.0))
        parts.append((match[1], min(max(float(match[2]), LEAST_WEIGHT), MOST_WEIGHT)))
        position = match.end()
    parts.append((text[position:], 1.0))
    return [part for part in parts if part[0].strip()]


def encode(pipe: Any, prompt: str, negative: str | None) -> dict[str, Any]:
    """The arguments ``prompt_embeds`` and so on of a Stable Diffusion (XL) pipeline.

    Args:
        negative: None where nothing is guided away from.

    Raises:
        InputError: a prompt is too long to be read.
    """
    large = getattr(pipe, "text_encoder_2", None) is not None
    readers = [(pipe.tokenizer, pipe.text_encoder)] + ([(pipe.tokenizer_2, pipe.text_encoder_2)] if large else [])
    texts = [prompt] if negative is None else [prompt, negative]
    pieces = max(_pieces(tokenizer, text) for tokenizer, _ in readers for text in texts)
    read = [_read(readers, text, pieces, pipe._execution_device, large) for text in texts]
    arguments = {"prompt_embeds": read[0][0]}
    if negative is not None:
        arguments["negative_prompt_embeds"] = read[1][0]
    if large:
        arguments["pooled_prompt_embeds"] = read[0][1]
        if negative is not None:
            arguments["negative_pooled_prompt_embeds"] = read[1][1]
    return arguments


def _pieces(tokenizer: Any, text: str) -> int:
    """How many pieces a text takes."""
    tokens = sum(len(_tokens(tokenizer, part)) for part, _ in weighted_parts(text))
    if tokens > PIECE * MOST_PIECES:
        raise InputError(f"The prompt has {tokens} tokens (parts of words); at most {PIECE * MOST_PIECES} are read.")
    return max(1, -(-tokens // PIECE))


def _tokens(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids


def _read(readers: list[Any], text: str, pieces: int, device: Any, large: bool) -> tuple[Any, Any]:
    """(1, 77 * pieces, width) and, of a large model, (1, width) of the whole."""
    import torch

    readings, pooled = [], None
    with torch.no_grad():
        for tokenizer, encoder in readers:
            ids, weights = _padded(tokenizer, text, pieces)
            output = encoder(ids.to(device), output_hidden_states=large)
            states = output.hidden_states[-2] if large else output[0]
            if large:
                pooled = output[0][:1]  # of the last encoder: the one with a projection
            readings.append(_weighted(states, weights.to(states)).reshape(1, -1, states.shape[-1]))
    return torch.cat(readings, -1), pooled


def _padded(tokenizer: Any, text: str, pieces: int) -> tuple[Any, Any]:
    """Token numbers and weights, (pieces, 77) each, with marks and padding."""
    import torch

    ids: list[int] = []
    weights: list[float] = []
    for part, weight in weighted_parts(text):
        new = _tokens(tokenizer, part)
        ids += new
        weights += [weight] * len(new)
    rows, row_weights = [], []
    for n in range(pieces):
        piece, piece_weights = ids[n * PIECE : (n + 1) * PIECE], weights[n * PIECE : (n + 1) * PIECE]
        rest = PIECE - len(piece)
        marked = [tokenizer.bos_token_id, *piece, tokenizer.eos_token_id]
        rows.append(marked + [tokenizer.pad_token_id] * rest)
        row_weights.append([1.0, *piece_weights] + [1.0] * (rest + 1))
    return torch.tensor(rows), torch.tensor(row_weights)


def _weighted(states: Any, weights: Any) -> Any:
    """States scaled token by token, their length as a whole as before."""
    if bool((weights == 1).all()):
        return states
    scaled = states * weights[..., None]
    return scaled * (states.norm() / scaled.norm())
