"""Reads a critic with TRL and compares its values with prerl's: check_trl.py PRERL CHECKPOINT CRITIC

TRL has had no value head since its version 1; 0.24 is the last one tried here:

    python3 -m venv V && V/bin/pip install torch==2.13.0+cpu transformers trl==0.24.0 h5py
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import torch
from trl.models.modeling_value_head import AutoModelForCausalLMWithValueHead

prerl, checkpoint, critic = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    rollouts, values = Path(folder) / "rollouts.jsonl", Path(folder) / "values.h5"
    subprocess.run([prerl, "rollout", "--model", checkpoint, "--samples", "32", "--per-problem", "4", "--output", rollouts,
                    "--quiet"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([prerl, "evaluate", "--model", checkpoint, "--rollouts", rollouts, "--critic", critic, "--values",
                    values, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    lines = [json.loads(line) for line in rollouts.read_text().splitlines()]
    with h5py.File(values) as file:
        offsets, ours = file["tokens/sample_offset"][:], file["tokens/value"][:]

model = AutoModelForCausalLMWithValueHead.from_pretrained(critic, attn_implementation="eager").eval()
largest = 0.0
with torch.no_grad():
    for place, line in enumerate(lines):
        ids = torch.tensor([line["prompt_ids"] + line["response_ids"]])
        # The state before a response's token is the row that predicts it.
        theirs = model(ids)[2][0, len(line["prompt_ids"]) - 1 : -1].double().numpy()
        largest = max(largest, abs(theirs - ours[offsets[place] : offsets[place + 1]]).max())
print(f"{len(lines)} rollouts, {len(ours)} values of {ours.min():.3f} to {ours.max():.3f}: largest difference {largest:.1e}")
