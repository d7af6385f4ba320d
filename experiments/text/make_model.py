#!/usr/bin/env python3
"""Writes model/config.json and model/model.safetensors: a Qwen3 of 13,120 random weights.

Needs nothing but Python; the same bytes every time.
"""

import json
import random
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH, HEADS, KEY_VALUE_HEADS, HEAD, INNER, VOCABULARY = 16, 2, 1, 8, 16, 720

CONFIG = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "attention_bias": False,
    "bos_token_id": 700,
    "eos_token_id": 701,
    "head_dim": HEAD,
    "hidden_act": "silu",
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "max_position_embeddings": 1024,
    "num_attention_heads": HEADS,
    "num_hidden_layers": 1,
    "num_key_value_heads": KEY_VALUE_HEADS,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "vocab_size": VOCABULARY,
}
LAYER = "model.layers.0."
SHAPES = {
    "model.embed_tokens.weight": (VOCABULARY, WIDTH),
    LAYER + "input_layernorm.weight": (WIDTH,),
    LAYER + "self_attn.q_proj.weight": (HEADS * HEAD, WIDTH),
    LAYER + "self_attn.k_proj.weight": (KEY_VALUE_HEADS * HEAD, WIDTH),
    LAYER + "self_attn.v_proj.weight": (KEY_VALUE_HEADS * HEAD, WIDTH),
    LAYER + "self_attn.q_norm.weight": (HEAD,),
    LAYER + "self_attn.k_norm.weight": (HEAD,),
    LAYER + "self_attn.o_proj.weight": (WIDTH, HEADS * HEAD),
    LAYER + "post_attention_layernorm.weight": (WIDTH,),
    LAYER + "mlp.gate_proj.weight": (INNER, WIDTH),
    LAYER + "mlp.up_proj.weight": (INNER, WIDTH),
    LAYER + "mlp.down_proj.weight": (WIDTH, INNER),
    "model.norm.weight": (WIDTH,),
}


def main():
    generator = random.Random(0)
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, shape in SHAPES.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        weights = [1.0 if len(shape) == 1 else generator.uniform(-0.1, 0.1) for _ in range(count)]
        start, data = len(data), data + struct.pack(f"<{count}f", *weights)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    model = HERE / "model"
    model.mkdir(exist_ok=True)
    (model / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    (model / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    print(f"{len(data) // 4:,} weights")


if __name__ == "__main__":
    main()
