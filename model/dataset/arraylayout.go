package dataset

import (
	"fmt"
	"slices"
	"strings"

	"inkling/internal/ndarray"
)

// A layout says where the samples of each sequence are.
type layout struct {
	n    int
	at   func(i int) view
	note string // what was decided
}

// A view is a sequence within an array.
type view struct {
	a                *ndarray.Array
	channels, frames int
	base             int // offset of its first value
	channel, frame   int // strides
}

func (l *layout) channels(i int) int { return l.at(i).channels }

// samples returns the samples of sequence i, interleaved.
func (l *layout) samples(i int) []float32 {
	v := l.at(i)
	x := make([]float32, 0, v.channels*v.frames)
	for t := range v.frames {
		for c := range v.channels {
			x = append(x, float32(v.a.Float(v.base+t*v.frame+c*v.channel)))
		}
	}
	return x
}

// layoutOf finds the sequences of x. n is their number, −1 if unknown; axes names the axes
// of x, or of its cells: N sequences, C channels, T samples; "": not said.
func layoutOf(x *ndarray.Array, n int, axes string) (*layout, error) {
	axes = strings.ToUpper(strings.NewReplacer(",", "", " ", "", "×", "").Replace(axes))
	if x.Cell != nil {
		return cellLayout(x, axes, func(i int) string { return fmt.Sprintf("%s{%d}", x.Name, i+1) }, false)
	}
	if x.Float == nil {
		return nil, fmt.Errorf("%s holds %s: sequences are numbers, or cells of numbers", x.Name, x.Type)
	}
	if x.Size() == 0 {
		return nil, fmt.Errorf("%s is empty: save it with its values", x.Name)
	}
	note := ""
	var err error
	if axes == "" {
		axes, note, err = guessAxes(x, n)
	} else if len(axes) != len(x.Shape) || !isAxes(axes, "NCT") {
		err = fmt.Errorf("Options.Axes %q does not name the axes of %s (%s): give N, C and T in their order, as NCT, NTC or NT", axes, x.Name, x.Dims())
	}
	if err != nil {
		return nil, err
	}
	v := view{a: x, channels: 1}
	l := &layout{n: 1, note: note}
	step := 0
	for k, axis := range axes {
		switch axis {
		case 'N':
			l.n, step = x.Shape[k], x.Strides[k]
		case 'C':
			v.channels, v.channel = x.Shape[k], x.Strides[k]
		case 'T':
			v.frames, v.frame = x.Shape[k], x.Strides[k]
		}
	}
	l.at = func(i int) view {
		w := v
		w.base = i * step
		return w
	}
	return l, nil
}

// isAxes reports whether axes are different letters of all, with T among them.
func isAxes(axes, all string) bool {
	for i, r := range axes {
		if !strings.ContainsRune(all, r) || strings.ContainsRune(axes[i+1:], r) {
			return false
		}
	}
	return strings.Contains(axes, "T")
}

// plainly is how many times longer the axis of samples must be than that of channels to be
// told from it.
const plainly = 4

// guessAxes tells the axes of x apart by their lengths, and says how.
func guessAxes(x *ndarray.Array, n int) (axes, note string, err error) {
	d := x.Shape
	switch {
	case len(d) == 1 && n <= 1:
		return "T", "", nil
	case len(d) < 2 || len(d) > 3:
		return "", "", fmt.Errorf("%s has %d axes (%s): give N×T, N×C×T or N×T×C", x.Name, len(d), x.Dims())
	}
	sequences := 0
	if n >= 0 && d[0] != n {
		if sequences = slices.Index(d, n); sequences < 0 {
			return "", "", fmt.Errorf("%s is %s, but there are %d labels: give one for each sequence", x.Name, x.Dims(), n)
		}
	}
	letters := make([]byte, len(d))
	letters[sequences] = 'N'
	rest := slices.DeleteFunc([]int{0, 1, 2}[:len(d)], func(k int) bool { return k == sequences })
	if len(rest) == 1 {
		letters[rest[0]] = 'T'
	} else if err := tellApart(letters, rest, d); err != nil {
		return "", "", fmt.Errorf("%s is %s: %w", x.Name, x.Dims(), err)
	}
	axes = string(letters)
	if axes == "NT" {
		return axes, "", nil
	}
	return axes, fmt.Sprintf("%s (%s) is read as %s; Options.Axes says otherwise", x.Name, x.Dims(), spread(axes)), nil
}

// tellApart finds channels and samples among two axes.
func tellApart(letters []byte, axes []int, d []int) error {
	p, q := axes[0], axes[1]
	switch {
	case d[p] == 1 || d[p]*plainly <= d[q]:
		letters[p], letters[q] = 'C', 'T'
	case d[q] == 1 || d[q]*plainly <= d[p]:
		letters[p], letters[q] = 'T', 'C'
	default:
		return fmt.Errorf("%d and %d may each be the number of channels or of samples: set Options.Axes, with C for channels and T for samples, as NCT or NTC", d[p], d[q])
	}
	return nil
}

// spread writes NCT as N×C×T.
func spread(axes string) string { return strings.Join(strings.Split(axes, ""), "×") }

// cellLayout finds the sequences of a cell array, one a cell. where names a cell.
func cellLayout(x *ndarray.Array, axes string, where func(i int) string, rows bool) (*layout, error) {
	n := x.Size()
	axes = strings.TrimPrefix(axes, "N")
	if axes != "" && !isAxes(axes, "CT") {
		return nil, fmt.Errorf("Options.Axes %q does not name the axes of a sequence: give CT or TC", axes)
	}
	cells := make([]*ndarray.Array, n)
	for i := range cells {
		c := x.Cell(x.Offset(i))
		for c.Cell != nil && c.Size() == 1 {
			c = c.Cell(c.Offset(0))
		}
		switch {
		case c.Refused != nil:
			return nil, fmt.Errorf("%s: %w", where(i), c.Refused)
		case c.Float == nil || c.Fields != nil:
			return nil, fmt.Errorf("%s holds %s: a sequence is an array of numbers", where(i), c.Type)
		case len(c.Shape) > 2:
			if c = c.Squeeze(); len(c.Shape) > 2 {
				return nil, fmt.Errorf("%s is %s: a sequence has channels and samples, C×T", where(i), c.Dims())
			}
		}
		cells[i] = c
	}
	first, note, err := cellAxes(cells, axes, where, rows)
	if err != nil {
		return nil, err
	}
	return &layout{n: n, note: note, at: func(i int) view { return cellView(cells[i], first) }}, nil
}

// cellView returns the sequence of a cell. first says which axis comes first: C or T, or V
// if there is one channel.
func cellView(c *ndarray.Array, first byte) view {
	v := view{a: c, channels: 1, frames: c.Size()}
	if len(c.Shape) == 1 || first == 'V' {
		v.frame = c.Strides[0]
		if len(c.Shape) == 2 && c.Shape[0] == 1 {
			v.frame = c.Strides[1]
		}
		return v
	}
	k, t := 0, 1
	if first == 'T' {
		k, t = 1, 0
	}
	v.channels, v.channel, v.frames, v.frame = c.Shape[k], c.Strides[k], c.Shape[t], c.Strides[t]
	return v
}

// cellAxes tells which axis of the cells are channels: the one whose length is equal in all.
func cellAxes(cells []*ndarray.Array, axes string, where func(i int) string, rows bool) (first byte, note string, err error) {
	var r, k []int // the lengths that differ
	vectors, flat := true, 0
	for i, c := range cells {
		if c.Size() == 0 {
			return 0, "", fmt.Errorf("%s is empty: remove it, and its label", where(i))
		}
		if len(c.Shape) == 1 {
			flat++
			continue
		}
		vectors = vectors && (c.Shape[0] == 1 || c.Shape[1] == 1)
		r, k = append(r, c.Shape[0]), append(k, c.Shape[1])
	}
	if axes == "CT" || axes == "TC" {
		return axes[0], "", nil
	}
	if vectors {
		return 'V', "", nil
	}
	if flat > 0 {
		return 0, "", fmt.Errorf("%d sequences have one axis, others two: give all of them both, C×T", flat)
	}
	slices.Sort(r)
	slices.Sort(k)
	sameRows, sameColumns := r[0] == r[len(r)-1], k[0] == k[len(k)-1]
	first = 'C'
	switch {
	case sameRows && !sameColumns:
	case sameColumns && !sameRows:
		first = 'T'
	case !sameRows:
		return 0, "", fmt.Errorf("sequences are from %d×%d to %d×%d: all must have the same number of channels", r[0], k[0], r[len(r)-1], k[len(k)-1])
	case k[0]*plainly <= r[0]:
		first = 'T'
	case r[0]*plainly > k[0]:
		return 0, "", fmt.Errorf("sequences are %d×%d, and either may be the number of channels: set Options.Axes to CT, or to TC", r[0], k[0])
	}
	axes = "CT"
	channels := r[0]
	if first == 'T' {
		axes, channels = "TC", k[0]
	}
	if !(axes == "CT" && !rows || axes == "TC" && rows) || sameRows && sameColumns {
		note = fmt.Sprintf("sequences are read as %s, with %d channels; Options.Axes says otherwise", spread(axes), channels)
	}
	return first, note, nil
}
