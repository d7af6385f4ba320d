#!/usr/bin/env bash
# Executes the notebooks on a run and writes HTML pages, PNG and SVG figures.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}
venv=$here/.venv

fail() {
  echo "export.sh: $1" >&2
  exit "${2:-3}"
}

case "${1:-}" in
  -h | --help)
    cat <<'END'
usage: notebooks-export/export.sh [RUN ...]

RUN is a folder of results/runs or results/reference, or a path (default: results/reference/alignment).
Every notebook whose input is there is executed. Pages and figures go to html/ and figures/ beside the
results; for the default run beside this script, where they are committed. Of several RUNs the first
receives the output, and training curves are drawn over one another.

example: notebooks-export/export.sh alignment
END
    exit 0
    ;;
  -*) fail "unknown option $1 (expected RUN ... or --help)" 2 ;;
esac

# The virtual environment, made once; made again when the pins change or when it is broken.
if ! cmp -s "$here/requirements.txt" "$venv/installed.txt" || ! "$venv/bin/python" -c '' 2>/dev/null; then
  command -v "$python" >/dev/null ||
    fail "$python is not on the PATH (Python 3.11 or newer is needed; PYTHON=... names another)"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "$python is no Python of version 3.11 or newer (PYTHON=... names another)"
  echo "Installing the notebooks' packages into ${venv/#$PWD\//} (once)" >&2
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  "$python" -m venv --clear "$venv" >"$log" 2>&1 ||
    fail "$python could not make a virtual environment (on Debian: apt-get install python3-venv)"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --retries 1 \
    --only-binary :all: -r "$here/requirements.txt" >"$log" 2>&1 ||
    fail "pip could not install notebooks-export/requirements.txt (network is needed once): $(grep -m 1 ERROR "$log" || tail -n 1 "$log")"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi

# Nothing of a user's settings takes part, and nothing is written outside the checkout.
export PYTHONNOUSERSITE=1 PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
export IPYTHONDIR=$venv/cache/ipython MPLCONFIGDIR=$venv/cache/matplotlib
export JUPYTER_CONFIG_DIR=$venv/cache/jupyter JUPYTER_DATA_DIR=$venv/cache/jupyter
export JUPYTER_PREFER_ENV_PATH=1 PYDEVD_DISABLE_FILE_VALIDATION=1 HDF5_USE_FILE_LOCKING=BEST_EFFORT
unset PYTHONPATH PYTHONHOME
mkdir -p "$IPYTHONDIR" "$MPLCONFIGDIR"
exec "$venv/bin/python" "$here/export.py" "$@"
