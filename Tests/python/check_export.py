#!/usr/bin/env python3
"""Exports runs twice and looks at what comes out: check_export.py RUN ...

Every run must give a page and figures, the same bytes both times; a page needs nothing from
outside; a PNG is one column wide (3.4 in); an SVG holds no date. Runs are folders outside results/.
"""

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

EXPORT = Path(__file__).resolve().parents[2] / "notebooks-export" / "export.sh"


def export(run):
    """{path: bytes} of what the export writes, or the error it ends with."""
    done = subprocess.run([EXPORT, run], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    files = sorted([*run.glob("html/*.html"), *run.glob("figures/*")])
    return {path.relative_to(run): path.read_bytes() for path in files}


def complaints(run):
    """What is wrong with a run's export, one line each."""
    first, second = export(run), export(run)
    if isinstance(first, str) or isinstance(second, str):
        yield f"export failed: {first if isinstance(first, str) else second}"
        return
    if first != second:
        changed = [str(p) for p in first.keys() | second.keys() if first.get(p) != second.get(p)]
        yield f"not the same twice: {', '.join(sorted(changed))}"
    kinds = {path.suffix for path in first}
    if kinds != {".html", ".png", ".svg"}:
        yield f"wrote {', '.join(sorted(kinds)) or 'nothing'} (expected .html, .png and .svg)"
    for path, data in first.items():
        if path.suffix == ".html" and re.search(rb"<script|<link|src=\"(?!data:)|@import", data):
            yield f"{path}: needs something from outside"
        if path.suffix == ".svg" and (b"<dc:date>" in data or b"matplotlib v" in data.lower()):
            yield f"{path}: holds a date or a version"
        if path.suffix == ".png":
            with Image.open(run / path) as image:
                width = image.width / image.info["dpi"][0]
            if abs(width - 3.4) > 0.01:
                yield f"{path}: {width:.2f} in wide (3.4)"


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: check_export.py RUN ...")
    failed = False
    for name in sys.argv[1:]:
        run = Path(name).resolve()
        found = list(complaints(run))
        for line in found:
            print(f"{run.name}: {line}", file=sys.stderr)
        figures = len(list(run.glob("figures/*.png")))
        print(f"{run.name}: {figures} figures, {len(found) or 'nothing'} wrong")
        failed |= bool(found)
    sys.exit(failed)


if __name__ == "__main__":
    main()
