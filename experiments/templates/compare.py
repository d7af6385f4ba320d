"""Renders real chat templates with transformers and with prerl, and compares the texts.

usage: compare.py PRERL MODEL OUTPUT.md

The templates are those that TRL ships in `trl/chat_templates`, copied from the models that they are named
after. Each is tried on every conversation with every setting below. MODEL is a checkpoint folder whose
weights are not read; a copy of it gets the template.
"""

import collections
import datetime
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata, resources
from pathlib import Path

import transformers.utils.chat_template_utils as chat

DATE = "2026-03-04T15:06:07"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": None}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather <now> & \"later\" at a place.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "The place ‘so to say’."},
                    "unit": {"type": "string", "enum": ["C", "F"]},
                    "days": {"type": "integer", "default": 3},
                    "where": {"type": "array", "items": {"type": "number"}},
                },
                "required": ["city"],
            },
        },
    }
]
CALLS = [
    {
        "id": "call00001",
        "type": "function",
        "function": {
            "name": "weather",
            "arguments": {"city": "Zürich <x>", "days": 2, "deep": [1.5, None, {"a": True}]},
        },
    }
]


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


CONVERSATIONS = [
    [turn("user", "What is 7 times 8?")],
    [turn("user", "  spaces \n")],
    [turn("system", "Be brief.\n"), turn("user", "Hi")],
    [turn("user", "q"), turn("assistant", "<think>\nhm\n</think>\n\nTwo."), turn("user", "again")],
    [turn("user", "q"), turn("assistant", "Two.", reasoning_content="hm"), turn("user", "Ünï 数 🎉")],
    [
        turn("user", "w?"),
        turn("assistant", "See.", tool_calls=CALLS),
        turn("tool", '{"t": 3}', name="weather", tool_call_id="call00001"),
    ],
    [turn("user", "a"), turn("user", "b")],
    [turn("developer", "d"), turn("user", "x")],
]
SETTINGS = [{}, {"enable_thinking": False}, {"enable_thinking": True}, {"tools": TOOLS}]


class FixedDate(datetime.datetime):
    """What `strftime_now` takes for now."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromisoformat(DATE)


def expected(source, conversation, setting):
    """The text that transformers renders, or None where it fails."""
    try:
        texts, _ = chat.render_jinja_template(
            [conversation],
            tools=setting.get("tools"),
            chat_template=source,
            add_generation_prompt=True,
            **{name: token for name, token in TOKENS.items() if token is not None},
            **{name: value for name, value in setting.items() if name != "tools"},
        )
        return texts[0]
    except Exception:
        return None


def rendered(prerl, model, source, cases):
    """For each case the text that prerl renders, or None and its error."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            shutil.copy(Path(model) / name, folder)
        Path(folder, "chat_template.jinja").write_text(source)
        Path(folder, "tokenizer_config.json").write_text(json.dumps(TOKENS))
        command = [prerl, "tokenize", "--prompts", "--json", "--model", folder]
        command += ["--template-date", DATE]

        def lines(texts):
            job = subprocess.run(command, input="\n".join(texts), capture_output=True, text=True)
            return [json.loads(line)["text"] for line in job.stdout.splitlines()], job.stderr

        inputs = []
        for conversation, setting in cases:
            line = {"messages": conversation}
            line |= {"tools": setting["tools"]} if "tools" in setting else {}
            arguments = {name: value for name, value in setting.items() if name != "tools"}
            inputs.append(json.dumps(line | {"chat_template_kwargs": arguments}))
        results = []
        # The command stops at the first refusal; the rest goes on after it.
        while len(results) < len(inputs):
            texts, error = lines(inputs[len(results) :])
            results += [(text, None) for text in texts]
            if len(results) < len(inputs):
                results.append((None, error.strip()))
        return results


def main():
    prerl, model, output = sys.argv[1:]
    chat.datetime = FixedDate
    cases = [(conversation, setting) for conversation in CONVERSATIONS for setting in SETTINGS]
    rows, total = [], collections.Counter()
    folder = resources.files("trl") / "chat_templates"
    for path in sorted(Path(str(folder)).glob("*.jinja")):
        source = path.read_text()
        counts = collections.Counter()
        results = rendered(prerl, model, source, cases)
        for (conversation, setting), (text, error) in zip(cases, results):
            right = expected(source, conversation, setting)
            if text == right:
                counts["equal" if right is not None else "both refuse"] += 1
            elif text is None:
                counts["refused by prerl only"] += 1
                print(f"{path.name}: {error}", file=sys.stderr)
            else:
                counts["different"] += 1
                print(f"{path.name}: prerl {text!r}, transformers {right!r}", file=sys.stderr)
        total += counts
        digest = hashlib.sha256(source.encode()).hexdigest()[:12]
        rows.append((path.stem, digest, counts))
    columns = ["equal", "both refuse", "refused by prerl only", "different"]
    lines = [
        f"trl {metadata.version('trl')}, transformers {metadata.version('transformers')}, "
        f"jinja2 {metadata.version('jinja2')}; {len(cases)} renderings of each template.",
        "",
        "| template | SHA-256 | " + " | ".join(columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for name, digest, counts in [*rows, ("all", "", total)]:
        cells = [str(counts[column]) for column in columns]
        lines.append(f"| {name} | `{digest}` | " + " | ".join(cells) + " |" if digest else f"| {name} | | " + " | ".join(cells) + " |")
    Path(output).write_text("\n".join(lines) + "\n")
    print("\n".join([lines[0], lines[2], lines[3], lines[-1]]))
    sys.exit(1 if total["different"] else 0)


main()
