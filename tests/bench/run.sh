#!/usr/bin/env bash
# Measures newsgenre against its peers on this machine. Prints tables and writes build/bench/NAME.json with every sample
# and, except for tfidf, a list `goals` of {name, value, goal, met}.
#
# usage: tests/bench/run.sh engine|train|server|frontend [--quick], or tests/bench/run.sh tfidf
#   engine     the forward pass alone, against transformers, ONNX Runtime and OpenVINO
#   train      training steps, against transformers' Trainer and the article's loop
#   server     calls over gRPC, against Triton and LitServe
#   frontend   calls over gRPC with a model of one tiny layer, to measure everything except the model
#   tfidf      accuracy on AG News of TF-IDF with logistic regression, to compare with the trainer's; 2 minutes
#   --quick    fewer samples: about 5 minutes instead of half an hour
#
# NEWSGENRE_DATA must name a folder with ag_news/ and, except for tfidf, albert/spiece.model. The machine should be idle.
# The first run also installs the peers (build/bench-venv: 5 GB) and writes their copies of the model.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
  sed -n '/^# usage:/,/^#$/s/^# \{0,1\}//p' tests/bench/run.sh >&2
  exit 2
}

case ${1:-} in
  engine) targets=(engine_bench product_rate encode_texts) ;;
  train) targets=(train_bench train_product_rate encode_texts) ;;
  server) targets=(newsgenre_server load_generator bare_model) ;;
  frontend) targets=(newsgenre_server load_generator empty_service) ;;
  tfidf) targets=() ;;
  *) usage ;;
esac
readonly NAME=$1
shift
[ $# -eq 0 ] || { [ "$*" = --quick ] && [ "$NAME" != tfidf ]; } || usage
files=(ag_news/train.csv ag_news/test.csv)
[ "$NAME" = tfidf ] || files+=(albert/spiece.model)
for file in "${files[@]}"; do
  [ -r "${NEWSGENRE_DATA:-}/$file" ] && continue
  echo "run.sh: NEWSGENRE_DATA is '${NEWSGENRE_DATA:-}'; it must name a folder with $file" >&2
  exit 2
done

# venv FOLDER REQUIREMENTS: makes a virtual environment of Debian's Python with these packages.
venv() {
  cmp -s "$2" "$1/requirements.txt" && return
  echo "== installing the packages of $2 into $1" >&2
  rm -rf "$1"
  /usr/bin/python3 -m venv "$1"
  "$1/bin/pip" install -q --disable-pip-version-check -r "$2"
  cp "$2" "$1/requirements.txt"
}

if [ "$NAME" = tfidf ]; then
  venv build/bench-tfidf-venv tests/bench/requirements-tfidf.txt
  exec build/bench-tfidf-venv/bin/python tests/bench/tfidf_bench.py
fi

deploy/install_dependencies.sh
venv build/bench-venv tests/bench/requirements.txt
if [ "$NAME" = server ] || [ "$NAME" = frontend ]; then
  # Triton's Python backend loads this library.
  if ! dpkg-query -W libpython3.11 >/dev/null 2>&1; then
    sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get install -y -qq --no-install-recommends libpython3.11 >/dev/null
  fi
  venv build/bench-triton-venv tests/bench/requirements-servers.txt
fi
cmake --preset release >/dev/null
cmake --build --preset release --target "${targets[@]}" >&2
exec build/bench-venv/bin/python "tests/bench/${NAME}_bench.py" "$@"
