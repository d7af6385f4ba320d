#!/usr/bin/env python3
"""Compares the folder of make_checkpoint.py with independent readings of the GGUF file.

    check_checkpoint.py MODEL.gguf FOLDER PRERL SCRATCH

Prints one line per comparison, the largest deviation and its tolerance. Exit status 1 if any is larger.

weights     our safetensors and the weights that transformers' own GGUF loader makes
logits      transformers with our folder (float32) and gguf_reference.py (float64), every position
llama.cpp   the distribution of the token after each text. llama.cpp multiplies in 8 bits, so that its
            tolerances are wider
tokens      about 200 lines by transformers with our folder, and by prerl, against llama.cpp's ids
prerl       log-probabilities of response tokens in `prerl align` and in transformers
"""

import json
import os
import random
import subprocess
import sys
import urllib.request
from pathlib import Path
from pydoc_data import topics

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TQDM_DISABLE="1")

import h5py
import numpy as np
import torch
import xllamacpp
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from gguf_reference import GGUF, Reference

logging.disable_progress_bar()

TEXTS = [
    "The capital of France is",
    "Anna has 12 apples and gives away 5. How many apples does Anna have now? 12 - 5 =",
    "def add(a, b):\n    return a + b\n\n\ndef multiply(a, b):\n    return",
    "<|im_start|>user\nWhat is the boiling point of water?<|im_end|>\n<|im_start|>assistant\n",
    "It was a bright cold day in April, and the clocks were striking thirteen. Winston Smith, his chin"
    " nuzzled into his breast in an effort to escape the vile wind, slipped quickly through the glass doors",
]
failures: list[str] = []


def report(name: str, deviation: float, tolerance: float, note: str) -> None:
    passed = deviation <= tolerance  # false for NaN
    verdict = "" if passed else ", FAILED"
    print(f"{name:34} {deviation:10.3g}  (at most {tolerance:g}{verdict})  {note}", flush=True)
    if not passed:
        failures.append(name)


def lines() -> list[str]:
    """Prose with code and markup, then random mixtures of what splits text into words."""
    prose = [line for text in topics.topics.values() for line in text.splitlines() if len(line) > 40]
    pieces = [
        " ", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "a", "Z", "word", " word", "Straße", "été", "数学",
        "ß", "7", "42", "2024", "3.14", "1,000", "½", "²", "Ⅳ", "٣٤", "'s", "'ll", "'S", "don't", "_", "-", "...",
        "!?", "$", "\\boxed{", "}", "=", "+", "(x)", "é", "\u00a0", "\u3000", "😀", "<|im_end|>",
        "<|im_start|>user\n",
    ]  # fmt: skip
    source = random.Random("check")
    mixtures = ["".join(source.choices(pieces, k=source.randint(1, 16))) for _ in range(100)]
    return source.sample(prose, 100) + TEXTS + [text for text in mixtures if text]


class LlamaCpp:
    """llama.cpp in this process: its server answers on a local port."""

    def __init__(self, path: str) -> None:
        options = xllamacpp.CommonParams()
        options.model.path = path
        options.n_ctx, options.n_parallel, options.warmup, options.verbosity = 1024, 1, False, -1
        options.cpuparams.n_threads = 1
        self.server = xllamacpp.Server(options)

    def tokens(self, text: str) -> list[int]:
        body = json.dumps({"content": text, "add_special": False, "parse_special": True}).encode()
        request = urllib.request.Request(
            self.server.listening_address + "/tokenize", body, {"Content-Type": "application/json"}
        )
        return json.load(urllib.request.urlopen(request))["tokens"]

    def log_probabilities(self, ids: list[int], vocabulary: int) -> np.ndarray:
        """Of the token after `ids`."""
        answer = self.server.handle_completions(
            {"prompt": ids, "max_tokens": 1, "temperature": 0, "logprobs": vocabulary}
        )
        values = np.full(vocabulary, np.nan)
        for item in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]:
            values[item["id"]] = item["logprob"]
        return values


def check_weights(gguf: Path, folder: Path) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    ours, state = load_file(folder / "model.safetensors"), theirs.state_dict()
    state = {name: weight for name, weight in state.items() if name in ours or name != "lm_head.weight"}
    if ours.keys() != state.keys():
        names = sorted(ours.keys() ^ state.keys())
        sys.exit(f"check_checkpoint.py: tensors differ by name: {names[:3]} (expected the same)")
    deviation = max((ours[name] - state[name]).abs().max().item() for name in ours)
    report("weights, transformers' GGUF loader", deviation, 0, f"{len(ours)} tensors")


def check_logits(model: torch.nn.Module, tokenizer: object, file: GGUF, llama: LlamaCpp) -> None:
    reference = Reference(file)
    deviation = divergence = most_likely = size = 0.0
    positions = 0
    for text in TEXTS:
        ids = tokenizer(text).input_ids
        with torch.no_grad():
            ours = model(torch.tensor([ids])).logits[0].double()
        wanted = reference.logits(ids)
        deviation = max(deviation, np.abs(ours.numpy() - wanted).max())
        positions, size = positions + len(ids), max(size, np.abs(wanted).max())
        next_token = torch.log_softmax(ours[-1], -1).numpy()
        difference = next_token - llama.log_probabilities(ids, len(next_token))
        divergence = max(divergence, np.sum(np.exp(next_token) * difference))
        most_likely = max(most_likely, abs(difference[next_token.argmax()]))
    report("logits, float64 reference", deviation, 1e-3, f"{positions} positions, logits up to {size:.0f}")
    report("llama.cpp, divergence", divergence, 0.01, f"nat, of the token after {len(TEXTS)} texts")
    report("llama.cpp, most likely token", most_likely, 0.1, "nat")


def check_tokens(tokenizer: object, gguf: Path, folder: Path, llama: LlamaCpp, prerl: str) -> None:
    texts = lines()
    wanted = [llama.tokens(text) for text in texts]
    count = sum(map(len, wanted))
    ours = [tokenizer(text).input_ids for text in texts]
    differing = [text for text, a, b in zip(texts, ours, wanted) if a != b]
    note = f"of {len(texts)}, {count} tokens{example(differing)}"
    report("tokens, transformers: lines", len(differing), 0, note)

    differing = []
    for text, ids in zip(texts, wanted):
        run = subprocess.run(
            [prerl, "tokenize", "--model", folder], input=text.encode(), capture_output=True, check=False
        )
        if run.returncode:
            differing.append(text)
            print(run.stderr.decode().strip())
            # A refused tokenizer is refused for every line.
            report("tokens, prerl: lines", float("nan"), 0, "refused")
            break
        if list(map(int, run.stdout.split())) != ids:
            differing.append(text)
    else:
        report("tokens, prerl: lines", len(differing), 0, f"of {len(texts)}{example(differing)}")

    # For information: transformers' reading of the GGUF file leaves out that digits stand alone.
    theirs = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    other = sum(theirs(text).input_ids != ids for text, ids in zip(texts, wanted))
    print(f"(transformers' GGUF tokenizer: {other} lines differ; it does not split before every digit)")


def example(differing: list[str]) -> str:
    return f", first: {differing[0]!r}" if differing else ""


def check_prerl(model: torch.nn.Module, tokenizer: object, folder: Path, prerl: str, scratch: Path) -> None:
    bos = tokenizer.bos_token_id
    rollouts = []
    for index, text in enumerate(TEXTS):
        ids = tokenizer(text).input_ids
        cut = len(ids) // 2
        rollouts.append({"id": str(index), "prompt_ids": ids[:cut], "response_ids": ids[cut:]})
    (scratch / "check.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rollouts))
    result = scratch / "check.h5"
    run = subprocess.run(
        [prerl, "align", "--model", folder, "--rollouts", scratch / "check.jsonl", "--null-context", str(bos),
         "--output", result, "--overwrite", "--quiet"],
        capture_output=True, check=False,
    )  # fmt: skip
    if run.returncode:
        sys.exit(f"check_checkpoint.py: prerl align failed: {run.stderr.decode().strip()}")
    with h5py.File(result) as file:
        for name, contexts in (
            ("logp_conditional", [each["prompt_ids"] for each in rollouts]),
            ("logp_marginal", [[bos]] * len(rollouts)),
        ):
            wanted = [scores(model, c, each["response_ids"]) for c, each in zip(contexts, rollouts)]
            wanted = np.concatenate(wanted)
            deviation = np.abs(file["tokens"][name][:] - wanted).max()
            report(f"prerl, {name}", deviation, 1e-3, f"nat, {len(wanted)} tokens")


def scores(model: torch.nn.Module, context: list[int], response: list[int]) -> np.ndarray:
    """The log-probabilities of the response's tokens."""
    with torch.no_grad():
        logits = model(torch.tensor([context + response])).logits[0, len(context) - 1 : -1].double()
    return torch.log_softmax(logits, -1)[range(len(response)), response].numpy()


def main() -> None:
    if len(sys.argv) != 5:
        sys.exit("check_checkpoint.py: wrong arguments (expected MODEL.gguf FOLDER PRERL SCRATCH)")
    gguf, folder, prerl, scratch = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    torch.set_num_threads(1)
    check_weights(gguf, folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    llama = LlamaCpp(str(gguf))
    check_logits(model, tokenizer, GGUF(str(gguf)), llama)
    check_tokens(tokenizer, gguf, folder, llama, prerl)
    check_prerl(model, tokenizer, folder, prerl, scratch)
    if failures:
        sys.exit(f"check_checkpoint.py: {len(failures)} comparisons failed: {'; '.join(failures)}")


if __name__ == "__main__":
    main()
