#!/usr/bin/env bash
# Executes the notebooks on a run and writes HTML pages, PNG and SVG figures.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

fail() {
  echo "export.sh: $1" >&2
  exit "${2:-3}"
}

case "${1:-}" in
  -h | --help)
    cat <<'END'
usage: notebooks-export/export.sh [RUN ...]

RUN is a folder of results/runs or results/reference, or a path (default: all of results/reference).
Every notebook whose input is there is executed. Pages and figures go to html/ and figures/ beside the
results; for the default beside this script, where they are committed. Of several RUNs the first
receives the output, and training curves are drawn over one another.

example: notebooks-export/export.sh alignment
END
    exit 0
    ;;
  -*) fail "unknown option $1 (expected RUN ... or --help)" 2 ;;
esac

prepare_environment

# Nothing of a user's settings takes part, and nothing is written outside the checkout.
export PYTHONNOUSERSITE=1 PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
export IPYTHONDIR=$venv/cache/ipython MPLCONFIGDIR=$venv/cache/matplotlib
export JUPYTER_CONFIG_DIR=$venv/cache/jupyter JUPYTER_DATA_DIR=$venv/cache/jupyter
export JUPYTER_PREFER_ENV_PATH=1 PYDEVD_DISABLE_FILE_VALIDATION=1 HDF5_USE_FILE_LOCKING=BEST_EFFORT
unset PYTHONPATH PYTHONHOME
mkdir -p "$IPYTHONDIR" "$MPLCONFIGDIR"
exec "$venv/bin/python" "$notebooks/export.py" "$@"
