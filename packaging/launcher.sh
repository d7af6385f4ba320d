#!/bin/sh
# Starts the build of prerl for this processor; both give the same bits.
here=$(dirname "$(readlink -f "$0")")
program=$here/prerl/bin/prerl
flags=" $(grep -m 1 '^flags' /proc/cpuinfo 2>/dev/null) "
all=yes
for flag in avx2 bmi1 bmi2 f16c fma abm movbe; do
  case $flags in *" $flag "*) ;; *) all=no ;; esac
done
[ $all = no ] || program=$here/prerl/bin/prerl-x86-64-v3
exec "$program" "$@"
