#!/usr/bin/env python3
"""Runs every Python snippet of a page: check_snippets.py PAGE.md ALIGNMENT.h5

A snippet is a fenced block of language `python` and runs by itself, as a reader would copy it; the
file it names becomes ALIGNMENT.h5. Prints one line; exits 1 with a line per snippet that fails.
"""

import contextlib
import io
import re
import sys
from pathlib import Path

NAMED = "results/reference/alignment/alignment.h5"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: check_snippets.py PAGE.md ALIGNMENT.h5")
    page, file = Path(sys.argv[1]), str(Path(sys.argv[2]).resolve())
    text = page.read_text()
    failed, count = 0, 0
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        count += 1
        line = text[: match.start(1)].count("\n") + 1
        if NAMED not in match[1]:
            print(f"{page.name}:{line}: the snippet opens no {NAMED}", file=sys.stderr)
            failed += 1
            continue
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(match[1].replace(NAMED, file), f"{page.name}:{line}", "exec"), {})
        except Exception as error:  # whatever goes wrong is a broken snippet
            print(f"{page.name}:{line}: {type(error).__name__}: {error}", file=sys.stderr)
            failed += 1
    if not count:
        print(f"{page.name}: no Python snippet", file=sys.stderr)
    print(f"{page.name}: {count} Python snippets run, {failed or 'none'} failed")
    sys.exit(bool(failed) or not count)


if __name__ == "__main__":
    main()
