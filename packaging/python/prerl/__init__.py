"""prerl from Python: starts the program and opens its files. Nothing is computed here.

    import prerl
    result = prerl.align("path/to/model", "rollouts.jsonl", controls=["mismatched-prompt", "random-prompt"])
    tree = prerl.open(result.output)          # an xarray.DataTree; needs xarray and h5netcdf
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    import xarray

__all__ = ["Alignment", "PrerlError", "align", "open", "program", "run"]

_PathLike = Union[str, "os.PathLike[str]"]
_Value = Union[None, bool, int, float, str, "os.PathLike[str]"]
_Option = Union[_Value, Iterable[_Value]]

# What x86-64-v3 adds to x86-64-v2, as /proc/cpuinfo names it.
_V3 = {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}


class PrerlError(RuntimeError):
    """The program ended with an error. `status` is its exit status, `message` its last line."""

    def __init__(self, arguments: list[str], status: int, message: str) -> None:
        super().__init__(message or f"prerl {' '.join(arguments)} ended with status {status}")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Alignment:
    """The files that `align` wrote."""

    #: The result file (HDF5).
    output: Path
    #: Means and intervals (JSON).
    summary: Path
    #: The printed table.
    table: str


def program() -> Path:
    """The program's path: the build for this processor, or `PRERL` of the environment.

    Both builds give the same bits. The one for AVX2 is faster.
    """
    if given := os.environ.get("PRERL"):
        return Path(given)
    folder = Path(__file__).resolve().parent / "bin"
    name = "prerl-x86-64-v3" if _V3 <= _flags() else "prerl"
    return folder / name


def _flags() -> set[str]:
    try:
        with Path("/proc/cpuinfo").open() as lines:
            return next((set(line.split()) for line in lines if line.startswith("flags")), set())
    except OSError:
        return set()


def _arguments(options: dict[str, _Option]) -> list[str]:
    """Keyword arguments as options: `token_products=True` is --token-products, a list repeats its option, None leaves it out."""
    arguments: list[str] = []
    for name, value in options.items():
        option = "--" + name.strip("_").replace("_", "-")
        values = [value] if isinstance(value, (str, bytes, os.PathLike)) or not isinstance(value, Iterable) else list(value)
        for each in values:
            if each is True:
                arguments.append(option)
            elif each is not None and each is not False:
                arguments += [option, os.fspath(each) if isinstance(each, os.PathLike) else str(each)]
    return arguments


def run(command: str, *arguments: _PathLike, **options: _Option) -> str:
    """Runs `prerl COMMAND ARGUMENTS --option value ...` and returns what it prints.

    Progress and notes go to Python's standard error as they come, so that a notebook shows them. A keyboard interrupt lets the program
    finish the sample in hand; `resume=True` goes on from there.

    Raises:
        PrerlError: The program ended with another status than 0.
    """
    line = [command, *map(os.fspath, arguments), *_arguments(options)]
    process = subprocess.Popen(
        [os.fspath(program()), *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        errors="replace")
    assert process.stdout is not None and process.stderr is not None
    last = ""
    with process, _Reader(process.stdout) as output:
        while True:
            try:
                for text in process.stderr:
                    last = text.strip() or last
                    print(text, end="", file=sys.stderr, flush=True)
                status = process.wait()
                break
            except KeyboardInterrupt:
                # In a terminal the program has got the signal as well; a second one would end it at once.
                if not sys.stderr.isatty():
                    process.send_signal(2)
        printed = output.text()
    if status == 130:
        raise KeyboardInterrupt(last)
    if status != 0:
        raise PrerlError(line, status, last)
    return printed


class _Reader:
    """Reads a stream to its end in a thread, so that neither pipe fills up."""

    def __init__(self, stream) -> None:  # type: ignore[no-untyped-def]
        import threading

        self._parts: list[str] = []
        self._thread = threading.Thread(target=lambda: self._parts.append(stream.read()), daemon=True)

    def __enter__(self) -> _Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(timeout=60)

    def text(self) -> str:
        self._thread.join()
        return "".join(self._parts)


def align(
    model: _PathLike | None = None, rollouts: _PathLike | None = None, controls: Iterable[str] = (), *,
    output: _PathLike = "alignment.h5", **options: _Option,
) -> Alignment:
    """Measures the alignment of ∇ log P(y) and ∇ log P(y|x), as `prerl align` does.

    Args:
        model: A folder in Hugging Face's layout; None for the embedded checkpoint.
        rollouts: A JSONL file; None samples the built-in task.
        controls: Names of controls, or `["all"]`.
        output: The result file. It must not exist, unless `overwrite=True` or `resume=True`.
        options: Further options of the command: `samples=400`, `threads=2`, `token_products=True`.

    Raises:
        PrerlError: The program ended with an error.
    """
    output = Path(output)
    summary = options.pop("summary", output.with_suffix(".summary.json"))
    table = run("align", model=model, rollouts=rollouts, control=controls, output=output, summary=summary, **options)
    return Alignment(output=output, summary=Path(str(summary)), table=table)


def open(path: _PathLike) -> xarray.DataTree:  # noqa: A001
    """Opens a result file as an `xarray.DataTree`. Needs the packages xarray and h5netcdf."""
    try:
        import xarray
    except ImportError as error:
        raise ImportError("prerl.open needs xarray and h5netcdf: pip install 'prerl[xarray]'") from error
    return xarray.open_datatree(path, engine="h5netcdf")
