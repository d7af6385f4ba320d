#!/usr/bin/env python3
"""Checks that result files open labelled everywhere: check_layout.py FILE.h5 ...

Opens every group with h5py and, if that finds nothing, with xarray's two HDF5 engines. Rules for a
file of any schema: every axis has a scale that is a member of the same group, every dataset has
units and a long name, plots (NXdata) follow H5Web's rules, no float16, no variable-length arrays of
numbers, and the file says what it is. Of a known schema the groups and scales that readers rely on
must be there. Needs h5py, xarray, h5netcdf and netCDF4. Prints one line a file; exits 1 with a line
per broken rule.
"""

import sys

import h5py
import numpy as np
import xarray

ENGINES = ("h5netcdf", "netcdf4")
# Schema -> plots that every file of it has, with their scales.
PLOTS = {
    "prerl.alignment": {
        "samples": ("sample",),
        "groups": ("sample", "group"),
        "tokens": ("token", "sample_offset"),
    },
    "prerl.training": {"steps": ("step",)},
    "prerl.thoughts": {"first/kinds": ("kind",), "first/strata": ("stratum", "kind")},
}
# Schema -> plots that a file may have, with their scales.
OPTIONAL_PLOTS = {
    "prerl.alignment": {"controls/cross": ("marginal_sample", "conditional_sample")},
    "prerl.training": {"evaluation": ("step",), "update": ("step",)},
    "prerl.thoughts": {"second/kinds": ("kind",), "fold_change": ("kind",), "truth": ("kind",)},
}


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def names(value):
    """A string attribute or an array of them, as a list."""
    return [text(value)] if isinstance(value, (str, bytes)) else [text(v) for v in value]


def is_numeric(dataset):
    return dataset.dtype.kind in "iuf"


def check_type(path, kind, complain):
    if h5py.check_string_dtype(kind) is not None:
        return
    variable = h5py.check_vlen_dtype(kind)
    if variable is not None:
        complain(f"{path}: variable-length array of {variable} (flat values and offsets)")
    elif kind.kind == "f" and kind.itemsize not in (4, 8):
        complain(f"{path}: {kind} (float32 or float64)")
    elif kind.kind not in "iuf":
        complain(f"{path}: {kind} (a number or a string)")


def check_dataset(path, dataset, group, complain):
    check_type(path, dataset.dtype, complain)
    for key in ("units", "long_name"):
        value = dataset.attrs.get(key)
        if not isinstance(value, (str, bytes)) or not len(value):
            complain(f"{path}: no {key}")
    if dataset.is_scale:
        if dataset.ndim != 1:
            complain(f"{path}: a scale of shape {dataset.shape} (one axis)")
        return
    for axis, dimension in enumerate(dataset.dims):
        if len(dimension) != 1:
            complain(f"{path}: axis {axis} has {len(dimension)} scales (one)")
            continue
        scale = dimension[0]
        name = scale.name.split("/")[-1] if scale.name else ""
        if name not in group or group[name].id != scale.id:
            complain(f"{path}: axis {axis} has the scale {scale.name}, no member of the group")
        if scale.shape != (dataset.shape[axis],):
            complain(f"{path}: axis {axis} of length {dataset.shape[axis]} over {scale.shape}")


def check_plot(path, group, complain):
    signal = group.get(text(group.attrs.get("signal", "")) or "?")
    if not isinstance(signal, h5py.Dataset) or signal.ndim == 0 or not is_numeric(signal):
        name = group.attrs.get("signal")
        complain(f"{path}: signal {name!r} is no array of numbers in the group")
        return
    if not group.attrs.get("title"):
        complain(f"{path}: no title")
    axes = names(group.attrs.get("axes", []))
    if len(axes) != signal.ndim:
        complain(f"{path}: axes {axes} for a signal of shape {signal.shape}")
        return
    for name, length in zip(axes, signal.shape):
        if name == ".":
            continue
        axis = group.get(name) if "/" not in name else None
        if not isinstance(axis, h5py.Dataset) or not is_numeric(axis) or axis.shape != (length,):
            complain(f"{path}: axis {name!r} is no member of {length} numbers")


def check_default(file, complain):
    """Follows `default` to a plot, as H5Web does on opening."""
    group, seen = file, set()
    while text(group.attrs.get("NX_class", "")) != "NXdata":
        default = text(group.attrs.get("default", ""))
        child = group.get(default) if default else None
        if not isinstance(child, h5py.Group) or child.name in seen:
            complain(f"{group.name}: default {default!r} leads to no plot")
            return
        seen.add(child.name)
        group = child


def check_schema(file, complain):
    """What the file says of itself, and the plots of its schema."""
    for key in ("schema", "title", "history"):
        if not text(file.attrs.get(key, "")):
            complain(f"/: no attribute {key}")
    version = file.attrs.get("schema_version")
    if not isinstance(version, (int, np.integer)) or version < 1:
        complain(f"/: schema_version {version!r} (a number from 1)")
    if file.attrs.get("complete") not in (0, 1):
        complain(f"/: complete {file.attrs.get('complete')!r} (0 or 1)")
    if text(file.attrs.get("NX_class", "")) != "NXroot":
        complain("/: NX_class is not NXroot")
    schema = text(file.attrs.get("schema", ""))
    optional = {k: v for k, v in OPTIONAL_PLOTS.get(schema, {}).items() if k in file}
    for path, scales in (PLOTS.get(schema, {}) | optional).items():
        group = file.get(path)
        if not isinstance(group, h5py.Group):
            complain(f"/{path}: no such group (every {schema} file has it)")
            continue
        if text(group.attrs.get("NX_class", "")) != "NXdata":
            complain(f"/{path}: NX_class is not NXdata")
        for name in scales:
            scale = group.get(name)
            if not isinstance(scale, h5py.Dataset) or not scale.is_scale:
                complain(f"/{path}/{name}: no dimension scale of this name")


def check_xarray(filename, path, group, engine, complain):
    """The group opens, its dimensions are its scales, and the values are those of the file."""
    datasets = {name: item for name, item in group.items() if isinstance(item, h5py.Dataset)}
    try:
        with xarray.open_dataset(
            filename, engine=engine, group=path, decode_times=False, mask_and_scale=False
        ) as opened:
            for name, item in datasets.items():
                if name not in opened.variables:
                    complain(f"{path}/{name}: not seen by {engine}")
                    continue
                seen = opened[name]
                expected = (
                    (name,)
                    if item.is_scale
                    else tuple(
                        dimension[0].name.split("/")[-1] if len(dimension) else "?"
                        for dimension in item.dims
                    )
                )
                if seen.dims != expected:
                    complain(f"{path}/{name}: {engine} sees {seen.dims} (expected {expected})")
                for dimension in seen.dims:
                    if dimension not in opened.coords:
                        complain(f"{path}/{name}: {engine} has no coordinates for {dimension}")
                if is_numeric(item):
                    same = np.array_equal(seen.values, item[()], equal_nan=item.dtype.kind == "f")
                else:
                    same = np.array_equal(seen.values.astype(str), np.array(item.asstr()[()], str))
                if not same:
                    complain(f"{path}/{name}: {engine} reads other values")
    except Exception as error:  # whatever a reader dislikes is a broken rule
        complain(f"{path}: {engine} does not open it: {type(error).__name__}: {error}")


def check_file(filename):
    """Prints what a file holds and every rule it breaks; returns whether it breaks none."""
    complaints, counts = [], {"groups": 0, "datasets": 0, "plots": 0}
    complain = complaints.append

    with h5py.File(filename, "r") as file:
        check_default(file, complain)
        check_schema(file, complain)

        # Not visititems: it shows an object under the first of its names only.
        def visit(path, group):
            counts["groups"] += 1
            if not group.id.get_create_plist().get_link_creation_order():
                complain(f"{path or '/'}: link creation order is not tracked")
            if text(group.attrs.get("NX_class", "")) == "NXdata":
                counts["plots"] += 1
                check_plot(path, group, complain)
            for name, item in group.items():
                for key in item.attrs:
                    if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
                        check_type(f"{path}/{name}@{key}", item.attrs.get_id(key).dtype, complain)
                if isinstance(item, h5py.Dataset):
                    counts["datasets"] += 1
                    check_dataset(f"{path}/{name}", item, group, complain)
                else:
                    visit(f"{path}/{name}", item)
            groups[path or "/"] = group

        groups = {}
        visit("", file["/"])
        # A reader may answer a broken rule with a crash (netCDF4 does to float16).
        if not complaints:
            for path, group in groups.items():
                for engine in ENGINES:
                    check_xarray(filename, path, group, engine, complain)

    for line in complaints:
        print(f"{filename}: {line}", file=sys.stderr)
    summary = ", ".join(f"{count} {noun}" for noun, count in counts.items())
    print(f"{filename}: {summary}; {len(complaints) or 'no'} broken rules")
    return not complaints


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: check_layout.py FILE.h5 ...")
    # A list, so that every file is checked.
    sys.exit(not all([check_file(filename) for filename in sys.argv[1:]]))


if __name__ == "__main__":
    main()
