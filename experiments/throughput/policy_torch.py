#!/usr/bin/env python3
"""Steps of GRPO or PPO on the embedded task with PyTorch and transformers, and their rate.

A step: G rollouts of each prompt by `generate` (one left-padded batch), verified; advantages centered
within groups; loss -Σ A log π / Σ T over the tokens of all responses; one AdamW update. With --ppo a
critic, a copy of the model with a value head, gives every token its advantage (GAE, λ = .95) and learns
the returns in an update of its own. Responses are sorted by length and scored in four micro-batches, so
that little is padding. The first step is warm-up. PROMPTS is JSONL with prompt_ids, of which each is a
problem once.
"""
import argparse
import copy
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


class Critic(torch.nn.Module):
    """V of the state before each token of the responses."""

    def __init__(self, policy):
        super().__init__()
        self.trunk = copy.deepcopy(policy.model)
        self.head = torch.nn.Linear(policy.config.hidden_size, 1)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, x, prompt_length):
        hidden = self.trunk(input_ids=x, use_cache=False).last_hidden_state
        return self.head(hidden[:, prompt_length - 1:-1])[..., 0]


def estimate(values, rewards, lengths, decay=0.95):
    """Advantages of tokens whose responses have one reward, at their last token."""
    advantages = torch.zeros_like(values)
    ahead = torch.zeros(len(values))
    for t in reversed(range(values.shape[1])):
        is_last, is_inside = lengths == t + 1, lengths > t
        after = values[:, t + 1] if t + 1 < values.shape[1] else torch.zeros(len(values))
        delta = torch.where(is_last, rewards, after) - values[:, t]
        ahead = torch.where(is_inside, delta + torch.where(is_last, 0.0, decay * ahead), 0.0)
        advantages[:, t] = ahead
    return advantages


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--prompts", required=True)
    parser.add_argument("--problems", type=int, default=64)
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ppo", action="store_true")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    eos, pad = model.config.eos_token_id, model.config.pad_token_id
    with open(args.prompts) as file:
        prompts = [list(x) for x in dict.fromkeys(tuple(json.loads(y)["prompt_ids"]) for y in file)]
    critic = Critic(model) if args.ppo else None
    trained = [each for each in (model, critic) if each is not None]
    optimizers = [torch.optim.AdamW(each.parameters(), lr=1e-4, weight_decay=0.0) for each in trained]
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
        centered = (groups - groups.mean(1, keepdim=True)).flatten()
        tokens = sum(map(len, responses))
        order = sorted(range(len(batch)), key=lambda i: len(responses[i]))
        model.train()
        chunks = []
        for chunk in range(4):
            rows = order[chunk * len(order) // 4:(chunk + 1) * len(order) // 4]
            lengths = torch.tensor([len(responses[i]) for i in rows])
            x = torch.full((len(rows), ids.shape[1] + int(lengths.max())), pad)
            for place, i in enumerate(rows):
                row = batch[i] + responses[i]
                x[place, :len(row)] = torch.tensor(row)
            mask = (torch.arange(int(lengths.max())) < lengths[:, None]).float()
            chunks.append((rows, lengths, x, mask))
        # Values and advantages of the whole batch come before the critic changes.
        targets = []
        for rows, lengths, x, mask in chunks:
            if critic is None:
                targets.append((centered[rows][:, None].expand_as(mask), None))
                continue
            with torch.no_grad():
                values = critic(x, ids.shape[1])
            advantages = estimate(values, rewards[rows], lengths)
            targets.append((advantages, advantages + values))
        for optimizer in optimizers:
            optimizer.zero_grad()
        for (rows, lengths, x, mask), (advantages, returns) in zip(chunks, targets):
            logits = model(input_ids=x, use_cache=False).logits[:, ids.shape[1] - 1:-1]
            log_probabilities = torch.log_softmax(logits, -1).gather(
                -1, x[:, ids.shape[1]:, None])[..., 0]
            (-(log_probabilities * mask * advantages).sum() / tokens).backward()
            if critic is not None:
                errors = (critic(x, ids.shape[1]) - returns) * mask
                (0.5 * errors.square().sum() / tokens).backward()
        for each, optimizer in zip(trained, optimizers):
            torch.nn.utils.clip_grad_norm_(each.parameters(), 1.0)
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
