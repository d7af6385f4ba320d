#!/usr/bin/env bash
# Checks the wheel and the tarball of dist/ in a Debian without Swift, OpenBLAS and HDF5: installs into an empty environment, runs
# prerl, and compares its results with the source build's bit for bit.
# usage: packaging/check.sh     (as root; needs debootstrap; PRERL names the source build)
set -euo pipefail
cd "$(dirname "$0")/.."
prerl=$(realpath "${PRERL:-.build/release/prerl}")
wheel=$(ls -t dist/prerl-*-manylinux_*.whl | head -n 1)
tarball=$(ls -t dist/prerl-*-x86_64-linux.tar.gz | head -n 1)
((EUID == 0)) || { echo "check.sh: debootstrap and chroot need root" >&2; exit 3; }
command -v debootstrap >/dev/null || { echo "check.sh: debootstrap is missing (apt-get install debootstrap)" >&2; exit 3; }

work=$(mktemp -d)
root=$work/root
cleanup() {
  umount "$root/proc" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
echo "Making a Debian without Swift, OpenBLAS and HDF5" >&2
debootstrap --variant=minbase --include=python3,python3-venv bookworm "$root" http://deb.debian.org/debian >"$work/log" 2>&1 || {
  tail -n 3 "$work/log" >&2
  exit 3
}
mount -t proc proc "$root/proc" # the processor's flags, the memory
cp "$wheel" "$tarball" "$root/tmp/"
inside() {
  chroot "$root" /usr/bin/env -i PATH=/tmp/V/bin:/usr/bin:/bin HOME=/tmp LANG=C.UTF-8 \
    ${OPENBLAS_CORETYPE:+OPENBLAS_CORETYPE="$OPENBLAS_CORETYPE"} bash -c "cd /tmp && $1"
}
inside "python3 -m venv V && V/bin/pip install --quiet --no-index $(basename "$wheel")"
start=$(date +%s%N)
inside "prerl align --samples 50 --quiet --output wheel.h5" | tail -n 1
echo "the first run took $((($(date +%s%N) - start) / 1000000)) ms"
inside "tar xzf $(basename "$tarball") && prerl-*-x86_64-linux/prerl.sh align --samples 50 --quiet --output tarball.h5" >/dev/null
inside "V/lib/python3*/site-packages/prerl/bin/prerl align --samples 50 --quiet --output baseline.h5" >/dev/null
inside "prerl --version && ls V/share/man/man1/prerl.1 V/share/bash-completion/completions/prerl"
inside "python3 -c \"import prerl; print(prerl.align(samples=8, bootstrap=100, output='python.h5', quiet=True).output)\""
inside "prerl train --help >/dev/null && prerl selfcheck --quiet | tail -n 1"
"$prerl" align --samples 50 --quiet --output "$work/source.h5" >/dev/null
for name in wheel tarball baseline; do
  echo "$name and the source build: $("$prerl" diff "$root/tmp/$name.h5" "$work/source.h5")"
done
