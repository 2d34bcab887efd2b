#!/bin/sh
# Makes the MP3 fixtures out of tones that the tests compute again.
# Debian packages: sox, lame.
set -e
cd "$(dirname "$0")"
tone() { # rate channels seconds: 440 Hz at half scale; right channel 660 Hz
	if [ "$2" = 1 ]; then
		sox -D -n -r "$1" -b 16 -c 1 "$4" synth "$3" sine 440 vol 0.5
	else
		sox -D -n -r "$1" -b 16 -c 2 "$4" synth "$3" sine 440 sine 660 vol 0.5
	fi
}
t=$(mktemp -d)
tone 44100 1 0.2 "$t/a.wav"
lame --quiet -m m -b 64 "$t/a.wav" mono44.mp3
tone 24000 2 0.2 "$t/b.wav"
lame --quiet -m s -b 64 "$t/b.wav" stereo24.mp3
lame --quiet -t -m s -b 64 "$t/b.wav" noxing.mp3
tone 22050 1 0.2 "$t/c.wav"
lame --quiet -m m -b 32 "$t/c.wav" padded22.mp3
rm -r "$t"
