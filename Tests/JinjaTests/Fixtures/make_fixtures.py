"""Writes what jinja2 makes of templates, in the environment that transformers gives chat templates.

`golden.json` holds a list of cases: a template (text, or the name of a file in `templates/`), its
variables, and the text that jinja2 renders, or null where jinja2 fails.
"""

import datetime
import json
from pathlib import Path

import transformers.utils.chat_template_utils as chat

FOLDER = Path(__file__).parent


class FixedDate(datetime.datetime):
    """What `strftime_now` takes for now."""

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 4, 15, 6, 7)


chat.datetime = FixedDate

VALUES = {
    "x": {"a": 1, "b": None, "items": [1], "z": {"q": "w"}},
    "s": "  hab acab\n b ",
    "l": [3, 1, 2, 2],
    "d": [{"n": 2, "m": 1}, {"n": 1}],
    "u": "Ünï 数 🎉 \u00a0\u200b\x7f \"q\" 'p' \\",
}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Weather <now> & \"later\" ‘there’.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"type": "integer", "default": 3},
                    "share": {"type": "number", "default": 0.5},
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
        "function": {"name": "weather", "arguments": {"city": "Zürich", "deep": [1, None, {"a": True}]}},
    }
]


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


CONVERSATIONS = [
    [turn("user", "What is 7 times 8?")],
    [turn("user", "  spaces \n")],
    [turn("system", " Be brief.\n"), turn("user", "")],
    [turn("user", "q"), turn("assistant", "<think>\nhm\n</think>\n\nTwo."), turn("user", "Sure?\n")],
    [turn("user", "q"), turn("assistant", "Two.", reasoning_content="hm"), turn("user", "Ünï 数 🎉")],
    [
        turn("user", "w?"),
        turn("assistant", "See:", reasoning_content="r", tool_calls=CALLS),
        turn("tool", "{\"t\": 3}", tool_call_id="call00001"),
    ],
    [turn("user", "a"), turn("user", "b")],
    [turn("user", [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}])],
]
SETTINGS = [
    {},
    {"enable_thinking": False},
    {"tools": TOOLS},
    {"add_generation_prompt": False},
    {"date_string": "1 Jan 2020"},
]


def render(template, variables):
    try:
        return chat._compile_jinja_template(template).render(**variables)
    except Exception:
        return None


def main():
    cases = []
    for block in (FOLDER / "expressions.txt").read_text().split("\n----\n"):
        block = block.removesuffix("\n----")
        cases.append({"template": block, "variables": VALUES, "text": render(block, VALUES)})
    for path in sorted((FOLDER / "templates").glob("*.jinja")):
        for conversation in CONVERSATIONS:
            for settings in SETTINGS:
                variables = {
                    "bos_token": "<s>",
                    "eos_token": "</s>",
                    "messages": conversation,
                    "tools": None,
                    "add_generation_prompt": True,
                    **settings,
                }
                cases.append(
                    {
                        "file": path.stem,
                        "variables": variables,
                        "text": render(path.read_text(), variables),
                    }
                )
    text = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    (FOLDER / "golden.json").write_text("[\n" + text + "\n]\n")


main()
