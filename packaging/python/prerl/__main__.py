"""`prerl` and `python -m prerl`: the program takes this process's place."""

import os
import sys

from . import program


def main() -> None:
    path = os.fspath(program())
    try:
        os.execv(path, [path, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"prerl: {path}: {error.strerror} (expected the program of the wheel, or of PRERL)")


if __name__ == "__main__":
    main()
