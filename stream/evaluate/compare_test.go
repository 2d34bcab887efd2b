package evaluate

import (
	"fmt"
	"math"
	"testing"
)

// The values are those of scipy.stats.binomtest(min(b, c), b + c).pvalue.
func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		fixed, broken int
		p             float64
	}{{0, 0, 1}, {1, 0, 1}, {5, 0, 0.0625}, {3, 3, 1}, {10, 2, 0.03857421875}, {2, 10, 0.03857421875}, {1000, 900, 0.02310884}, {40, 10, 2.386086e-05}} {
		if got := McNemar(c.fixed, c.broken); math.Abs(got-c.p) > 1e-3*c.p {
			t.Errorf("McNemar(%d, %d) = %v, want %v", c.fixed, c.broken, got, c.p)
		}
	}
}

func TestCompare(t *testing.T) {
	c := Compare([]Pair{
		{"1", "a", "x", "a", "a"}, {"2", "a", "x", "b", "a"}, {"3", "b", "y", "b", "a"}, {"4", "b", "y", "a", "b"}, {"5", "b", "y", "", "b"}, {"6", "b", "z", "a", "c"},
	})
	if math.Abs(c.P-0.625) > 1e-9 {
		t.Error(c.P)
	}
	c.P = 1
	if got := fmt.Sprintf("%+v", c.Part); got != "{Name: Examples:6 RightA:2 RightB:4 Fixed:3 Broken:1 P:1}" {
		t.Error(got)
	}
	c.PerLabel[1].P = 1
	if got := fmt.Sprintf("%+v", c.PerLabel[1]); got != "{Name:b Examples:4 RightA:1 RightB:2 Fixed:2 Broken:1 P:1}" {
		t.Error(got)
	}
	if len(c.Changed) != 5 || c.PerSource[0].Name != "y" || c.PerSource[2].Name != "z" {
		t.Errorf("%+v", c)
	}
}
