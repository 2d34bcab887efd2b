package table

import "math"

// A Run is consecutive samples, channels interleaved.
type Run struct {
	Offset  uint64
	Samples []float32
	Mark    uint8 // set by Mark
}

// A Sampler puts rows on a grid and collects its samples as runs.
type Sampler struct {
	grid     *Grid
	options  GridOptions
	channels int
	scale    float64 // of the grid's times, for messages
	stats    Stats   // of the grids before this one

	runs  []Run  // those before first have been taken
	first int    // the next run to take
	next  uint64 // index of the sample after the last one
	anew  bool   // the next sample begins anew
	cut   bool   // the next sample begins another run
	mark  uint8  // of the next run
}

// NewSampler returns a sampler of rows of this many channels. Times in its statistics are
// multiplied by scale.
func NewSampler(channels int, o GridOptions, scale float64) *Sampler {
	s := &Sampler{options: o, channels: channels, scale: scale}
	s.grid = NewGrid(channels, o, s.add)
	return s
}

// Push adds a row.
func (s *Sampler) Push(row *Row) { s.grid.Push(row, -1) }

// Anew ends the samples before the next row, which begins the samples anew. name is that of
// the stream, for statistics.
func (s *Sampler) Anew(name string) {
	s.Flush(name)
	s.anew = true
	s.grid = NewGrid(s.channels, s.options, s.add)
}

// Flush completes the samples of the rows so far, and adds up their statistics.
func (s *Sampler) Flush(name string) {
	s.grid.Flush()
	st := *s.grid.Stats()
	st.Longest.Seconds *= s.scale
	s.stats.Add(&st, name)
	s.grid.stats = Stats{Held: make([]int, s.channels)}
}

// Stats are those of the rows before the last Flush.
func (s *Sampler) Stats() *Stats { return &s.stats }

// Begun returns the number of channels that have had a value.
func (s *Sampler) Begun() int { return s.grid.begun }

// Lacks reports whether a channel has not had a value yet.
func (s *Sampler) Lacks(channel int) bool { return math.IsInf(s.grid.at[channel], -1) }

// Next returns the index of the sample that follows those that are complete.
func (s *Sampler) Next() uint64 { return s.next }

// Mark marks the run that begins with the next sample, or, if end is set, the one that ends
// with the last, which is empty if that has been taken.
func (s *Sampler) Mark(mark uint8, end bool) {
	s.cut = true
	if !end {
		s.mark |= mark
		return
	}
	if s.Runs() == 0 {
		s.begin(s.next)
	}
	s.runs[len(s.runs)-1].Mark |= mark
}

// Runs returns the number of runs that wait. More samples may still be added to the last.
func (s *Sampler) Runs() int { return len(s.runs) - s.first }

// Run returns the run that comes next, of which there is one.
func (s *Sampler) Run() *Run { return &s.runs[s.first] }

// Take removes the run that comes next and returns it, valid until Push.
func (s *Sampler) Take() *Run {
	s.first++
	return &s.runs[s.first-1]
}

// add appends sample k of the grid to the last run, or begins another. Samples before time 0
// are left out: there is no index for them.
func (s *Sampler) add(k int64, frame []float32, _ int32) {
	if k < 0 {
		return
	}
	if s.Runs() == 0 || uint64(k) != s.next || s.anew || s.cut {
		s.begin(uint64(k))
	}
	r := &s.runs[len(s.runs)-1]
	r.Samples = append(r.Samples, frame...)
	s.next = uint64(k) + 1
}

// begin begins a run at sample k.
func (s *Sampler) begin(k uint64) {
	if s.first == len(s.runs) {
		s.runs, s.first = s.runs[:0], 0
	}
	n := len(s.runs)
	if n < cap(s.runs) {
		s.runs = s.runs[:n+1] // with its memory
	} else {
		s.runs = append(s.runs, Run{})
	}
	r := &s.runs[n]
	r.Offset, r.Samples, r.Mark = k, r.Samples[:0], s.mark
	s.anew, s.cut, s.mark = false, false, 0
}
