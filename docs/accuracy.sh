#!/usr/bin/env bash
# docs/accuracy.sh DATA [NAME…]: the tables of docs/accuracy.md, as Markdown, by the
# defaults of `inkling train`. DATA is the folder of the data sets; NAMEs are sections
# (see the end), all by default. SEEDS and REPEATS shorten it: SEEDS="1 2" …
set -euo pipefail
data=$(realpath "${1:?give the folder of the data sets}"); shift
cd "$(dirname "$0")/.."
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
go build -o "$tmp/inkling" ./cmd/inkling
SEEDS=${SEEDS:-1 2 3}; REPEATS=${REPEATS:-20}

# field JSON PATH-AS-REGEX: a number of eval's report.
field() { grep -oE "$2[0-9.e-]+|$2null" "$1" | head -1 | grep -oE '[0-9.e-]+$|null$' || echo null; }
balanced() { # mean sensitivity of the labels
  grep -oE '"per_class":\{[^}]*(\}[^}]*)*\}\}' "$1" | grep -oE '"sensitivity":[0-9.e-]+' | cut -d: -f2 |
    awk '{ s += $1; n++ } END { print n ? s/n : "null" }'
}
worst() { grep -oE "\"$2\":\[[^]]*\]" "$1" | grep -oE '[0-9.]+(e-[0-9]+)?' | sort -g | tail -1; }

# figures NAME SEED TRAIN-DATA EVAL-DATA EVAL-OPTIONS -- TRAIN-OPTIONS: a line of figures.
figures() {
  local name=$1 seed=$2 from=$3 on=$4; shift 4
  local ev=(); while [ "$1" != -- ]; do ev+=("$1"); shift; done; shift
  local began=$SECONDS
  "$tmp/inkling" train "$from" -o "$tmp/m" --seed "$seed" -q "$@" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
  judge "$name" "$seed" "$on" $((SECONDS - began)) "${ev[@]}"
}
# judge NAME SEED EVAL-DATA SECONDS EVAL-OPTIONS: a line of figures of the last model.
judge() {
  local name=$1 seed=$2 on=$3 took=$4; shift 4
  "$tmp/inkling" eval "$tmp/m" "$on" --json "$@" >"$tmp/r" 2>/dev/null
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$seed" "$(field "$tmp/r" '"confirmed":\{"accuracy":')" "$(balanced "$tmp/r")" \
    "$(field "$tmp/r" '"1\.0":')" "$(field "$tmp/r" '"early":\{"accuracy":')" "$(field "$tmp/r" '"earliness":')" \
    "$(field "$tmp/r" '"overturned":')" "$(field "$tmp/r" '"confirmed_ece":')" "$(worst "$tmp/r" running_ece)" "$took" | tee -a "$tmp/rows" >&2
}
# table: means over the seeds of $tmp/rows, and the spread of the confirmed accuracy.
table() {
  awk -F'\t' 'function p(x) { return sprintf("%.1f", 100*x) }
    !($1 in n) { order[++k] = $1; lo[$1] = 2 }
    { n[$1]++; for (i = 3; i <= 11; i++) s[$1, i] += $i; if ($3 < lo[$1]) lo[$1] = $3; if ($3 > hi[$1]) hi[$1] = $3 }
    END { print "| data | seeds | confirmed (least, most) | balanced | running at the end | early | at | overturned | ECE confirmed, running (worst tenth) | time |"
      print "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
      for (j = 1; j <= k; j++) { x = order[j]; m = n[x]
        printf "| %s | %d | %s (%s, %s) | %s | %s | %s | %.2f | %s %% | %.3f, %.3f | %d s |\n", x, m, p(s[x,3]/m), p(lo[x]), p(hi[x]), p(s[x,4]/m),
          p(s[x,5]/m), p(s[x,6]/m), s[x,7]/m, p(s[x,8]/m), s[x,9]/m, s[x,10]/m, s[x,11]/m } }' "$tmp/rows"
}
series() { local name=$1 path=$2; shift 2; for s in $SEEDS; do figures "$name" "$s" "$data/$path" "$data/$path" -- "$@"; done; }

japanese-vowels() { SEEDS=${SEEDS_VOWELS:-1 2 3 4 5 6 7 8 9 10} series "Japanese Vowels, 270/370" japanese-vowels/JapaneseVowels; }
motions() { series "BasicMotions, 40/40" imu/BasicMotions; series "NATOPS, 180/180" natops/NATOPS; }
pendigits() { series "PenDigits, 7494/3498" pendigits/PenDigits; }
ringel() { # random 70 % of both files, gap 0.1, δ 0.01 (Ringel et al. 2024)
  for r in $(seq "$REPEATS"); do
    grep -v '^[0-9-]' "$data/pendigits/PenDigits_TRAIN.ts" | tee "$tmp/P_TRAIN.ts" >"$tmp/P_TEST.ts"
    cat "$data"/pendigits/PenDigits_T*.ts | grep '^[0-9-]' | awk -v r="$r" -v dir="$tmp" 'BEGIN { srand(r) }
      { print >> (dir "/P_" (rand() < 0.7 ? "TRAIN" : "TEST") ".ts") }'
    figures "PenDigits, random 70 %, gap 0.1, confidence 0.99" "$r" "$tmp/P" "$tmp/P" -- --early-gap 0.1 --early-confidence 0.99
  done
}
curves() { for n in GunPoint ECG200 ItalyPowerDemand ArrowHead; do series "$n" "ucr-uea/$n"; done; }
digits() { series "spoken digits, index split" fsdd; }
speakers() { # each speaker left out once
  for who in $(tail -n +2 "$data/fsdd/index.csv" | cut -d, -f4 | sort -u); do
    awk -F, -v OFS=, -v who="$who" -v dir="$data/fsdd/" 'NR == 1 { print "file,label,split,group"; next } { print dir $1, $2, ($4 == who ? "test" : "train"), $4 }' \
      "$data/fsdd/index.csv" >"$tmp/index.csv"
    figures "spoken digits without $who" 1 "$tmp/index.csv" "$tmp/index.csv" --
  done
}
rooms() { # the index split in rooms and over microphones that training does not draw
  go build -o "$tmp/room" ./docs/room
  for r in 1 2 3; do "$tmp/room" -seed "$r" "$data/fsdd" "$tmp/room-$r"; done
  for s in $SEEDS; do
    for options in "" "--mean-prior 0 --reverb 0" "--mean-prior 0 --eq 8 --reverb 0.4 --band-limits 0.2"; do
      figures "spoken digits, index split $options" "$s" "$data/fsdd" "$data/fsdd" -- $options
      for r in 1 2 3; do judge "spoken digits, other rooms $r $options" "$s" "$tmp/room-$r" 0; done
    done
  done
}
instruments() {
  for s in $SEEDS; do
    figures "instruments, 3 classes, 80 ms" "$s" "$data/instruments" "$data/instruments" --labels flute,trumpet,piano --crop 0.08 -- --labels flute,trumpet,piano --crop 0.08
    figures "instruments, 5 classes, 80 ms" "$s" "$data/instruments" "$data/instruments" --crop 0.08 -- --crop 0.08
    figures "instruments, 3 classes, 80 ms, raw, --stem gabor" "$s" "$data/instruments" "$data/instruments" --labels flute,trumpet,piano --crop 0.08 -- --labels flute,trumpet,piano --crop 0.08 --stem gabor
  done
}
authors() {
  for s in $SEEDS; do
    figures "authors by book, a sentence" "$s" "$data/authors/sentences.tsv" "$data/authors/sentences.tsv" --
    judge "authors by book, five sentences" "$s" "$data/authors/sentences.tsv" 0 --join 5
  done
}
environment() { series "ESC-10, folds 1-3 to 4" esc10; }
activity() { # a label for every step: three wearers kept apart
  local from=("$data/chest-accel" --columns seq,x,y,z,label --unlabelled 0 --train-files 1,2,4,5,6,7,11)
  echo "| seed | steps right | macro F1 | F1@10 | F1@25 | F1@50 | flips a minute | onset, s |"
  echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
  for s in $SEEDS; do
    "$tmp/inkling" train "${from[@]}" --rate 52 -o "$tmp/m" --seed "$s" -q 2>/dev/null
    "$tmp/inkling" eval "$tmp/m" "${from[@]}" --json >"$tmp/r" 2>/dev/null
    echo "| $s | $(field "$tmp/r" '"accuracy":') | $(field "$tmp/r" '"macro_f1":') | $(field "$tmp/r" '"f1_10":') | $(field "$tmp/r" '"f1_25":') | $(field "$tmp/r" '"f1_50":') | $(field "$tmp/r" '"flips_per_minute":') | $(field "$tmp/r" '"median_s":') |"
  done
}
carried() { # in the middle of an endless stream, 20 % into an example
  echo "| data | --carry | seed | fresh, 20 % | carried, 20 % | fresh, end | carried, end | confirmed |"
  echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
  for d in bundled:notes "$data/fsdd"; do
    for p in 0 0.5; do
      for s in $SEEDS; do
        "$tmp/inkling" train "$d" -o "$tmp/m" --seed "$s" --preset audio --running softmax --carry "$p" --folds 0 --validation 0 -q 2>/dev/null
        "$tmp/inkling" eval "$tmp/m" "$d" --carry --json >"$tmp/r" 2>/dev/null
        grep -oE '"carried_at":\{[^}]*' "$tmp/r" >"$tmp/c"
        echo "| ${d##*/} | $p | $s | $(field "$tmp/r" '"0.2":') | $(field "$tmp/c" '"0.2":') | $(field "$tmp/r" '"1.0":') | $(field "$tmp/c" '"1.0":') | $(field "$tmp/r" '"confirmed":\{"accuracy":') |"
      done
    done
  done
}

splits() { # takes 0, 3, … of the digits and fold 3 of the sounds are for tuning, fold 4 for the test
  awk -F, -v OFS=, -v dir="$data/fsdd/" 'NR == 1 { print "file,label,split,group"; next }
    { take = $1; sub(/.*_/, "", take); print dir $1, $2, ($3 == "train" && take % 3 == 0 ? "tune" : $3), $4 }' "$data/fsdd/index.csv" >"$tmp/digits.csv"
  awk -F, -v OFS=, -v dir="$data/esc10/" 'NR == 1 { print "file,label,split,group"; next }
    { print dir $1, $2, ($4 == "fold4" ? "test" : $4 == "fold3" ? "tune" : "train"), $4 }' "$data/esc10/index.csv" >"$tmp/sounds.csv"
}

composed() { # hours of digits, silence between or other sounds under them
  splits
  local sounds=(--background "$tmp/sounds.csv" --background-split)
  "$tmp/inkling" train "$tmp/digits.csv" -o "$tmp/plain" --detector 0 -q 2>/dev/null
  "$tmp/inkling" train "$tmp/digits.csv" -o "$tmp/under" --detector 0 "${sounds[@]}" train -q 2>/dev/null
  "$tmp/inkling" train "$tmp/digits.csv" -o "$tmp/deep" --detector 0 "${sounds[@]}" train --snr 1 -q 2>/dev/null
  tuned() { "$tmp/inkling" tune "$tmp/$1" "$tmp/digits.csv" --split tune --confidence 0 --best-effort -o "$tmp/$2" --json "${@:3}" >/dev/null 2>&1; }
  echo "| model | hour | recall | false alarms | of the background | running, median and 90 %, ms |"
  echo "| --- | --- | --- | --- | --- | --- |"
  hours() {
    for s in 1 2 3; do
      "$tmp/inkling" eval "$tmp/$1" "$tmp/digits.csv" --split test --stream --seed "$s" --json "${@:2}" >"$tmp/r" 2>/dev/null
      echo "| $1 | $s | $(field "$tmp/r" '"recall":') | $(field "$tmp/r" '"total":') | $(field "$tmp/r" '"on_background":') | $(field "$tmp/r" '"median_ms":') $(field "$tmp/r" '"p90_ms":') |"
    done
  }
  for m in plain under deep; do
    tuned "$m" "$m-1h" --max-false-alarms 2/h "${sounds[@]}" tune --snr 10..25
    hours "$m-1h" "${sounds[@]}" test --snr 10..25
  done
  tuned deep-1h deep-8h --duration 8h --seed 2 --keep-segments --max-false-alarms 0.125/h "${sounds[@]}" tune --snr 10..25
  hours deep-8h "${sounds[@]}" test --snr 10..25
  tuned deep silent-1h --max-false-alarms 2/h
  tuned silent-1h silent-8h --duration 8h --seed 2 --keep-segments --max-false-alarms 0.125/h
  hours silent-8h
}

noise() { # digits over other sounds, by defaults alone: a detector cuts the segments
  splits
  local sounds=(--background "$tmp/sounds.csv" --background-split)
  echo "| streams | seed | recall | labels wrong | false alarms an hour on background | running, median and 90 %, ms |"
  echo "| --- | --- | --- | --- | --- | --- |"
  heard() { # NAME SEED MODEL OPTIONS: an hour of the test takes over the test sounds
    "$tmp/inkling" eval "$tmp/$3" "$tmp/digits.csv" --split test --stream --seed "$2" --json "${sounds[@]}" test "${@:4}" >"$tmp/r" 2>/dev/null
    echo "| $1 | $2 | $(field "$tmp/r" '"recall":') | $(field "$tmp/r" '"wrong_label":') of $(field "$tmp/r" '"reported":') | $(field "$tmp/r" '"on_background":') | $(field "$tmp/r" '"median_ms":') $(field "$tmp/r" '"p90_ms":') |"
  }
  for s in $SEEDS; do
    "$tmp/inkling" train "$tmp/digits.csv" -o "$tmp/heard" --seed "$s" "${sounds[@]}" train -q 2>/dev/null
    heard "10 to 25 dB, pauses 0.5 to 3 s" "$s" heard --snr 10..25
    heard "0 to 10 dB, pauses 0.5 to 3 s" "$s" heard --snr 0..10
    heard "10 to 25 dB, pauses 20 s to 2 min" "$s" heard --snr 10..25 --pause 20s..2m
    # tuned NAME OPTIONS: to one alarm an hour on streams of other takes and fold 3
    tuned() { "$tmp/inkling" tune "$tmp/heard" "$tmp/digits.csv" --split tune --confidence 0 --best-effort -o "$tmp/$1" --max-false-alarms 1/h --max-wrong 4% "${sounds[@]}" tune --snr 10..25 --json "${@:2}" >/dev/null 2>&1; }
    tuned brisk
    tuned sparse --pause 20s..2m --duration 8h
    for h in 1 2 3; do # a fresh hour each
      heard "model $s, 10 to 25 dB, pauses 0.5 to 3 s, tuned to 1 alarm an hour on background and 4 % wrong" "$h" brisk --snr 10..25
      heard "model $s, 10 to 25 dB, pauses 20 s to 2 min, tuned likewise on eight hours of such pauses" "$h" sparse --snr 10..25 --pause 20s..2m
      heard "model $s, 10 to 25 dB, pauses 20 s to 2 min, tuned on the first" "$h" brisk --snr 10..25 --pause 20s..2m
    done
  done
}

one() { # one digit against all other digits and sounds, as a wake word is used
  splits
  awk -F, -v OFS=, 'NR == 1 { print; next } { $2 = $2 == "7" ? "seven" : "background"; print }' "$tmp/digits.csv" >"$tmp/seven.csv"
  # hour NAME SPLIT SEED OPTIONS: all digits of a split at one level, of which only sevens are events
  hour() {
    "$tmp/inkling" compose "$tmp/digits.csv" --split "$2" -o "$tmp/$1" --duration 1h --seed "$3" --background "$tmp/sounds.csv" --background-split "$2" --snr 10..25 "${@:4}" >/dev/null 2>&1
    awk -F'\t' -v OFS='\t' '{ $3 = $3 == "7" ? "seven" : "background"; print }' "$tmp/$1/stream.txt" >"$tmp/labels" && mv "$tmp/labels" "$tmp/$1/stream.txt"
  }
  hour tune tune 9
  for h in 1 2 3; do hour "dense $h" test "$h"; hour "sparse $h" test "$h" --pause 20s..2m; done
  "$tmp/inkling" train "$tmp/seven.csv" -o "$tmp/one" --background "$tmp/sounds.csv" --background-split train -q 2>/dev/null
  "$tmp/inkling" tune "$tmp/one" "$tmp/tune/stream.wav" --confidence 0 --best-effort --keep-segments --max-false-alarms 2/h -o "$tmp/one.tuned" --json >/dev/null 2>&1
  echo "| model | hour | recall | events | false alarms on all else |"
  echo "| --- | --- | --- | --- | --- |"
  for m in one one.tuned; do
    for h in dense\ {1,2,3} sparse\ {1,2,3}; do
      "$tmp/inkling" eval "$tmp/$m" "$tmp/$h/stream.wav" --stream --json >"$tmp/r" 2>/dev/null
      echo "| $m | $h | $(field "$tmp/r" '"recall":') | $(field "$tmp/r" '"events":') | $(field "$tmp/r" '"total":') |"
    done
  done
}

events() { # sounds of five seconds as events, in rain and sea
  splits
  awk -F, 'NR == 1 || $2 != "rain" && $2 != "sea_waves"' "$tmp/sounds.csv" >"$tmp/events.csv"
  awk -F, 'NR == 1 || $2 == "rain" || $2 == "sea_waves"' "$tmp/sounds.csv" >"$tmp/waters.csv"
  "$tmp/inkling" train "$tmp/events.csv" -o "$tmp/heard" --background "$tmp/waters.csv" --background-split train -q 2>/dev/null
  local streams=(--snr 10..25 --pause 5s..20s)
  "$tmp/inkling" tune "$tmp/heard" "$tmp/events.csv" --split tune --background "$tmp/waters.csv" --background-split tune "${streams[@]}" --max-false-alarms 2/h --confidence 0 --best-effort -o "$tmp/tuned" >/dev/null 2>&1
  for m in heard tuned; do
    "$tmp/inkling" eval "$tmp/$m" "$tmp/events.csv" --split test --stream --json --background "$tmp/waters.csv" --background-split test "${streams[@]}"
  done
}

heartbeats() { # between patients, whole records as a stream
  for s in $SEEDS; do
    "$tmp/inkling" train "$data/mitbih" -o "$tmp/m" --segment beat --seed "$s" -q 2>/dev/null
    "$tmp/inkling" eval "$tmp/m" "$data/mitbih"
  done
}

books() { # bits a character of books that were not read, about twenty minutes
  mkdir -p "$tmp/train" "$tmp/test"
  for b in austen-emma chesterton-ball doyle-adventures; do gunzip -c "$data/authors/books/$b.txt.gz" >"$tmp/train/$b.txt"; done
  for b in austen-sense chesterton-brown doyle-scarlet; do gunzip -c "$data/authors/books/$b.txt.gz" >"$tmp/test/$b.txt"; done
  "$tmp/inkling" train "$tmp/train" -o "$tmp/m" --predict next --split all --hidden 512 --batch 8 --lr 0.0025 --lead 16 --epochs 10 -q 2>/dev/null
  "$tmp/inkling" eval "$tmp/m" "$tmp/test" --split all
}

all="japanese-vowels motions pendigits ringel curves digits speakers rooms instruments environment authors activity carried composed noise one events heartbeats books"
for section in ${*:-$all}; do "$section"; done
if [ -e "$tmp/rows" ]; then table; fi
