package table

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/codec"
)

// An order and a sampler go on from their saved fields as they would have without.
func TestStateGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const channels = 3
		o := GridOptions{Rate: 50, Fill: rapid.SampledFrom([]float64{0, 0.3}).Draw(t, "fill")}
		order, again := NewOrder(1<<channels-1, 0.2), NewOrder(1<<channels-1, 0.2)
		sampler, sampledAgain := NewSampler(channels, o, 1), NewSampler(channels, o, 1)
		at := 0.0
		for line := range rapid.IntRange(1, 200).Draw(t, "rows") {
			at += rapid.SampledFrom([]float64{0.02, 0.021, 0.019, 0, 0.5, -0.03}).Draw(t, "step")
			row := Row{Line: line, Time: at, Values: make([]float32, channels)}
			has := Mask(rapid.IntRange(1, 1<<channels-1).Draw(t, "has"))
			for c := range row.Values {
				if row.Values[c] = rapid.Float32Range(-1, 1).Draw(t, "value"); has&Has(c) == 0 {
					row.Values[c] = nan
				}
			}
			source := rapid.IntRange(0, 1).Draw(t, "source")
			if a, b := order.Push(source, has, &row), again.Push(source, has, &row); a != b {
				t.Fatalf("row %d: verdict %v, gone on %v", line, a, b)
			}
			all := rapid.IntRange(0, 20).Draw(t, "all") == 0
			for {
				a, b := order.Pop(all), again.Pop(all)
				if (a == nil) != (b == nil) {
					t.Fatalf("row %d: one waits", line)
				}
				if a == nil {
					break
				}
				if a.Time != b.Time || a.Line != b.Line {
					t.Fatalf("row %d: %v, gone on %v", line, a, b)
				}
				sampler.Push(a)
				sampledAgain.Push(b)
			}
			switch rapid.IntRange(0, 9).Draw(t, "do") {
			case 0:
				again, sampledAgain = NewOrder(1<<channels-1, 0.2), NewSampler(channels, o, 1)
				w := codec.Writer(nil)
				order.Visit(w)
				sampler.Visit(w)
				r := codec.Reader(w.Bytes())
				again.Visit(r)
				sampledAgain.Visit(r)
				if rest, err := r.Rest(); err != nil || len(rest) > 0 {
					t.Fatalf("%d bytes left, %v", len(rest), err)
				}
			case 1:
				sampler.Flush("x")
				sampledAgain.Flush("x")
			case 2:
				sampler.Mark(1, rapid.Bool().Draw(t, "end"))
				sampledAgain = restored(t, sampler, channels, o)
			}
			for sampler.Runs() > 0 && rapid.Bool().Draw(t, "take") {
				sameRun(t, sampler.Take(), sampledAgain.Take())
			}
			if sampler.Runs() != sampledAgain.Runs() || sampler.Next() != sampledAgain.Next() {
				t.Fatalf("row %d: %d runs, gone on %d", line, sampler.Runs(), sampledAgain.Runs())
			}
		}
	})
}

func restored(t *rapid.T, s *Sampler, channels int, o GridOptions) *Sampler {
	w := codec.Writer(nil)
	s.Visit(w)
	again := NewSampler(channels, o, 1)
	r := codec.Reader(w.Bytes())
	if again.Visit(r); r.Bad() {
		t.Fatal("bad")
	}
	return again
}

func sameRun(t *rapid.T, a, b *Run) {
	if a.Offset != b.Offset || a.Mark != b.Mark || len(a.Samples) != len(b.Samples) {
		t.Fatalf("run %d %d, gone on %d %d", a.Offset, len(a.Samples), b.Offset, len(b.Samples))
	}
	for i := range a.Samples {
		if math.Float32bits(a.Samples[i]) != math.Float32bits(b.Samples[i]) {
			t.Fatalf("sample %d differs", i)
		}
	}
}
