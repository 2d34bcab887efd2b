#!/bin/sh
# Makes the fixtures: bursts of noise that force short blocks, in joint stereo, at rates of
# MPEG-1, 2 and 2.5, each with ffmpeg's decoding beside it. FILE.flac has 16 bits.
# Debian packages: sox, lame, ffmpeg, python3.
set -e
cd "$(dirname "$0")"
t=$(mktemp -d)
sox -R -D -n -r 48000 -b 16 -c 2 "$t/noise.wav" synth 0.05 pinknoise vol 0.5 fade 0 0.05 0.045 pad 0.02 repeat 3
sox -R -D -n -r 48000 -b 16 -c 2 "$t/tone.wav" synth 0.28 sine 440 sine 660 vol 0.2
sox -D -m "$t/noise.wav" "$t/tone.wav" "$t/in.wav"
for rate in 8 16 22.05 44.1 48; do
	case $rate in 8) b=24;; 16|22.05) b=48;; *) b=96;; esac
	lame --quiet -t --resample $rate -m j -b $b "$t/in.wav" joint$rate.mp3
done
lame --quiet -t --resample 32 -V 4 -m m "$t/in.wav" vbr32.mp3
# Hardly any encoder writes intensity stereo: set its bit in the headers.
python3 - <<'P'
def intensity(name, out, ext):
    d, i = bytearray(open(name, "rb").read()), 0
    while i + 4 <= len(d):
        h = int.from_bytes(d[i:i+4], "big")
        low = h >> 19 & 3 != 3
        kbit = ([0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160] if low else
                [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320])[h >> 12 & 15]
        rate = [44100, 48000, 32000][h >> 10 & 3] >> {3: 0, 2: 1, 0: 2}[h >> 19 & 3]
        d[i+3] = d[i+3] & 15 | 0x40 | ext << 4
        i += (72000 if low else 144000) * kbit // rate + (h >> 9 & 1)
    open(out, "wb").write(d)
intensity("joint44.1.mp3", "intensity44.1.mp3", 1)
intensity("joint48.mp3", "both48.mp3", 3)
P
for f in *.mp3; do
	ffmpeg -v error -y -i "$f" -c:a flac -sample_fmt s16 "${f%.mp3}.flac"
done
rm -r "$t"
