#!/usr/bin/env bash
# Runs the whole project once: installs missing dependencies, builds, trains a small ALBERT on the bundled sample, starts
# the server, classifies texts, shows metrics, and stops the server. All files that it creates are in build/.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BIN=build/release/bin WORK=build/quickstart
readonly MODEL=$WORK/model SERVER_LOG=$WORK/server.log
server_pid=''
current_step='starting'

# Requests to the server on this machine must not use a proxy that downloads need.
export no_proxy=127.0.0.1${no_proxy:+,$no_proxy}

step() { current_step=$*; printf '\n\033[1m== %s\033[0m\n' "$*"; }

finish() {
  local code=$?
  if [ -n "$server_pid" ] && kill -0 "$server_pid" 2>/dev/null; then
    kill -TERM "$server_pid"
    wait "$server_pid" || true
  fi
  [ "$code" -eq 0 ] && return
  printf '\nquickstart: failed while %s (exit code %d). Fix the error above and run this script again.\n' \
    "$current_step" "$code" >&2
  [ -s "$SERVER_LOG" ] && printf 'The server'\''s log is %s.\n' "$SERVER_LOG" >&2
  return 0
}
trap finish EXIT

# port_of FIELD: prints the port in FIELD of the server's log line "serving", or nothing before that line is written.
port_of() { sed -n 's/.*"message":"serving".*"'"$1"'":\([0-9]*\).*/\1/p' "$SERVER_LOG"; }

wait_for_server() {
  local deadline=$((SECONDS + 60))
  until [ -n "$(port_of port)" ]; do
    kill -0 "$server_pid" 2>/dev/null || { cat "$SERVER_LOG" >&2; echo 'the server exited during startup' >&2; return 1; }
    [ "$SECONDS" -lt "$deadline" ] || { cat "$SERVER_LOG" >&2; echo 'the server did not start within 60 s' >&2; return 1; }
    sleep 0.2
  done
}

mkdir -p "$WORK"
rm -rf "$SERVER_LOG" "$MODEL"

step 'installing dependencies'
deploy/install_dependencies.sh

step 'building'
cmake --preset release >"$WORK/configure.log" || { cat "$WORK/configure.log" >&2; exit 1; }
cmake --build --preset release --target newsgenre_trainer newsgenre_server newsgenre_client

step 'training a small ALBERT from scratch on 592 sample texts'
$BIN/newsgenre_trainer --flagfile=deploy/recipes/quickstart.flags --model_dir="$MODEL"

step 'starting the server'
$BIN/newsgenre_server --model_dir="$MODEL" --address=127.0.0.1:0 --metrics_address=127.0.0.1:0 2>"$SERVER_LOG" &
server_pid=$!
wait_for_server
address=127.0.0.1:$(port_of port)
metrics=http://127.0.0.1:$(port_of metrics_port)/metrics
echo "serving on $address, metrics on $metrics"

step 'classifying a few texts'
$BIN/newsgenre_client --address="$address" classify \
  'Striker scores twice as the champions win the cup final' \
  'Shares fall as oil prices and interest rates rise' \
  'Researchers release software that finds security holes in web browsers' \
  'Ministers meet in Geneva to discuss a ceasefire after border clashes'

step 'classifying the 148 held-out sample texts'
$BIN/newsgenre_client --address="$address" classify --input=deploy/sample/test.csv --output=$WORK/predictions.jsonl
head -n 1 "$WORK/predictions.jsonl"

step 'reading some metrics'
python3 - "$metrics" <<'PYTHON'
import sys, urllib.request
wanted = ('newsgenre_rpc_calls_total', 'newsgenre_predictions_total', 'newsgenre_model_info', 'newsgenre_rpc_latency_seconds_count')
for line in urllib.request.urlopen(sys.argv[1], timeout=10).read().decode().splitlines():
    if line.startswith(wanted) and not line.endswith(' 0'):
        print(line)
PYTHON

step 'stopping the server'
kill -TERM "$server_pid"
wait "$server_pid"
server_pid=''

cat <<EOT

The quick start is complete. The sample is for demonstration only. For a useful model, train on AG News (see README.md):
  $BIN/newsgenre_trainer pretrain --flagfile=deploy/recipes/small-from-scratch.flags --train=train.csv --model_dir=start
  $BIN/newsgenre_trainer --flagfile=deploy/recipes/small-finetune.flags --init_from=start --train=train.csv --test=test.csv --model_dir=model
  $BIN/newsgenre_server --model_dir=model
  $BIN/newsgenre_client --address=127.0.0.1:50051 classify "your text"
All flags: $BIN/newsgenre_server --helpfull        All tests: tests/run.sh
EOT
