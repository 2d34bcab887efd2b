#!/usr/bin/env bash
# docs/notes.sh DATA OUT [SECTION…]: the figures and pictures of docs/notes.md. DATA is the
# folder of the data sets, OUT where models, logs and pictures go; SECTIONs are the functions
# below, all by default. EPOCHS shortens the training of the plain network.
set -euo pipefail
data=$(realpath "${1:?give the folder of the data sets}"); mkdir -p "${2:?give a folder for models and pictures}"
out=$(realpath "$2"); shift 2
cd "$(dirname "$0")/.."
[ -n "${INKLING:-}" ] || { INKLING=$out/inkling; go build -o "$INKLING" ./cmd/inkling; }
INKLING=$(realpath "$(command -v "$INKLING")")
inkling() { "$INKLING" "$@"; }
EPOCHS=${EPOCHS:-200 250}; SEEDS=${SEEDS:-1 2 3}

listen() { # three random notes, heard and drawn
  inkling inspect bundled:notes
  inkling play bundled:notes -n 3 --seed 1 -o "$out/three.wav"
  inkling plot waveform bundled:notes -n 3 --seed 1 -o "$out/three.svg"
}
plain() { # one sample a step, with validation, then on all data
  local options=(--preset matlab --lr 0.001 --schedule constant --warmup 0 --seed 1)
  for n in $EPOCHS; do
    inkling train bundled:notes "${options[@]}" --epochs "$n" --validate test -o "$out/plain-$n.model" 2>&1 | tee "$out/plain-$n.log"
    inkling eval "$out/plain-$n.model" bundled:notes --json >"$out/plain-$n.json"
    inkling plot confusion "$out/plain-$n.model" bundled:notes -o "$out/plain-$n.svg"
  done
  inkling train bundled:notes "${options[@]}" --epochs "${n:?}" --split all --validation 0 -o "$out/plain-all.model" 2>&1 | tee "$out/plain-all.log"
  inkling eval "$out/plain-all.model" bundled:notes --split all --json >"$out/plain-all.json"
}
recipe() { # what train chooses by itself
  inkling train bundled:notes -o "$out/recipe.model" --seed 1 2>&1 | tee "$out/recipe.log"
  inkling eval "$out/recipe.model" bundled:notes --json >"$out/recipe.json"
  inkling plot confusion "$out/recipe.model" bundled:notes -o "$out/recipe.svg"
}
# walk SEASON OUT: twelve series of 1,500 days each. The logarithm of a price goes up or down
# by 1 % a day, normally distributed; a week, a month of 21 days and a year of 252 days lift
# and lower it by SEASON, a half and twice as much.
walk() {
  mkdir -p "$2"
  awk -v season="$1" -v out="$2" '
    function uniform() { x = (x * 16807) % 2147483647; return x / 2147483647 }
    function normal() { return sqrt(-2 * log(uniform())) * cos(2 * pi * uniform()) }
    BEGIN { pi = atan2(0, -1); x = 20261128
      for (i = 1; i <= 12; i++) {
        file = sprintf("%s/%02d.csv", out, i); print "price" >file; level = log(50 + 100 * uniform()); shift = int(252 * uniform())
        for (t = shift; t < shift + 1500; t++) {
          level += 0.01 * normal()
          printf "%.4f\n", exp(level + season * (sin(2 * pi * t / 5) + sin(2 * pi * t / 21) / 2 + 2 * sin(2 * pi * t / 252))) >file
        }
        close(file)
      } }'
}
prices() { # forecasts beside the naive one: of a walk, and of walks with seasons
  for season in 0 0.005 0.02; do
    walk "$season" "$out/prices-$season"
    for s in $SEEDS; do
      inkling train "$out/prices-$season" --rate 1 --predict next --hidden 32 --updates 1500 --seed "$s" -q -o "$out/prices.model"
      echo "season $season, seed $s: $(inkling eval "$out/prices.model" "$out/prices-$season" --json)" | tee -a "$out/prices.txt"
    done
  done
}
leads() { # one lead of an electrocardiogram against two: another patient's heart, N and V
  ln -sfn "$data/mitbih/wfdb" "$out/wfdb"
  (
    cd "$out" # pictures name files as they are given
    inkling plot waveform wfdb --segment beat --records 208 --leads MLII,V1 --labels N,V -n 6 --seed 1 -o leads.svg
    inkling train wfdb --segment beat --records 119 --leads MLII --labels N,V --seed 1 -q -o one.model
    inkling train wfdb --segment beat --records 119 --leads MLII,V1 --labels N,V --seed 1 -q -o two.model
    inkling plot confusion one.model wfdb --records 208 --beside two.model -o leads-confusion.svg
  )
  for pair in "119 208" "208 119"; do
    read -r from on <<<"$pair"
    for leads in MLII MLII,V1; do
      for s in $SEEDS; do
        inkling train "$data/mitbih/wfdb" --segment beat --records "$from" --leads "$leads" --labels N,V --seed "$s" -q -o "$out/leads.model"
        echo "from $from on $on, $leads, seed $s: $(inkling eval "$out/leads.model" "$data/mitbih/wfdb" --records "$on" --leads "$leads" --json)" | tee -a "$out/leads.txt"
      done
    done
  done
}
author() { # a label after every word, and the conclusion
  inkling train "$data/authors/sentences.tsv" --seed 1 -o "$out/author.model" 2>&1 | tee "$out/author.log"
  inkling eval "$out/author.model" "$data/authors/sentences.tsv"
}
words() { # a picture of it, by a smaller model
  local t="$data/authors/sentences.tsv"
  inkling train "$t" --hidden 64 --updates 700 --seed 1 -q -o "$out/words.model"
  inkling eval "$out/words.model" "$t" >"$out/words.json"
  # The first two sentences of a middling length that the test has of each author.
  awk -F'\t' -v out="$out/passage" 'NR > 1 && $3 == "test" && length($4) >= 90 && length($4) <= 180 && n[$1]++ < 2 { print $4 >(out ".txt"); print $1 >(out ".truth") }' "$t"
  inkling run "$out/words.model" - --emit word --json <"$out/passage.txt" | python3 docs/words.py "$out/passage.txt" "$out/words.svg" "$out/passage.truth"
}

[ $# -gt 0 ] || set -- listen plain recipe prices leads author words
for section; do echo "## $section" >&2; "$section"; done
