package segment

import (
	"math"
	"testing"

	"inkling/model/feature"
)

// Positions of a stream that goes on for years are right, also where an int has 32 bits.
func TestEndOf(t *testing.T) {
	for _, c := range []feature.Config{
		{Kind: feature.KindRaw, Samples: 4, Decimate: 3},
		{Kind: feature.KindLogMel}, {Kind: feature.KindMFCC, Deltas: 1}, {Kind: feature.KindStats},
	} {
		c, err := c.Normalize(16000, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, err := feature.New(c, 16000, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []uint64{0, 1, 2, 3, settled - 1, settled, settled + 1, 2*settled + 7} {
			if got := endOf(x, n); got != uint64(x.End(int(n))) {
				t.Errorf("%s: frame %d ends at %d, want %d", c.Kind, n, got, x.End(int(n)))
			}
		}
		hop := uint64(x.End(3) - x.End(2))
		year := uint64(365 * 24 * 3600 * 16000)
		if n := year / hop; endOf(x, n+1)-endOf(x, n) != hop || endOf(x, n) < math.MaxInt32 {
			t.Errorf("%s: after a year, frame %d ends at %d", c.Kind, n, endOf(x, n))
		}
	}
}
