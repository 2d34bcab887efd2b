package audio

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// What EncodeFLAC writes is read as it was, sample by sample, and the reference decoder
// finds no fault with it.
func TestEncodeFLAC(t *testing.T) {
	tool, _ := exec.LookPath("flac")
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		channels, bits := rapid.IntRange(1, 8).Draw(t, "channels"), rapid.SampledFrom([]int{16, 24}).Draw(t, "bits")
		c := &Clip{Rate: rapid.SampledFrom([]float64{1, 360, 8000, 11025, 16000, 24000, 44100, 48000, 176400, 192000, 655350}).Draw(t, "rate"), Channels: channels}
		n := rapid.IntRange(1, 9000/channels).Draw(t, "samples")
		most := 1<<(bits-1) - 1
		level := rapid.SampledFrom([]int{0, 1, 100, most}).Draw(t, "level")
		at := uint64(n)
		for range n * channels {
			at = at*6364136223846793005 + 1442695040888963407
			v := 0
			if level > 0 {
				v = int(at>>33)%(2*level+1) - level
			}
			c.Samples = append(c.Samples, float32(v)/float32(int(1)<<(bits-1)))
		}
		var b bytes.Buffer
		if err := EncodeFLAC(&b, c); err != nil {
			t.Fatal(err)
		}
		got, err := Decode(bytes.NewReader(b.Bytes()), "ours")
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, c)
		if tool != "" {
			file := filepath.Join(dir, "x.flac")
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, "-t", "-s", file).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	})
}

func TestFLACHoldsWhatItSays(t *testing.T) {
	of := func(rate float64, channels int, x ...float32) *Clip { return &Clip{rate, channels, x} }
	for name, c := range map[string]struct {
		clip *Clip
		bits int
	}{
		"16 bits":         {of(8000, 1, 0, 0.5, -1, 32767.0/32768), 16},
		"24 bits":         {of(8000, 1, 0.5, 1.0/(1<<23)), 24},
		"finer":           {of(8000, 1, 0.5, 1.0/(1<<24)), 0},
		"full scale":      {of(8000, 1, 1), 0},
		"negative zero":   {of(8000, 1, float32(math.Copysign(0, -1))), 0},
		"a broken rate":   {of(0.5, 1, 0), 0},
		"too many":        {of(8000, 9, make([]float32, 9)...), 0},
		"nothing":         {of(8000, 1), 0},
		"the lowest sum":  {of(8000, 2, -1, -1), 16},
		"not a number":    {of(8000, 1, float32(math.NaN())), 0},
		"an infinite one": {of(8000, 1, float32(math.Inf(-1))), 0},
	} {
		if got := FLACBits(c.clip); got != c.bits {
			t.Errorf("%s: %d bits, want %d", name, got, c.bits)
		}
		if err := EncodeFLAC(new(bytes.Buffer), c.clip); (err == nil) != (c.bits > 0) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
