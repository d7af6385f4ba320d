#!/usr/bin/env python3
"""Sampling rollouts with transformers' generate: temperature 1, one left-padded batch.

The prompts of the file are repeated in turn until there are as many as rollouts asked for. A short
generation comes first as warm-up. A response counts up to and with its eos.
"""
import argparse
import json
import resource
import time

import torch
from transformers import AutoModelForCausalLM


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--prompts", required=True, help="JSONL with prompt_ids")
    parser.add_argument("--rollouts", type=int, default=512)
    parser.add_argument("--max-new-tokens", type=int, default=119)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    eos = model.config.eos_token_id
    pad = model.config.pad_token_id if model.config.pad_token_id is not None else eos
    with open(args.prompts) as file:
        prompts = [json.loads(line)["prompt_ids"] for line in file]
    prompts = [prompts[i % len(prompts)] for i in range(args.rollouts)]
    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])

    def generate(count, new_tokens):
        return model.generate(
            ids[:count], attention_mask=mask[:count], do_sample=True, temperature=1.0, top_k=0,
            top_p=1.0, max_new_tokens=new_tokens, eos_token_id=eos, pad_token_id=pad)

    generate(min(8, args.rollouts), 4)
    start = time.perf_counter()
    output = generate(args.rollouts, args.max_new_tokens)[:, width:].tolist()
    seconds = time.perf_counter() - start

    lengths = [y.index(eos) + 1 if eos in y else len(y) for y in output]
    print(json.dumps(dict(
        program="torch", threads=args.threads, rollouts=args.rollouts, seconds=round(seconds, 3),
        rollouts_per_second=round(args.rollouts / seconds, 2),
        tokens_per_second=round(sum(lengths) / seconds, 1),
        mean_length=round(sum(lengths) / len(lengths), 2), decode_steps=len(output[0]),
        peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)))


if __name__ == "__main__":
    main()
