#!/usr/bin/env python3
"""Pretrains the embedded Countdown model with PyTorch on given batches, and times it.

BATCHES is JSONL, one training step a line, R rows of at most --row-length tokens each:
    {"rows": [[id, ...], ...], "document_offsets": [[0, 30, 61], ...]}
document_offsets holds the starts of the row's documents, ascending from 0; the last document ends
with the row. Rows are padded here. A token attends to its own document's earlier tokens and itself;
positions restart at 0 in every document; each token but a document's last predicts the next one.

Step s of N (both from 0): lr = 2e-3 (s + 1)/100 for s < 100, then linear from 2e-3 at s = 100 to 5%
of it at s = N. AdamW (.9, .95, 1e-8), decoupled decay .1 on matrices, the embedding included;
global norm clipped to 1. Prints one JSON line a step (the loss before its update), then the rates.
"""
import argparse
import json
import math
import resource
import time

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import cross_entropy, embedding, linear, rms_norm, silu
from torch.nn.functional import scaled_dot_product_attention

V, C, F, L, H, G, D = 56, 128, 384, 3, 4, 2, 32
THETA, EPSILON = 1e4, 1e-6
PEAK_RATE, WARM_UP_STEPS, FINAL_SHARE = 2e-3, 100, 0.05


def parameter_shapes():
    shapes = {"model.embed_tokens.weight": (V, C)}
    for layer in range(L):
        for name, shape in {
                "input_layernorm": (C,), "post_attention_layernorm": (C,),
                "self_attn.q_proj": (H * D, C), "self_attn.k_proj": (G * D, C),
                "self_attn.v_proj": (G * D, C), "self_attn.o_proj": (C, H * D),
                "self_attn.q_norm": (D,), "self_attn.k_norm": (D,),
                "mlp.gate_proj": (F, C), "mlp.up_proj": (F, C), "mlp.down_proj": (C, F)}.items():
            shapes[f"model.layers.{layer}.{name}.weight"] = shape
    return shapes | {"model.norm.weight": (C,)}


def initial(name, shape):
    """Normal, sd 1/√fan_in, 0.02 for the embedding, × 1/√(2L) into the residual stream."""
    if len(shape) == 1:
        return torch.ones(shape)
    scale = 0.02 if "embed" in name else 1 / math.sqrt(shape[1])
    if "o_proj" in name or "down_proj" in name:
        scale /= math.sqrt(2 * L)
    return scale * torch.randn(shape)


class Decoder(nn.Module):
    """Qwen3's decoder with a tied head; parameters under their checkpoint names."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.ParameterDict(  # whose keys may hold no dots
            {name.replace(".", "/"): nn.Parameter(w) for name, w in weights.items()})

    def forward(self, tokens, positions, allowed):
        def w(name):
            return self.weights[name.replace(".", "/") + "/weight"]

        def norm(x, name):
            return rms_norm(x, x.shape[-1:], w(name), EPSILON)

        frequency = THETA ** -(torch.arange(0, D, 2) / D)
        angle = (positions[..., None] * frequency)[:, None]  # R, 1, T, D/2
        cosine, sine = angle.cos(), angle.sin()

        def rotate(x):
            a, b = x.chunk(2, -1)
            return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)

        R, T = tokens.shape
        x = embedding(tokens, w("model.embed_tokens"))
        for layer in range(L):
            p = f"model.layers.{layer}."
            a = norm(x, p + "input_layernorm")
            q, k, v = (
                linear(a, w(f"{p}self_attn.{n}_proj")).view(R, T, -1, D) for n in ("q", "k", "v"))
            q = rotate(norm(q, p + "self_attn.q_norm").transpose(1, 2))
            k = rotate(norm(k, p + "self_attn.k_norm").transpose(1, 2))
            y = scaled_dot_product_attention(
                q, k, v.transpose(1, 2), attn_mask=allowed, enable_gqa=True)
            x = x + linear(y.transpose(1, 2).reshape(R, T, H * D), w(p + "self_attn.o_proj"))
            a = norm(x, p + "post_attention_layernorm")
            gated = silu(linear(a, w(p + "mlp.gate_proj"))) * linear(a, w(p + "mlp.up_proj"))
            x = x + linear(gated, w(p + "mlp.down_proj"))
        return linear(norm(x, "model.norm"), w("model.embed_tokens"))


def pack(batch, T):
    """Tokens, positions, targets (-100: none) as (R, T), the mask (R, 1, T, T), real tokens."""
    R = len(batch["rows"])
    tokens, positions = torch.zeros(R, T, dtype=torch.long), torch.zeros(R, T, dtype=torch.long)
    targets = torch.full((R, T), -100)
    document = torch.arange(T).repeat(R, 1) + T  # padding: every place its own document
    for r, (row, starts) in enumerate(zip(batch["rows"], batch["document_offsets"], strict=True)):
        if len(row) > T or not row or starts[0] != 0:
            raise ValueError(f"row {r}: {len(row)} tokens (expected 1 to {T}), offsets from 0")
        tokens[r, : len(row)] = torch.tensor(row)
        for d, (start, end) in enumerate(zip(starts, starts[1:] + [len(row)])):
            positions[r, start:end] = torch.arange(end - start)
            targets[r, start:end - 1] = tokens[r, start + 1:end]
            document[r, start:end] = d
    allowed = (document[:, :, None] == document[:, None, :]).tril()[:, None]
    return tokens, positions, targets, allowed, sum(map(len, batch["rows"]))


def learning_rate(step, steps):
    if step < WARM_UP_STEPS:
        return PEAK_RATE * (step + 1) / WARM_UP_STEPS
    done = (step - WARM_UP_STEPS) / (steps - WARM_UP_STEPS)
    return PEAK_RATE * (1 - (1 - FINAL_SHARE) * done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("batches", help="JSONL, see the top of the script")
    parser.add_argument("--model", metavar="DIR", help="start from its model.safetensors")
    parser.add_argument("--steps", type=int, help="stop after N steps (default: the whole file)")
    parser.add_argument("--schedule-steps", type=int, default=3500, help="N of the schedule")
    parser.add_argument("--warm-up", type=int, default=5, help="steps left out of the timing")
    parser.add_argument("--row-length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the initial weights")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    weights = {name: initial(name, shape) for name, shape in parameter_shapes().items()}
    if args.model:
        given = load_file(args.model + "/model.safetensors")
        shapes = {k: tuple(t.shape) for k, t in given.items()}
        if shapes != parameter_shapes():
            parser.error(f"{args.model}: not the embedded model's tensors")
        weights = {name: given[name].float() for name in weights}
    model = Decoder(weights)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [dict(params=[p for p in parameters if p.dim() > 1], weight_decay=0.1),
         dict(params=[p for p in parameters if p.dim() == 1], weight_decay=0.0)],
        betas=(0.9, 0.95), eps=1e-8, foreach=True)
    forward = torch.compile(model) if args.compile else model

    seconds, tokens, timed = 0.0, 0, 0
    with open(args.batches) as file:
        for step, line in enumerate(file):
            if args.steps is not None and step == args.steps:
                break
            ids, positions, targets, allowed, count = pack(json.loads(line), args.row_length)
            start = time.perf_counter()  # reading and packing are left out
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, args.schedule_steps)
            loss = cross_entropy(forward(ids, positions, allowed).view(-1, V), targets.view(-1))
            loss.backward()
            norm = nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            loss, norm = loss.item(), norm.item()
            if step >= args.warm_up:
                seconds += time.perf_counter() - start
                tokens += count
                timed += 1
            print(json.dumps(dict(step=step, loss=loss, grad_norm=norm)))
    if not timed:
        parser.error(f"no step was timed: more than {args.warm_up} are needed")
    print(json.dumps(dict(
        program="torch", threads=args.threads, compiled=args.compile,
        parameters=sum(p.numel() for p in parameters), steps=timed, seconds=round(seconds, 3),
        steps_per_second=round(timed / seconds, 3), tokens_per_second=round(tokens / seconds, 1),
        peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)))


if __name__ == "__main__":
    main()
