package feature

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
)

func charsOf(t interface{ Fatal(...any) }, alphabet string) Extractor {
	x, err := New(Config{Kind: KindChars, Alphabet: alphabet}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func codePoints(text string) (x []float32) {
	for _, r := range text {
		x = append(x, float32(r))
	}
	return x
}

func TestCharsAreCodes(t *testing.T) {
	x := charsOf(t, " abé世")
	got := x.Flush(x.Push(nil, codePoints("ab é世A\n\u00a0")))
	testkit.SameBits(t, "codes", got, []float32{2, 3, 1, 4, 5, 0, 1, 1})
	testkit.SameBits(t, "no code points", x.Push(nil, []float32{-1, 1e9, float32(math.NaN()), float32(math.Inf(1))}), make([]float32, 4))
	lines := charsOf(t, "\n a")
	testkit.SameBits(t, "a line end of its own", lines.Push(nil, codePoints("\n\ta")), []float32{1, 2, 3})
	if x.Dim() != 1 || x.End(7) != 7 {
		t.Errorf("%d values a frame, the seventh ends at %d", x.Dim(), x.End(7))
	}
	c := Config{Kind: KindChars, Alphabet: " abé世"}
	if n, none := c.Codes(), (&Config{Kind: KindRaw}).Codes(); n != 6 || none != 0 {
		t.Errorf("%d codes, %d of raw", n, none)
	}
}

// Any split, also across saved state, gives the same codes, and all of them are valid.
func TestCharsSplitDoesNotChangeCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOf(rapid.Float32()).Draw(t, "samples")
		samples = append(samples, codePoints(rapid.String().Draw(t, "text"))...)
		want := charsOf(t, " abcz\u00e9").Push(nil, samples)
		x := charsOf(t, " abcz\u00e9")
		var got []float32
		for rest := samples; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "block")
			got = x.Push(got, rest[:n])
			rest = rest[n:]
			moved := charsOf(t, " abcz\u00e9")
			if tail, err := moved.Restore(append(x.AppendState(nil), 7)); err != nil || len(tail) != 1 {
				t.Fatal(err, len(tail))
			}
			x = moved
		}
		testkit.SameBits(t, "codes", got, want)
		for _, v := range got {
			if v < 0 || v > 6 || v != float32(int(v)) {
				t.Fatalf("code %v of 7", v)
			}
		}
	})
}

func TestCharsAllocateNothing(t *testing.T) {
	x, text, dst := charsOf(t, " abé世"), codePoints(strings.Repeat("ab é世A\n", 50)), make([]float32, 0, 1000)
	if n := testing.AllocsPerRun(50, func() { dst = x.Push(dst[:0], text) }); n != 0 {
		t.Errorf("Push allocates %v times", n)
	}
}

func TestInvalidCharsConfigsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name     string
		config   Config
		rate     float64
		channels int
		want     string
	}{
		{"no alphabet", Config{}, 0, 1, `front end chars: alphabet "": want at least one character, in UTF-8`},
		{"not UTF-8", Config{Alphabet: "a\xff"}, 0, 1, `front end chars: alphabet "a\xff": want at least one character, in UTF-8`},
		{"descending", Config{Alphabet: "ba"}, 0, 1, "front end chars: alphabet: 'a' after 'b': want each character once, in ascending order of code points"},
		{"repeated", Config{Alphabet: "aa"}, 0, 1, "front end chars: alphabet: 'a' after 'a': want each character once, in ascending order of code points"},
		{"deltas", Config{Alphabet: "ab", Deltas: 1}, 0, 1, "front end chars: deltas 1: codes have no differences: give 0"},
		{"context", Config{Alphabet: "ab", Context: 2}, 0, 1, "front end chars: context 2: codes have no context: give 0"},
		{"sound", Config{Alphabet: "ab"}, 8000, 1, "front end chars: rate 8000: text has no sampling rate: give 0"},
		{"two channels", Config{Alphabet: "ab"}, 0, 2, "front end chars: 2 channels: want 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Kind = KindChars
			if _, err := New(c.config, c.rate, c.channels); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
