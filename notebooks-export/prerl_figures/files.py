"""Finds the result files of a run and reads them; what is not there is a `Missing`."""

import json
import os
from pathlib import Path

import h5py
import numpy as np

RUN = "PRERL_RUN"  # environment variable: folders or files of a run, separated like PATH
CHECKOUT = Path(__file__).resolve().parents[2]
DEFAULT = CHECKOUT / "results" / "reference"


class Missing(Exception):
    """Something a figure needs is not in the run; the text says what, and how to make it."""


def _control_count(path):
    with h5py.File(path, "r") as file:
        return len(file["controls"]) if "controls" in file else 0


class Run:
    """The result files in folders (or single files), told apart by their attribute `schema`."""

    def __init__(self, *paths):
        self.paths = [Path(path) for path in paths]
        self.files = {}  # schema -> paths, sorted
        self.unreadable = []
        for path in self.paths:
            for file in sorted(path.rglob("*.h5")) if path.is_dir() else [path]:
                self._add(file)

    @classmethod
    def given(cls):
        """The run that the environment names, the committed reference runs without that."""
        return cls(*os.environ.get(RUN, str(DEFAULT)).split(os.pathsep))

    def _add(self, path):
        if path.suffix != ".h5":
            return
        try:
            with h5py.File(path, "r") as file:
                schema = text(file.attrs.get("schema", ""))
        except OSError:
            self.unreadable.append(path)
            return
        if schema:
            self.files.setdefault(schema, []).append(path)

    @property
    def unread(self):
        """What to add to an error: the files that are no whole HDF5 files."""
        names = ", ".join(str(path) for path in self.unreadable)
        return f"; cut short, still being written or no HDF5: {names}" if names else ""

    def paths_of(self, schema):
        """The files of a schema, `Missing` when there are none."""
        if schema not in self.files:
            where = ", ".join(path.name for path in self.paths)
            raise Missing(f"no file of schema {schema} in {where}{self.unread}")
        return self.files[schema]

    def open(self, schema):
        """The file of a schema; of several the one in the run's own folder, then that with most controls."""
        paths = self.paths_of(schema)
        least = min(len(path.parts) for path in paths)
        near = sorted(path for path in paths if len(path.parts) == least)
        return h5py.File(max(near, key=_control_count), "r")

    def name(self, path):
        """A file's run: its folder, relative to what was given."""
        for root in self.paths:
            if root.is_dir() and path.is_relative_to(root):
                folder = path.parent.relative_to(root)
                return str(folder) if folder.parts else root.name
        return path.parent.name

    def json_files(self, kind=dict):
        """Every JSON object (or `list`) in the run's folders, with its path."""
        for root in self.paths:
            for path in sorted(root.rglob("*.json")) if root.is_dir() else []:
                try:
                    value = json.loads(path.read_text())
                except (ValueError, OSError):
                    continue
                if isinstance(value, kind):
                    yield path, value


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def strings(dataset):
    """A dataset of strings as a list."""
    return [text(value) for value in dataset[()]]


def group(file, path, remedy=""):
    """A group of a file, `Missing` when it is not there."""
    if path not in file:
        where = f"{file.name.rstrip('/')}/{path}"
        raise Missing(f"no group {where}" + (f" (made with {remedy})" if remedy else ""))
    return file[path]


def values(parent, name, remedy=""):
    """A dataset's values, `Missing` when it is not there."""
    if name not in parent:
        where = f"{parent.name.rstrip('/')}/{name}"
        raise Missing(f"no dataset {where}" + (f" (made with {remedy})" if remedy else ""))
    return parent[name][()]


def with_interval(parent, name):
    """(value, low, high) of `name`, `name_low`, `name_high`; NaN for ends that are not stored.

    All three are NaN where the interval is unbounded: such a value tells nothing.
    """
    value = np.asarray(values(parent, name), float)
    ends = (
        parent[f"{name}_{end}"][()] if f"{name}_{end}" in parent else None
        for end in ("low", "high")
    )
    low, high = (
        np.full_like(value, np.nan) if end is None else np.asarray(end, float) for end in ends
    )
    unbounded = np.isinf(low) | np.isinf(high)
    return tuple(np.where(unbounded, np.nan, part) for part in (value, low, high))


def provenance(file):
    """What made a file, without dates: (name, text) pairs for a table."""
    keys = (
        "schema",
        "schema_version",
        "complete",
        "version",
        "git_commit",
        "precision",
        "blas",
        "cpu",
    )
    rows = [(key, text(file.attrs[key])) for key in keys if key in file.attrs]
    try:
        config = json.loads(text(file.attrs.get("config", "{}")))
    except ValueError:
        config = {}
    for key in ("model", "algorithm", "seed", "null_context", "reduction"):
        if config.get(key) is not None:
            rows.append((key, str(config[key])))
    return rows


def vocabulary(file):
    """{token id: text} of the checkpoint a file was made with; empty where it is not at hand."""
    try:
        model = json.loads(text(file.attrs.get("config", "{}"))).get("model", "")
        folder = CHECKOUT / "Sources/prerl/Resources/base" if model == "embedded" else Path(model)
        stored = json.loads((folder / "tokenizer.json").read_text())
        found = {token: piece for piece, token in stored["model"]["vocab"].items()}
        return found | {token["id"]: token["content"] for token in stored["added_tokens"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
