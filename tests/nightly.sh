#!/usr/bin/env bash
# Runs the checks that are too slow for every change. Runs every step even if one fails, prints a summary, and exits with 1
# if a step failed. Takes hours on two cores, 8 GB of memory and about 10 GB of disk.
#
# usage: tests/nightly.sh [STEP…]    STEP is release, asan, tidy or parity; all of them by default
#   release   tests/run.sh, which also builds what parity needs
#   asan      every test under AddressSanitizer and UndefinedBehaviorSanitizer
#   tidy      clang with -Wthread-safety and clang-tidy over every source
#   parity    ALBERT-base against transformers: logits, gradients, the masked-LM head
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/steps.sh

usage() {
  sed -n '/^# usage:/,/^set/{/^set/d;s/^# \{0,1\}//p}' tests/nightly.sh >&2
  exit 2
}

find_data
export OMP_WAIT_POLICY=passive

release() { tests/run.sh; }

asan() {
  deploy/install_dependencies.sh
  cmake --preset asan
  cmake --build --preset asan
  ctest --preset asan -j2
}

tidy() {
  deploy/install_dependencies.sh
  install_tool clang++ clang
  install_tool clang-tidy clang-tidy
  cmake --preset tidy
  cmake --build --preset tidy -- -k 0
}

parity() { tests/parity/run_albert.sh; }

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(release asan tidy parity)
for name in "${steps[@]}"; do
  case $name in
    release | asan | tidy | parity) ;;
    *) usage ;;
  esac
done

set +e
for name in "${steps[@]}"; do
  step "$name" "$name"
done
print_steps
[ "$steps_failed" -eq 0 ]
