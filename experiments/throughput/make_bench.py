#!/usr/bin/env python3
"""Writes a random Qwen3 checkpoint (OUT/model) and rollouts for it (OUT/rollouts.jsonl).

Speed does not depend on what the weights are, so random ones serve. Ids 0, 1, 2 are pad, bos and
eos; prompts start with bos, the other ids are uniform, four rollouts share a prompt.
"""
import argparse
import json
import random
from pathlib import Path

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

SHAPES = {  # vocabulary, hidden, mlp, layers, heads, key/value heads, head dimension, stored type
    "tiny": (128, 128, 384, 4, 4, 2, 32, torch.float32),
    "small": (512, 256, 768, 6, 8, 4, 32, torch.float32),
    "qwen3-0.6b": (151_936, 1024, 3072, 28, 16, 8, 128, torch.bfloat16),
}
ROLLOUTS_PER_PROMPT = 4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("n", type=int, help="rollouts")
    parser.add_argument("prompt_len", type=int)
    parser.add_argument("response_len", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    vocabulary, hidden, mlp, layers, heads, key_value_heads, head_dim, dtype = SHAPES[args.shape]
    torch.manual_seed(args.seed)
    model = Qwen3ForCausalLM(Qwen3Config(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=mlp, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=key_value_heads, head_dim=head_dim,
        tie_word_embeddings=True, max_position_embeddings=4096,
        bos_token_id=1, eos_token_id=2, pad_token_id=0))
    args.out.mkdir(parents=True, exist_ok=True)
    model.to(dtype).save_pretrained(args.out / "model")

    r = random.Random(args.seed)
    with open(args.out / "rollouts.jsonl", "w") as file:
        for i in range(args.n):
            if i % ROLLOUTS_PER_PROMPT == 0:
                prompt = [1] + [r.randrange(3, vocabulary) for _ in range(args.prompt_len - 1)]
            row = dict(
                id=f"r{i}", problem_id=f"p{i // ROLLOUTS_PER_PROMPT}", prompt_ids=prompt,
                response_ids=[r.randrange(3, vocabulary) for _ in range(args.response_len)],
                reward=float(r.random() < 0.5))
            file.write(json.dumps(row) + "\n")
    count = sum(p.numel() for p in model.parameters())
    print(f"{args.out}: {count:,} parameters, {args.n} rollouts")


if __name__ == "__main__":
    main()
