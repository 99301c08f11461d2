#!/usr/bin/env bash
# Compares our ALBERT with that of transformers in a separate virtual environment (a download of 3 GB, mostly PyTorch).
# Needs a release build. Takes about 10 minutes on two cores and 8 GB of memory.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly VENV=build/parity-venv
if ! cmp -s tests/parity/requirements.txt "$VENV/requirements.txt"; then
  echo '== installing PyTorch and transformers (3 GB)' >&2
  rm -rf "$VENV"
  /usr/bin/python3 -m venv "$VENV"
  "$VENV/bin/pip" install -q --disable-pip-version-check -r tests/parity/requirements.txt
  cp tests/parity/requirements.txt "$VENV/"
fi

cmake --build --preset release --target albert_forward encode_texts masked_lm_forward newsgenre_trainer >&2
"$VENV/bin/python" tests/parity/compare_albert.py build/release/bin
