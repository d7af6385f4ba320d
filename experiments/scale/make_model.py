"""Writes a checkpoint with random BF16 weights in the shape of a released model: make_model.py SHAPE FOLDER.

Speed and memory do not depend on the weights. Numbers are about ±.01 to ±.03, norm weights are 1. Standard library only.
"""

import json
import os
import struct
import sys
from pathlib import Path

SHAPES = {  # vocabulary, hidden, MLP, layers, heads, key/value heads, head dimension
    "135m": (49_152, 576, 1_536, 30, 9, 3, 64),  # SmolLM2's sizes, as a Qwen3
    "0.6b": (151_936, 1_024, 3_072, 28, 16, 8, 128),
    "1.7b": (151_936, 2_048, 6_144, 28, 16, 8, 128),
    "4b": (151_936, 2_560, 9_728, 36, 32, 8, 128),
}
HIGH = bytes([0x3C, 0xBC] * 128)  # sign and exponent of a BF16 between 2^-7 and 2^-5
PIECE = 1 << 24


def tensors(vocabulary, hidden, inner, layers, heads, groups, dimension):
    yield "model.embed_tokens.weight", [vocabulary, hidden]
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", [hidden]
        yield prefix + "self_attn.q_proj.weight", [heads * dimension, hidden]
        yield prefix + "self_attn.k_proj.weight", [groups * dimension, hidden]
        yield prefix + "self_attn.v_proj.weight", [groups * dimension, hidden]
        yield prefix + "self_attn.q_norm.weight", [dimension]
        yield prefix + "self_attn.k_norm.weight", [dimension]
        yield prefix + "self_attn.o_proj.weight", [hidden, heads * dimension]
        yield prefix + "post_attention_layernorm.weight", [hidden]
        yield prefix + "mlp.gate_proj.weight", [inner, hidden]
        yield prefix + "mlp.up_proj.weight", [inner, hidden]
        yield prefix + "mlp.down_proj.weight", [hidden, inner]
    yield "model.norm.weight", [hidden]


def values(shape):
    """The bytes of a tensor, piece by piece."""
    count = shape[0] * (shape[1] if len(shape) == 2 else 1)
    if len(shape) == 1:
        yield b"\x80\x3f" * count  # 1
        return
    for start in range(0, count, PIECE):
        size = min(PIECE, count - start)
        piece = bytearray(2 * size)
        piece[0::2] = os.urandom(size)
        piece[1::2] = os.urandom(size).translate(HIGH)
        yield piece


def main():
    shape, folder = SHAPES[sys.argv[1]], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, hidden, inner, layers, heads, groups, dimension = shape
    header, offset = {}, 0
    for name, size in tensors(*shape):
        end = offset + 2 * size[0] * (size[1] if len(size) == 2 else 1)
        header[name] = {"dtype": "BF16", "shape": size, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    partial = folder / "model.safetensors.partial"
    with open(partial, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, size in tensors(*shape):
            for piece in values(size):
                file.write(piece)
    partial.rename(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": vocabulary, "hidden_size": hidden,
        "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": groups, "head_dim": dimension, "rms_norm_eps": 1e-6, "tie_word_embeddings": True, "bos_token_id": 1,
        "max_position_embeddings": 40_960, "rope_theta": 1_000_000.0, "hidden_act": "silu",
    }, indent=1) + "\n")


if __name__ == "__main__":
    main()
