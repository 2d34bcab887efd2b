// Package testaudio makes tones and writes recordings for tests.
package testaudio

import (
	"bytes"
	"math"
	"math/rand/v2"

	"inkling/internal/audio"
	"inkling/internal/testkit"
)

// Tone returns seconds of a tone and its harmonics at these levels, decaying with a time
// constant in seconds, in a little noise.
func Tone(rng *rand.Rand, rate, seconds, hertz, decay float64, levels ...float64) []float32 {
	x := make([]float32, int(rate*seconds))
	for i := range x {
		at, v := float64(i)/rate, 0.0
		for k, level := range levels {
			v += level * math.Sin(2*math.Pi*hertz*float64(k+1)*at)
		}
		v *= math.Exp(-at/decay) * min(at/0.01, 1)
		x[i] = float32(0.3*v + 0.002*rng.NormFloat64())
	}
	return x
}

// WAV encodes interleaved samples.
func WAV(t testkit.TB, rate float64, channels int, samples []float32, format audio.SampleFormat) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := audio.EncodeWAV(&b, &audio.Clip{Rate: rate, Channels: channels, Samples: samples}, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Write writes dir/name as a WAV of one channel and 16 bits, and returns its path.
func Write(t testkit.TB, dir, name string, rate float64, samples []float32) string {
	t.Helper()
	return testkit.WriteFile(t, dir, name, WAV(t, rate, 1, samples, audio.PCM16))
}
