#!/bin/sh
# usage: with_test_venv.sh PROGRAM ARGUMENT…
# Runs a program from build/test-venv, which tests/run.sh creates. Exits with 77 (test skipped) if the program is missing.
program=$(dirname "$0")/../build/test-venv/bin/$1
if [ ! -x "$program" ]; then
  echo "$program is missing; run tests/run.sh"
  exit 77
fi
shift
exec "$program" "$@"
