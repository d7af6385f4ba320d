"""Man pages of every command from the program's own description: man.py PROGRAM FOLDER"""

import json
import subprocess
import sys
from pathlib import Path


def escaped(text):
    """Text as roff: dashes stay dashes, and no line starts a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.splitlines())


def names(argument):
    """`-h, --help` or `--model <dir>`."""
    written = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", [])]
    value = f" <{argument['valueName']}>" if argument["kind"] == "option" else ""
    return ", ".join(written) + value if written else f"<{argument.get('valueName', 'argument')}>"


def page(command, path, version, others):
    title = "-".join(path)
    lines = [f'.TH "{title.upper()}" 1 "" "prerl {version}" "User Commands"', ".SH NAME",
             f"{escaped(title)} \\- {escaped(command.get('abstract', ''))}", ".SH SYNOPSIS", f".B {escaped(' '.join(path))}",
             "[options]" if command.get("arguments") else "command"]
    if command.get("discussion"):
        lines.append(".SH DESCRIPTION")
        for part in command["discussion"].split("\n\n"):
            lines += [".PP", escaped(part)]
    arguments = [each for each in command.get("arguments", []) if each.get("shouldDisplay", True)]
    if arguments:
        lines.append(".SH OPTIONS")
    for argument in arguments:
        help_text = " ".join(filter(None, [argument.get("abstract"), argument.get("discussion")]))
        if argument.get("allValues"):
            help_text += f" (values: {', '.join(argument['allValues'])})"
        if argument.get("defaultValue") not in (None, ""):
            help_text += f" (default: {argument['defaultValue']})"
        lines += [".TP", f".B {escaped(names(argument))}", escaped(help_text.strip()) or "\\&"]
    if others:
        lines += [".SH SEE ALSO", ", ".join(f"\\fB{escaped(name)}\\fR(1)" for name in others)]
    return "\n".join(lines) + "\n"


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    described = json.loads(subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout)
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
    root = described["command"]
    commands = [each for each in root.get("subcommands", []) if each["commandName"] != "help" and each.get("shouldDisplay", True)]
    top = root["commandName"]
    pages = [f"{top}-{each['commandName']}" for each in commands]
    (folder / f"{top}.1").write_text(page(root, [top], version, pages))
    for each in commands:
        (folder / f"{top}-{each['commandName']}.1").write_text(page(each, [top, each["commandName"]], version, [top]))


if __name__ == "__main__":
    main()
