package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// textModel has random weights over an alphabet of some letters.
func textModel(t interface{ Fatal(...any) }, seed uint64, layers int) *model.Model {
	return randomModel(t, seed, feature.Config{Kind: feature.KindChars, Alphabet: " !.Maert"}, 0, 1, layers, model.RunningSoftmax, true)
}

func codePoints(text string) (x []float32) {
	for _, r := range text {
		x = append(x, float32(r))
	}
	return x
}

// pieces runs text through the segmenter and returns the confirmed segments, and why
// each ended.
func pieces(t testing.TB, kind segment.Kind, text string, edit func(*Options)) (found []string, why []segment.Ending, events []Event) {
	t.Helper()
	o := &Options{Segment: &segment.Config{Kind: kind}}
	if edit != nil {
		edit(o)
	}
	c, err := NewClassifier(textModel(t, 1, 1), o)
	if err != nil {
		t.Fatal(err)
	}
	x := codePoints(text)
	if err := c.Feed(&capture.Block{Format: capture.Format{Channels: 1}, Samples: x}); err != nil {
		t.Fatal(err)
	}
	for _, e := range c.End(c.Advance(nil), segment.ByEOF) {
		events = append(events, e.Clone())
		if e.Type == Confirmed {
			found, why = append(found, string([]rune(text)[e.Start:e.End])), append(why, e.EndedBy)
			if e.Steps != int(e.End-e.Start) {
				t.Errorf("%q of %d steps", found[len(found)-1], e.Steps)
			}
		}
	}
	return found, why, events
}

func TestLinesEndAtLineBreaks(t *testing.T) {
	found, why, _ := pieces(t, segment.Line, "\n  one line. Two \t\r\n\r\n \nthree\rfour", nil)
	if want := []string{"one line. Two", "three", "four"}; !slices.Equal(found, want) {
		t.Errorf("%q, want %q", found, want)
	}
	if want := []segment.Ending{segment.ByLine, segment.ByLine, segment.ByEOF}; !slices.Equal(why, want) {
		t.Errorf("%q, want %q", why, want)
	}
	found, why, _ = pieces(t, segment.Line, "abcdefg hij", func(o *Options) { o.Segment.MaxDuration = 4 })
	if fmt.Sprint(found, why) != "[abcd efg hij] [maximum maximum eof]" {
		t.Errorf("%q %q", found, why)
	}
}

func TestSentencesEndAtPunctuation(t *testing.T) {
	for text, want := range map[string][]string{
		"He came. She went!  Who? ":                         {"He came.", "She went!", "Who?"},
		"Mr. Darcy met Dr. Watson, i.e. him. Yes":           {"Mr. Darcy met Dr. Watson, i.e. him.", "Yes"},
		"J. R. Smith said: It was I. So be it.":             {"J. R. Smith said: It was I.", "So be it."},
		"“Stop!” he said. (Twice.) 'Well?' Now":             {"“Stop!”", "he said.", "(Twice.)", "'Well?'", "Now"},
		"It is 3.14 at a.b.c today... Then":                 {"It is 3.14 at a.b.c today...", "Then"},
		"a title\n\nA line\nthat goes on.\nNext…\n":         {"a title", "A line\nthat goes on.", "Next…"},
		"one\n \t\n\n\ntwo":                                 {"one", "two"},
		"The MESSRS. Long-named mississippis. Pro. Prof. x": {"The MESSRS. Long-named mississippis.", "Pro.", "Prof. x"},
		"...":  {"..."},
		" \n ": nil,
	} {
		if found, _, _ := pieces(t, segment.Sentence, text, nil); !slices.Equal(found, want) {
			t.Errorf("%q:\n got %q\nwant %q", text, found, want)
		}
	}
	if _, why, _ := pieces(t, segment.Sentence, "One. Two", nil); !slices.Equal(why, []segment.Ending{segment.BySentence, segment.ByEOF}) {
		t.Errorf("%q", why)
	}
}

// With Emit.Word a running label comes after each word, at the white space.
func TestEmitWordReportsAfterEachWord(t *testing.T) {
	for _, kind := range []segment.Kind{segment.Line, segment.Whole} {
		_, _, events := pieces(t, kind, "a matter  of\tterms", func(o *Options) { o.Emit.Word = true })
		var at []int
		for _, e := range events {
			if e.Type == Running {
				at = append(at, int(e.Sample))
			}
		}
		if !slices.Equal(at, []int{2, 9, 13}) {
			t.Errorf("%s: running labels after characters %v", kind, at)
		}
	}
	m := randomModel(t, 1, feature.Config{Kind: feature.KindRaw}, 0, 1, 1, model.RunningSoftmax, true)
	if _, err := NewClassifier(m, &Options{Emit: Emit{Word: true}}); err == nil || !strings.Contains(err.Error(), "model of text") {
		t.Errorf("words of samples: %v", err)
	}
	if _, err := NewClassifier(m, &Options{Segment: &segment.Config{Kind: segment.Line}}); err == nil || !strings.Contains(err.Error(), "model that reads text") {
		t.Errorf("lines of samples: %v", err)
	}
}

// A model of text refuses blocks of sound, mono or stereo.
func TestTextModelRefusesSound(t *testing.T) {
	for _, f := range []capture.Format{{Rate: 8000, Channels: 1}, {Channels: 2}} {
		c, err := NewClassifier(textModel(t, 1, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Feed(&capture.Block{Format: f, Samples: make([]float32, 4)}); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

// prosaic draws text full of what the segmenters look at.
func prosaic(rng *rand.Rand, n int) string {
	parts := []string{" ", " ", "\n", "\r\n", "\n\n", ". ", "!", "?”", "…", "Mr.", "St. ", "i.e.", "tea", "matter", "é", "世", "3.1", "'", ") "}
	var b strings.Builder
	for range n {
		b.WriteString(parts[rng.IntN(len(parts))])
	}
	return b.String()
}

// Events of text are the same for any split into blocks and after a save and restore.
func TestSplitDoesNotChangeTextEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		s := setting{m: textModel(t, seed, rapid.IntRange(1, 2).Draw(t, "layers")), format: capture.Format{Channels: 1}, channels: 1,
			samples: codePoints(prosaic(rand.New(rand.NewPCG(seed, 3)), rapid.IntRange(1, 120).Draw(t, "parts")))}
		kind := rapid.SampledFrom([]segment.Kind{segment.Line, segment.Sentence, segment.Whole, segment.Message}).Draw(t, "segment")
		s.o = Options{Stream: "s", Segment: &segment.Config{Kind: kind, MaxDuration: rapid.SampledFrom([]float64{7, 0}).Draw(t, "maximum")},
			Emit: Emit{Word: rapid.Bool().Draw(t, "word")}, State: rapid.SampledFrom([]decide.State{decide.Reset, decide.Carry}).Draw(t, "state")}
		for _, at := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(s.samples)-1), 0, 2, rapid.ID).Draw(t, "breaks") {
			s.breaks = append(s.breaks, disturbance{at: at, jump: rapid.IntRange(0, 9).Draw(t, "lost"), end: rapid.Bool().Draw(t, "end")})
		}
		slices.SortFunc(s.breaks, func(a, b disturbance) int { return a.at - b.at })
		want := s.play(t, classifier(t, &s), func() int { return 5000 }, nil)
		cut := func() int { return rapid.IntRange(1, 30).Draw(t, "block") }
		same(t, "blocks", s.play(t, classifier(t, &s), cut, nil), want)
		moved := s.play(t, classifier(t, &s), cut, func(c *Classifier, _ uint64) *Classifier {
			other := classifier(t, &s)
			if err := other.Restore(c.AppendState(nil, true)); err != nil {
				t.Fatal(err)
			}
			return other
		})
		same(t, "saved state", moved, want)
		checkIDs(t, want)
	})
}

func TestProseAllocatesNothing(t *testing.T) {
	testkit.SkipPools(t)
	for _, kind := range []segment.Kind{segment.Line, segment.Sentence} {
		c, err := NewClassifier(textModel(t, 1, 1), &Options{Segment: &segment.Config{Kind: kind}})
		if err != nil {
			t.Fatal(err)
		}
		b := capture.Block{Format: capture.Format{Channels: 1}, Samples: codePoints(prosaic(rand.New(rand.NewPCG(1, 1)), 200))}
		var events []Event
		f := func() {
			if err := c.Feed(&b); err != nil {
				t.Fatal(err)
			}
			events = c.Advance(events[:0])
			b.Offset += uint64(len(b.Samples))
		}
		f()
		f()
		if n := testing.AllocsPerRun(20, f); n != 0 {
			t.Errorf("%s: %v allocations", kind, n)
		}
	}
}
