#!/usr/bin/env bash
# Writes tests/golden/VERSION: files that the programs of an older version write, for tests/compatibility.
#
# usage: tests/golden/make_compatibility_golden.sh BIN VERSION
#   BIN      folder with that version's newsgenre_trainer, newsgenre_server and newsgenre_client
#   VERSION  the version's commit, which is the name of the new folder
#
# The folder receives:
#   train.csv, texts.jsonl   rows of the bundled sample, and texts to classify
#   pretrained/              what `pretrain` made from train.csv
#   pretraining/             a `pretrain` run that starts from pretrained/ and was killed: its training-state, and
#                            expected.safetensors, the weights of the same run without an interruption
#   model/                   a model folder: CURRENT and the release v1, fine-tuned from pretrained/
#   finetuning/              the run that made model/v1, stopped by SIGTERM in its last epoch: its training-state
#   huggingface/             a Hugging Face folder of AlbertForSequenceClassification: three files, no manifest
#   compatibility.json       flags of the runs, the processor that ran them, and the old programs' answers
set -euo pipefail
[ $# -eq 2 ] || { sed -n '/^# usage:/,/^#$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
BIN=$(realpath "$1")
readonly BIN
cd "$(dirname "$0")"
rm -rf "$2"
mkdir "$2"
cd "$2"
WORK=$(mktemp -d)
readonly WORK
trap 'rm -rf "$WORK"' EXIT
export OMP_WAIT_POLICY=passive no_proxy=127.0.0.1

readonly MACHINE=(--device=cpu --precision=fp32 --threads=1)
readonly SIZES=(--vocab_size=150 --embedding_size=8 --hidden_size=16 --heads=2 --intermediate_size=32 --layers=2
  --max_tokens=48)
readonly PRETRAINING=(pretrain --init_from=pretrained --train=train.csv --epochs=4 --batch_texts=16 --seed=2 --dropout=0.1)
readonly FINETUNING=(--init_from=pretrained --train=train.csv --epochs=30 --batch_texts=16 --validation_rows=20 --dropout=0
  --token_dropout=0.1 --learning_rate=0.005 --model_version=v1)
readonly HUGGINGFACE=(--init_from=pretrained --train=train.csv --epochs=40 --batch_texts=16 --validation_rows=20 --dropout=0
  --learning_rate=0.003 --head=pooler --model_version=v1)

trainer() { "$BIN/newsgenre_trainer" "$@" "${MACHINE[@]}" 2>>"$WORK/log" >>"$WORK/output"; }

# interrupt SIGNAL CODE CONDITION FLAG...: sends SIGNAL to a training run once the command CONDITION succeeds; the run must
# end with CODE.
interrupt() {
  local signal=$1 expected=$2 condition=$3 pid code=0
  shift 3
  "$BIN/newsgenre_trainer" "$@" "${MACHINE[@]}" 2>"$WORK/interrupted.log" >/dev/null &
  pid=$!
  until eval "$condition"; do
    kill -0 "$pid"
    sleep 0.01
  done
  kill "-$signal" "$pid"
  wait "$pid" 2>/dev/null || code=$?
  [ "$code" -eq "$expected" ] || { echo "the interrupted run ended with $code, not $expected" >&2; return 1; }
}

# keep_newest_state FROM TO: copies the newest state of an interrupted run.
keep_newest_state() {
  local states=("$1"/training-state/state-*)
  mkdir -p "$2/training-state"
  cp -r "${states[-1]}" "$2/training-state/"
}

# classify MODEL_DIR: prints the client's line of JSON for each text.
classify() {
  local pid log=$WORK/server.log
  "$BIN/newsgenre_server" --model_dir="$1" --device=cpu --precision=fp32 --address=127.0.0.1:0 \
    --metrics_address=127.0.0.1:0 2>"$log" &
  pid=$!
  until grep -qs '"message":"serving"' "$log"; do
    kill -0 "$pid"
    sleep 0.1
  done
  "$BIN/newsgenre_client" --address="127.0.0.1:$(sed -n 's/.*"message":"serving".*"port":\([0-9]*\).*/\1/p' "$log")" \
    classify --input=texts.jsonl --output="$WORK/answers.jsonl" >&2
  kill -TERM "$pid"
  wait "$pid"
  cat "$WORK/answers.jsonl"
}

# Each row occurs four times, so that validation rows are also training rows. The last epoch is then the best, and the
# release depends on every step.
for _ in 1 2 3 4; do head -n 30 ../../../deploy/sample/train.csv; done >train.csv
cat >texts.jsonl <<'TEXTS'
{"text": "Striker scores twice as the champions win the cup final"}
{"text": "Shares fall as oil prices and interest rates rise"}
{"text": "Researchers release software that finds security holes in web browsers"}
{"text": "Ministers meet in Geneva to discuss a ceasefire after border clashes"}
{"title": "Café &amp; bar chain", "body": "cuts its forecast; 1,234 jobs \"at risk\""}
{"text": "Yes"}
TEXTS

trainer pretrain --train=train.csv --model_dir="$WORK/pretrained" "${SIZES[@]}" --epochs=4 --batch_texts=16 --dropout=0
mkdir pretrained
cp "$WORK"/pretrained/{config.json,model.safetensors,spiece.model} pretrained/

trainer "${PRETRAINING[@]}" --model_dir="$WORK/whole-pretraining"
# shellcheck disable=SC2016  # interrupt expands its condition.
interrupt KILL 137 '[ -e "$WORK/pretraining/training-state/state-000000001" ]' "${PRETRAINING[@]}" \
  --model_dir="$WORK/pretraining" --save_steps=60
keep_newest_state "$WORK/pretraining" pretraining
cp "$WORK/whole-pretraining/model.safetensors" pretraining/expected.safetensors

trainer "${FINETUNING[@]}" --model_dir="$WORK/model"
mkdir model
cp -r "$WORK"/model/{CURRENT,v1} model/
# shellcheck disable=SC2016
interrupt TERM 3 'grep -qs "\"message\":\"epoch done\",\"epoch\":29," "$WORK/interrupted.log"' "${FINETUNING[@]}" \
  --model_dir="$WORK/finetuning"
keep_newest_state "$WORK/finetuning" finetuning

trainer "${HUGGINGFACE[@]}" --model_dir="$WORK/pooler"
mkdir huggingface
cp "$WORK"/pooler/v1/{config.json,spiece.model} huggingface/
# Replaces our metadata, which require a manifest, by those that transformers writes.
python3 - "$WORK/pooler/v1/model.safetensors" huggingface/model.safetensors <<'PYTHON'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])
header["__metadata__"] = {"format": "pt"}
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + data[8 + size:])
PYTHON

classify model >"$WORK/release.jsonl"
classify huggingface >"$WORK/huggingface.jsonl"
trainer evaluate --model_dir=model --test=train.csv --out="$WORK/evaluation"

# All folders have the same vocabulary, which is larger than the other files together. Store it once.
for folder in model/v1 huggingface; do
  cmp pretrained/spiece.model "$folder/spiece.model"
  ln -sfr pretrained/spiece.model "$folder/spiece.model"
done

python3 - "$WORK" "${PRETRAINING[*]}" "${FINETUNING[*]}" "${MACHINE[*]}" "$(python3 ../../compatibility/processor.py)" <<'PYTHON'
import json, pathlib, sys
work, machine = pathlib.Path(sys.argv[1]), sys.argv[4].split()
lines = lambda name: [json.loads(line) for line in (work / name).read_text(encoding="utf-8").splitlines()]
report = json.loads((work / "evaluation/report.json").read_text(encoding="utf-8"))
expected = {
    "processor": sys.argv[5],
    "pretraining_flags": sys.argv[2].split() + machine,
    "finetuning_flags": sys.argv[3].split() + machine,
    "machine_flags": machine,
    "evaluation": {"accuracy": report["test"]["accuracy"], "loss": report["test"]["loss"]},
    "release": lines("release.jsonl"),
    "huggingface": lines("huggingface.jsonl"),
}
pathlib.Path("compatibility.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n",
                                              encoding="utf-8")
PYTHON
find . -type f -printf '%s\n' | awk '{ bytes += $1 } END { print bytes, "bytes" }'
