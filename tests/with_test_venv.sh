#!/bin/sh
# usage: with_test_venv.sh PROGRAM ARGUMENT…   Runs a program of build/test-venv, which tests/run.sh makes; without it the
# test counts as skipped.
program=$(dirname "$0")/../build/test-venv/bin/$1
if [ ! -x "$program" ]; then
  echo "$program is not there: run tests/run.sh"
  exit 77
fi
shift
exec "$program" "$@"
