#!/usr/bin/env python3
"""Samples rollouts with transformers, judges them and writes them for `prerl --rollouts`.

    sample_rollouts.py MODEL PROBLEMS.jsonl OUTPUT.jsonl [--problems N] [--per-problem N] ...

A line has "id", "problem_id", "cluster", "prompt_ids", "response_ids" and "reward", so that no tokenizer is
needed to read it. The reward is 1 if the last \\boxed{} of the response holds the answer.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TQDM_DISABLE="1")

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

logging.disable_progress_bar()


def is_right(response: str, answer: str) -> bool:
    boxes = re.findall(r"\\boxed\{([^{}]*)\}", response)
    return bool(boxes) and boxes[-1].strip() == answer


def main() -> None:
    parser = argparse.ArgumentParser(description="Samples rollouts and judges them.")
    parser.add_argument("model", type=Path)
    parser.add_argument("problem_file", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--problems", type=int, default=64, help="use the first N problems")
    parser.add_argument("--per-problem", type=int, default=1)
    parser.add_argument("--max-new-tokens", type=int, default=96)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print the first N responses")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    # Prompts of one batch end at the same place.
    tokenizer = AutoTokenizer.from_pretrained(options.model, padding_side="left")
    end = tokenizer.eos_token_id
    problems = [json.loads(line) for line in options.problem_file.read_text().splitlines()]
    problems = problems[: options.problems]
    if not problems:
        sys.exit(f"sample_rollouts.py: {options.problem_file}: no problems (expected one JSON object a line)")
    turns = [problem["messages"] for problem in problems for _ in range(options.per_problem)]
    prompts = [
        tokenizer(tokenizer.apply_chat_template(each, tokenize=False, add_generation_prompt=True)).input_ids
        for each in turns
    ]
    batch = tokenizer.pad({"input_ids": prompts}, return_tensors="pt")
    start = time.perf_counter()
    with torch.no_grad():
        sampled = model.generate(
            **batch,
            do_sample=True,
            temperature=options.temperature,
            top_k=0,  # the whole distribution: RL needs samples of the policy itself
            top_p=1.0,
            max_new_tokens=options.max_new_tokens,
            eos_token_id=end,
            pad_token_id=end,
        )
    seconds = time.perf_counter() - start

    rows, shown = [], 0
    right = boxed = ended = 0
    for index, ids in enumerate(sampled[:, batch["input_ids"].shape[1] :].tolist()):
        problem = problems[index // options.per_problem]
        # The end token belongs to the response; what follows is padding.
        ids = ids[: ids.index(end) + 1] if end in ids else ids
        text = tokenizer.decode(ids)
        reward = is_right(text, problem["answer"])
        right, boxed, ended = right + reward, boxed + ("\\boxed{" in text), ended + (ids[-1] == end)
        if shown < options.show:
            shown += 1
            print(f"{problem['messages'][-1]['content']} [{problem['answer']}] {text!r}")
        rows.append(
            {
                "id": f"{problem['id']}#{index % options.per_problem}",
                "problem_id": problem["id"],
                "cluster": problem["cluster"],
                "prompt_ids": prompts[index],
                "response_ids": ids,
                "reward": int(reward),
            }
        )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text("".join(json.dumps(row) + "\n" for row in rows))
    count, tokens = len(rows), sum(len(row["response_ids"]) for row in rows)
    print(
        f"{options.problem_file.name}: accuracy {right / count:.3f} ({right} of {count}), "
        f"boxed {boxed / count:.2f}, ended {ended / count:.2f}, response {tokens / count:.1f} tokens, "
        f"prompt {sum(map(len, prompts)) / count:.0f} tokens, {tokens / seconds:.1f} sampled tokens/s"
    )


if __name__ == "__main__":
    main()
