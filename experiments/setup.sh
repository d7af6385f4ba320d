# Shared by the scripts: checks for Swift, installs the C libraries with apt when they are missing,
# and builds the package. Source it from the top folder of the checkout.

# Package.swift stays free of flags: the scripts add the machine's instruction set, which only
# -Xcc -march reaches, and have the compiler hold the order of the targets.
SWIFT_FLAGS=(-c release -Xcc -march=native --explicit-target-dependency-import-check error)

fail() {
  echo "$(basename "$0"): $1" >&2
  exit "${2:-3}"
}

prepare_machine() {
  command -v swift >/dev/null || fail "swift is not on the PATH (Swift 6.3 or newer is needed: https://www.swift.org/install/linux)"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  [[ "$(printf '6.3\n%s\n' "$version" | sort -V | head -n 1)" == 6.3 ]] ||
    fail "Swift $version is too old (6.3 or newer is needed)"

  local missing=()
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  pkg-config --exists openblas 2>/dev/null || missing+=(libopenblas-dev)
  pkg-config --exists hdf5 2>/dev/null || missing+=(libhdf5-dev)
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || fail "install ${missing[*]} first (no apt-get here)"
  local elevate=()
  if ((EUID)); then
    sudo -n true 2>/dev/null || fail "install what is missing first: sudo apt-get install ${missing[*]}"
    elevate=(sudo)
  fi
  echo "Installing ${missing[*]}" >&2
  "${elevate[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${elevate[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null ||
    fail "apt-get could not install ${missing[*]}"
}

build() {
  swift build "${SWIFT_FLAGS[@]}" "$@"
}
