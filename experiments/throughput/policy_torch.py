#!/usr/bin/env python3
"""Steps of GRPO on the embedded task with PyTorch and transformers, and their rate.

A step: G rollouts of each prompt by `generate` (one left-padded batch), verified; advantages centered
within groups; loss -Σ A log π / Σ T over the tokens of all responses; one AdamW update. Responses are
sorted by length and scored in four micro-batches, so that little is padding. The first step is
warm-up. PROMPTS is JSONL with prompt_ids, of which each is a problem once.
"""
import argparse
import json
import resource
import time

import torch
from transformers import AutoModelForCausalLM

ANSWER, PLUS, MINUS, ZERO = 13, 14, 15, 19


def reward(prompt, response, eos):
    """1 where y ends `Answer A o B o C <eos>` with the prompt's numbers and the target's value."""
    end = response[-7:]
    if len(end) < 7 or end[0] != ANSWER or end[6] != eos:
        return 0.0
    a, b, c = (end[i] - ZERO for i in (1, 3, 5))
    signs = [{PLUS: 1, MINUS: -1}.get(end[i], 0) for i in (2, 4)]
    numbers = sorted(token - ZERO for token in prompt[2:5])
    if 0 in signs or sorted((a, b, c)) != numbers:
        return 0.0
    return float(a + signs[0] * b + signs[1] * c == prompt[7] - ZERO)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--prompts", required=True)
    parser.add_argument("--problems", type=int, default=64)
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    eos, pad = model.config.eos_token_id, model.config.pad_token_id
    with open(args.prompts) as file:
        prompts = [list(x) for x in dict.fromkeys(tuple(json.loads(y)["prompt_ids"]) for y in file)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0)
    samplings, updates = [], []
    for step in range(args.steps):
        start = time.perf_counter()
        problems = [prompts[(step * args.problems + i) % len(prompts)] for i in range(args.problems)]
        batch = [prompt for prompt in problems for _ in range(args.group)]
        ids = torch.tensor(batch)
        model.eval()
        output = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0, top_k=0,
            top_p=1.0, max_new_tokens=119, eos_token_id=eos, pad_token_id=pad)
        responses = [y[:y.index(eos) + 1] if eos in y else y for y in output[:, ids.shape[1]:].tolist()]
        sampled = time.perf_counter()

        rewards = torch.tensor([reward(x, y, eos) for x, y in zip(batch, responses)])
        groups = rewards.view(-1, args.group)
        advantages = (groups - groups.mean(1, keepdim=True)).flatten()
        tokens = sum(map(len, responses))
        order = sorted(range(len(batch)), key=lambda i: len(responses[i]))
        model.train()
        optimizer.zero_grad()
        for chunk in range(4):
            rows = order[chunk * len(order) // 4:(chunk + 1) * len(order) // 4]
            width = max(len(responses[i]) for i in rows)
            x = torch.full((len(rows), ids.shape[1] + width), pad)
            mask = torch.zeros(len(rows), width)
            for place, i in enumerate(rows):
                row = batch[i] + responses[i]
                x[place, :len(row)] = torch.tensor(row)
                mask[place, :len(responses[i])] = 1
            logits = model(input_ids=x, use_cache=False).logits[:, ids.shape[1] - 1:-1]
            log_probabilities = torch.log_softmax(logits, -1).gather(
                -1, x[:, ids.shape[1]:, None])[..., 0]
            (-(log_probabilities * mask).sum(1) @ advantages[rows] / tokens).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        samplings.append(sampled - start)
        updates.append(time.perf_counter() - sampled)
    measured = args.steps - 1
    print(json.dumps(dict(
        program="torch", threads=args.threads,
        steps_per_second=round(measured / (sum(samplings[1:]) + sum(updates[1:])), 4),
        sampling_seconds=round(sum(samplings[1:]) / measured, 3),
        update_seconds=round(sum(updates[1:]) / measured, 3), accuracy=round(float(rewards.mean()), 3),
        mean_length=round(tokens / len(responses), 2),
        peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)))


if __name__ == "__main__":
    main()
