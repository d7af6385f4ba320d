#!/usr/bin/env bash
# Builds the documentation of every module that has a catalogue, with the toolchain's docc, into
# .build/documentation. Fails on a link that leads nowhere and on a code sample that does not compile.
# usage: Tests/docs.sh
set -euo pipefail
cd "$(dirname "$0")/.."
source experiments/setup.sh

prepare_machine
build >&2
products=$(swift build "${SWIFT_FLAGS[@]}" --show-bin-path)
docc="$(dirname "$(readlink -f "$(command -v swift)")")/docc"
[[ -x $docc ]] || docc=$(command -v docc) || fail "docc is not on the PATH (it comes with Swift)"
out=.build/documentation
rm -rf "$out"
mkdir -p "$out/graphs" "$out/samples"

# Where the compiler finds the built modules and the C headers below them.
SEARCH=(
  -I "$products/Modules" -I Sources/COpenBLAS -I Sources/CHDF5
  -I .build/checkouts/swift-numerics/Sources/_NumericsShims/include
)
for flag in $(pkg-config --cflags-only-I hdf5 openblas); do SEARCH+=(-Xcc "$flag"); done
target=$(swift -print-target-info | sed -n 's/.*"triple": *"\(.*\)".*/\1/p' | head -n 1)

failed=0
for catalogue in Sources/*/*.docc; do
  module=$(basename "$catalogue" .docc)
  mkdir -p "$out/graphs/$module"
  swift symbolgraph-extract -module-name "$module" "${SEARCH[@]}" -target "$target" \
    -minimum-access-level public -output-dir "$out/graphs/$module"
  "$docc" convert "$catalogue" --additional-symbol-graph-dir "$out/graphs/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "prerl.$module" \
    --output-path "$out/$module.doccarchive" >"$out/$module.log" 2>&1 || failed=1
  # docc's other warnings ask for words on every parameter, which is not our style.
  if awk -v RS= '/^error/ || /--> [^ ]*\.md:/ || /doesn.t exist at/ { print; found = 1 }
    END { exit !found }' "$out/$module.log" >&2; then
    failed=1
  fi
  # The samples of one article are one program.
  for article in "$catalogue"/*.md; do
    sample="$out/samples/$module-$(basename "$article" .md)/main.swift"
    mkdir -p "$(dirname "$sample")"
    sed -n '/^```swift$/,/^```$/{/^```/!p}' "$article" >"$sample"
    swiftc -typecheck -swift-version 6 "${SEARCH[@]}" "$sample" || failed=1
  done
  echo "$module: $out/$module.doccarchive"
done
((!failed)) || fail "the documentation has the faults above (logs in $out)" 1
