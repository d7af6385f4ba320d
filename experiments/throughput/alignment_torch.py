#!/usr/bin/env python3
"""Per-sample gradient alignment with PyTorch and transformers, as one would write it by hand.

For every rollout two backward passes, of mean log P(y|null context) and mean log P(y|x), over all
parameters, then the cosine of the two gradients. Logits are formed for the response only, and the
products are dot products without temporaries: both spare the peer work it does not need.
"""
import argparse
import json
import resource
import time

import torch
from transformers import AutoModelForCausalLM


def gradients(model, parameters, context, response):
    """Gradient of the mean log-probability of the response after the context."""
    output = model(
        torch.tensor([context + response]), use_cache=False, logits_to_keep=len(response) + 1)
    logp = -torch.nn.functional.cross_entropy(output.logits[0, :-1], torch.tensor(response))
    return [g.view(-1) for g in torch.autograd.grad(logp, parameters)]


def dot(a, b):
    return sum(torch.dot(x, y).double() for x, y in zip(a, b)).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("rollouts", help="JSONL with prompt_ids and response_ids")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--null-context", type=int, nargs="+", default=[1], metavar="ID")
    parser.add_argument("--limit", type=int, help="only the first N rollouts")
    parser.add_argument("--shard", default="0/1", metavar="I/N", help="every Nth rollout, from I")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--cosines", metavar="FILE", help="per-sample values as JSONL")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    model = AutoModelForCausalLM.from_pretrained(
        args.model, dtype=torch.float32, attn_implementation=args.attention)
    parameters = list(model.parameters())  # a tied matrix once
    with open(args.rollouts) as file:
        rows = [json.loads(line) for line in file][: args.limit]
    shard, shards = map(int, args.shard.split("/"))
    rows = rows[shard::shards]
    if len(rows) < 2:
        parser.error("at least two rollouts are needed: the first is the warm-up")

    results, tokens, start = [], 0, None
    for i, row in enumerate(rows):
        if i == 1:
            start = time.perf_counter()
        prompt, response = row["prompt_ids"], row["response_ids"]
        marginal = gradients(model, parameters, args.null_context, response)
        conditional = gradients(model, parameters, prompt, response)
        product = dot(marginal, conditional)
        norms = (dot(marginal, marginal) ** 0.5, dot(conditional, conditional) ** 0.5)
        del marginal, conditional  # else they live on beside the next sample's
        results.append(dict(
            id=row.get("id", str(i + 1)), inner_product=product, norm_marginal=norms[0],
            norm_conditional=norms[1], cosine=product / (norms[0] * norms[1])))
        if i:
            tokens += len(args.null_context) + len(prompt) + 2 * len(response)
    seconds = time.perf_counter() - start

    if args.cosines:
        with open(args.cosines, "w") as file:
            file.writelines(json.dumps(result) + "\n" for result in results)
    timed = len(rows) - 1
    print(json.dumps(dict(
        program="torch", threads=args.threads, samples=timed, seconds=round(seconds, 3),
        samples_per_second=round(timed / seconds, 4), tokens_per_second=round(tokens / seconds, 1),
        peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        mean_cosine=sum(r["cosine"] for r in results) / len(results))))


if __name__ == "__main__":
    main()
