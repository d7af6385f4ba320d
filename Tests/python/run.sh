#!/usr/bin/env bash
# Checks that need Python packages: layouts in h5py and xarray, the snippets of other-tools.md, and the
# export of the notebooks. Skipped with a message where the packages cannot be installed.
# usage: Tests/python/run.sh [FILE.h5 ...]   (further result files whose layout is checked)
set -euo pipefail

fail() {
  echo "Tests/python/run.sh: skipped: $1"
  exit 0
}

here=$(CDPATH= cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
source "$root/notebooks-export/environment.sh"
prepare_environment
export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
python=$venv/bin/python
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$python" "$here/make_examples.py" "$scratch"
# An alignment file: the committed one, else one made here if the program has been built.
alignment=$root/results/reference/alignment/alignment.h5
prerl=${PRERL:-$root/.build/release/prerl}
if [[ ! -f $alignment && -x $prerl ]]; then
  alignment=$scratch/alignment/alignment.h5
  mkdir "$scratch/alignment"
  "$prerl" align --samples 48 --control breakdown --control cross --bootstrap 200 --token-products \
    --output "$alignment" --quiet >/dev/null
fi

mapfile -t files < <(find "$scratch" "$root/results/reference" -name '*.h5' 2>/dev/null | sort)
"$python" "$here/check_layout.py" "${files[@]}" "$@"
if [[ -f $alignment ]]; then
  "$python" "$here/check_snippets.py" "$root/notebooks-export/other-tools.md" "$alignment"
else
  echo "other-tools.md: skipped: no results/reference/alignment, and $prerl is not built"
fi
if [[ -f $root/results/reference/alignment/alignment.h5 ]]; then
  recomputed=$("$python" "$root/results/recompute.py" | tail -n 1)
  echo "results/recompute.py: $recomputed"
fi
"$python" "$here/check_export.py" "$scratch"/*/
