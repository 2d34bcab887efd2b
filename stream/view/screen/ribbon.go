package screen

// A state says what is known of a column of a ribbon.
type state uint8

const (
	empty       state = iota
	provisional       // running
	confirmed
	overturned // the end of a segment that was confirmed as something else than it ran as
	left       // rejected or dropped
)

// A cell is one column of a ribbon.
type cell struct {
	state state
	label int   // of the board's names
	level uint8 // of sound, 0 to 8
}

// ribbonColumns is how many columns a ribbon remembers.
const ribbonColumns = 512

// columnsPerSecond is how fast a ribbon moves.
const columnsPerSecond = 8

// A ribbon is what happened to a stream last, in columns of size samples.
type ribbon struct {
	size  uint64
	at    uint64 // the newest column
	cells [ribbonColumns]cell
}

// scale sets the width of a column for a rate; 0: unknown.
func (r *ribbon) scale(rate float64) {
	if size := max(uint64(rate/columnsPerSecond), 1); size != r.size {
		*r = ribbon{size: size}
	}
}

// reach moves the ribbon on to a sample. A stream that begins anew begins with an empty one.
func (r *ribbon) reach(sample uint64) {
	to := sample / r.size
	if to+ribbonColumns < r.at || to > r.at+ribbonColumns {
		*r = ribbon{size: r.size, at: to}
	}
	for r.at < to {
		r.at++
		r.cells[r.at%ribbonColumns] = cell{}
	}
}

// mark gives the columns of samples [from, to) a state and a label.
// Provisional columns leave those alone that have been settled.
func (r *ribbon) mark(from, to uint64, s state, label int) {
	if to <= from {
		return
	}
	first, last := from/r.size, (to-1)/r.size
	r.reach(to - 1)
	if r.at >= ribbonColumns {
		first = max(first, r.at-ribbonColumns+1)
	}
	for i := first; i <= last; i++ {
		c := &r.cells[i%ribbonColumns]
		if s == provisional && c.state != empty && c.state != provisional {
			continue
		}
		c.state, c.label = s, label
	}
	if s == overturned { // at the end alone
		for i := first; i < last; i++ {
			r.cells[i%ribbonColumns].state = confirmed
		}
	}
}

// wipe removes the provisional columns from a sample on.
func (r *ribbon) wipe(from uint64) {
	i := (from + r.size - 1) / r.size
	if r.at >= ribbonColumns {
		i = max(i, r.at-ribbonColumns+1)
	}
	for ; i <= r.at; i++ {
		if c := &r.cells[i%ribbonColumns]; c.state == provisional {
			c.state = empty
		}
	}
}

// hear keeps the level of a sample's column, the greatest one.
func (r *ribbon) hear(sample uint64, level uint8) {
	r.reach(sample)
	c := &r.cells[(sample/r.size)%ribbonColumns]
	c.level = max(c.level, level)
}

// last returns the n newest columns, the oldest first.
func (r *ribbon) last(n int) []cell {
	n = min(n, ribbonColumns)
	out := make([]cell, n)
	for i := range out {
		if back := uint64(n - 1 - i); back <= r.at {
			out[i] = r.cells[(r.at-back)%ribbonColumns]
		}
	}
	return out
}
