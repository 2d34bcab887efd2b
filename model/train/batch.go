package train

import (
	"inkling/internal/f32"
	"slices"
)

// A sequence is one example ready for the network: T×D normalised frames, or the output of
// the stem.
type sequence struct {
	x     []float32
	next  []float32 // where what comes next is learned: the frame after each of x
	steps int
	lead  int // first steps that are only to warm up
	label int // -1: what comes next is asked for
	// labels has the label of each timestep, −1 for none. If it is nil, label holds for all
	// of them; if not, there is no confirmed label.
	labels []int32
	index  int // in the set
	slot   int // of its stem tape
}

// weight returns the sequence's weight in a batch's loss: that of its class, which is 1 on
// average and 1 if classes is nil. For forecasts it is the number of steps that count.
func (s *sequence) weight(classes []float64) float64 {
	switch {
	case s.label < 0:
		return float64(s.steps - s.lead)
	case classes == nil, s.labels != nil: // steps are weighed one by one
		return 1
	}
	return classes[s.label]
}

// A batch is a shard packed as cell.Forward expects it.
type batch struct {
	seqs   []sequence // by descending length
	active []int      // sequences longer than t
	start  []int      // first row of timestep t
	rows   int
	x      []float32 // R×D
}

// pack sorts seqs, stably, and lays them out.
func (b *batch) pack(seqs []sequence, dim int) {
	b.seqs = append(b.seqs[:0], seqs...)
	slices.SortStableFunc(b.seqs, func(p, q sequence) int { return q.steps - p.steps })
	b.active, b.start, b.rows = b.active[:0], b.start[:0], 0
	n := len(b.seqs)
	for t := range b.seqs[0].steps {
		for n > 0 && b.seqs[n-1].steps <= t {
			n--
		}
		b.active = append(b.active, n)
		b.start = append(b.start, b.rows)
		b.rows += n
	}
	b.x = f32.Grow(b.x, b.rows*dim)
	for i, s := range b.seqs {
		for t := range s.steps {
			copy(b.x[(b.start[t]+i)*dim:], s.x[t*dim:(t+1)*dim])
		}
	}
}

// row returns the row of timestep t of sequence i.
func (b *batch) row(i, t int) int { return b.start[t] + i }

// last returns the row of sequence i's last timestep.
func (b *batch) last(i int) int { return b.row(i, b.seqs[i].steps-1) }

// turn writes each sequence of src, rows of width values, to dst in reversed
// time. It is its own inverse.
func (b *batch) turn(dst, src []float32, width int) {
	for i, s := range b.seqs {
		for t := range s.steps {
			copy(dst[b.row(i, t)*width:][:width], src[b.row(i, s.steps-1-t)*width:][:width])
		}
	}
}
