package evaluate

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got Share, want float64) {
	t.Helper()
	if math.IsNaN(want) && math.IsNaN(float64(got)) {
		return
	}
	if !(math.Abs(float64(got)-want) <= 1e-12) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// The numbers were worked out by hand; label 3 neither occurs nor is given,
// label 2 occurs and is never given.
func TestConfusionByHand(t *testing.T) {
	c := NewMatrix(4)
	c.Counts = [][]int{{5, 1, 0, 0}, {2, 3, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}}
	c.None = []int{0, 1, 1, 0}
	nan := math.NaN()
	near(t, "accuracy", c.Accuracy(), 8.0/14)
	for k, want := range [][3]float64{ // sensitivity, precision, F1
		{5.0 / 6, 5.0 / 8, 10.0 / 14}, {3.0 / 6, 3.0 / 4, 6.0 / 10}, {0, nan, 0}, {nan, nan, nan}} {
		near(t, "sensitivity", c.Sensitivity(k), want[0])
		near(t, "precision", c.Precision(k), want[1])
		near(t, "F1", c.F1(k), want[2])
	}
	near(t, "macro F1", c.MacroF1(), (10.0/14+6.0/10)/3)
	label, share := c.Majority()
	if label != 0 {
		t.Errorf("majority label %d", label)
	}
	near(t, "majority", share, 6.0/14)
}

// Figures of Newcombe 1998, Two-sided confidence intervals for the single
// proportion, table I, method 3.
func TestWilsonAgainstNewcombe(t *testing.T) {
	for _, c := range []struct {
		right, n int
		lo, hi   float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		lo, hi := Wilson(c.right, c.n)
		if math.Abs(lo-c.lo) > 5e-5 || math.Abs(hi-c.hi) > 5e-5 {
			t.Errorf("Wilson(%d, %d) = %.4f, %.4f; want %.4f, %.4f", c.right, c.n, lo, hi, c.lo, c.hi)
		}
	}
}

func TestECEByHand(t *testing.T) {
	var r Histogram
	if !math.IsNaN(float64(r.ECE())) {
		t.Error("ECE of nothing is a number")
	}
	// Bin 13 (13/15 < p ≤ 14/15): two answers at 0.9, one right: |1 − 1.8|.
	// Bin 7: one at 0.5, right: |1 − 0.5|. Bin 14: one at 1, right: 0.
	r.Add(0.9, true)
	r.Add(0.9, false)
	r.Add(0.5, true)
	r.Add(1, true)
	if r.Count[13] != 2 || r.Count[7] != 1 || r.Count[14] != 1 {
		t.Fatalf("bins %v", r.Count)
	}
	if got := float64(r.ECE()); math.Abs(got-(0.8+0.5)/4) > 1e-7 {
		t.Errorf("ECE %v, want %v", got, (0.8+0.5)/4)
	}
}

func confusions(t *rapid.T) (c *Matrix, truth, answer []int) {
	n := rapid.IntRange(2, 6).Draw(t, "classes")
	c = NewMatrix(n)
	for range rapid.IntRange(1, 60).Draw(t, "examples") {
		k, a := rapid.IntRange(0, n-1).Draw(t, "truth"), rapid.IntRange(-1, n-1).Draw(t, "answer")
		c.Add(k, a)
		truth, answer = append(truth, k), append(answer, a)
	}
	return c, truth, answer
}

func TestConfusionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, truth, answer := confusions(t)
		right := 0
		for i := range truth {
			if truth[i] == answer[i] {
				right++
			}
		}
		if c.Total() != len(truth) || c.Right() != right {
			t.Fatalf("total %d, right %d; want %d, %d", c.Total(), c.Right(), len(truth), right)
		}
		weighted, worst := 0.0, 1.0
		for k := range c.Counts {
			s, p, f := float64(c.Sensitivity(k)), float64(c.Precision(k)), float64(c.F1(k))
			if math.IsNaN(s) != (c.Row(k) == 0) || math.IsNaN(p) != (c.Column(k) == 0) {
				t.Fatalf("label %d: sensitivity %v of %d, precision %v of %d", k, s, c.Row(k), p, c.Column(k))
			}
			if c.Row(k) > 0 {
				weighted += s * float64(c.Row(k)) / float64(c.Total())
			}
			if s > 0 && math.Abs(f-2*s*p/(s+p)) > 1e-12 {
				t.Fatalf("F1 %v is not the harmonic mean of %v and %v", f, s, p)
			}
			if !math.IsNaN(f) {
				worst = min(worst, f)
			}
		}
		if math.Abs(weighted-float64(c.Accuracy())) > 1e-12 {
			t.Fatalf("accuracy %v is not the weighted sensitivity %v", c.Accuracy(), weighted)
		}
		if m := float64(c.MacroF1()); m < worst-1e-12 || m > 1 {
			t.Fatalf("macro F1 %v, lowest F1 %v", m, worst)
		}
		lo, hi := Wilson(c.Right(), c.Total())
		if p := float64(c.Accuracy()); lo < 0 || lo > p+1e-12 || hi < p-1e-12 || hi > 1 {
			t.Fatalf("interval %v to %v does not hold %v", lo, hi, p)
		}
	})
}

func TestReliabilityProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Histogram
		n := rapid.IntRange(1, 100).Draw(t, "n")
		right, sum := 0, 0.0
		for range n {
			p, ok := rapid.Float32Range(0, 1).Draw(t, "p"), rapid.Bool().Draw(t, "right")
			r.Add(p, ok)
			sum += float64(p)
			if ok {
				right++
			}
		}
		total := 0
		for b, count := range r.Count {
			total += count
			if mean := r.Sum[b] / float64(count); count > 0 && (mean < float64(b)/Bins-1e-6 || mean > float64(b+1)/Bins+1e-6) {
				t.Fatalf("bin %d holds p of mean %v", b, mean)
			}
		}
		// At least the distance of the means, at most one.
		ece := float64(r.ECE())
		if total != n || ece < math.Abs(float64(right)-sum)/float64(n)-1e-9 || ece > 1 {
			t.Fatalf("ECE %v of %d answers, %d in bins", ece, n, total)
		}
	})
}

func TestShareJSON(t *testing.T) {
	in := []Share{0.25, Share(math.NaN()), 1}
	data, err := json.Marshal(in)
	if err != nil || string(data) != "[0.25,null,1]" {
		t.Fatalf("%s, %v", data, err)
	}
	var out []Share
	if err := json.Unmarshal(data, &out); err != nil || out[0] != 0.25 || !math.IsNaN(float64(out[1])) || out[2] != 1 {
		t.Fatalf("%v, %v", out, err)
	}
}
