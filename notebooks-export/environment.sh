# Shared by export.sh and Tests/python/run.sh: makes the virtual environment notebooks-export/.venv from
# requirements.txt. Source it, then call prepare_environment; `fail MESSAGE [STATUS]` must be defined.

notebooks=$(CDPATH= cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$notebooks/.venv

# Made once; made again when the pins change or when it is broken.
prepare_environment() {
  local python=${PYTHON:-python3} pins=$notebooks/requirements.txt log
  cmp -s "$pins" "$venv/installed.txt" && "$venv/bin/python" -c '' 2>/dev/null && return
  command -v "$python" >/dev/null ||
    fail "$python is not on the PATH (Python 3.11 or newer is needed; PYTHON=... names another)"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "$python is no Python of version 3.11 or newer (PYTHON=... names another)"
  echo "Installing the notebooks' packages into notebooks-export/.venv (once)" >&2
  log=$(mktemp)
  "$python" -m venv --clear "$venv" >"$log" 2>&1 || {
    rm -f "$log"
    fail "$python could not make the virtual environment $venv (on Debian: apt-get install python3-venv)"
  }
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --retries 1 \
    --only-binary :all: -r "$pins" >"$log" 2>&1 || {
    local reason
    reason=$(grep -m 1 '^ERROR' "$log" || tail -n 1 "$log")
    rm -f "$log"
    fail "pip could not install notebooks-export/requirements.txt (the network is needed once): $reason"
  }
  rm -f "$log"
  cp "$pins" "$venv/installed.txt"
}
