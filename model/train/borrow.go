package train

import "inkling/model/dataset"

// An origin identifies an example by where its samples are in memory.
type origin struct {
	samples *float32
	n       int
}

func originOf(e *dataset.Example) origin {
	if len(e.Samples) == 0 {
		return origin{}
	}
	return origin{&e.Samples[0], len(e.Samples)}
}

// borrow takes the variants of c's examples from whole, of which c has a part, and reports
// whether it could. They are whole's memory: drawn changes copies of them to c's
// normalisation.
func (c *corpus) borrow(whole *corpus) bool {
	if whole.variants == nil || whole.labels != nil {
		return false
	}
	at := map[origin]int{}
	for i := range whole.set.Examples {
		at[originOf(&whole.set.Examples[i])] = i
	}
	variants := make([][][]float32, len(c.plain))
	for i := range c.set.Examples {
		k, ok := at[originOf(&c.set.Examples[i])]
		if !ok {
			return false
		}
		variants[i] = whole.variants[k]
	}
	c.variants, c.gain, c.shift = variants, make([]float32, c.dim), make([]float32, c.dim)
	for j := range c.dim {
		c.gain[j] = c.scale[j] / whole.scale[j]
		c.shift[j] = (whole.mean[j] - c.mean[j]) * c.scale[j]
	}
	return true
}

// renormalize changes frames with the lender's normalisation to c's.
func (c *corpus) renormalize(frames []float32) {
	if c.gain == nil {
		return
	}
	for i, v := range frames {
		j := i % c.dim
		frames[i] = float32(v*c.gain[j]) + c.shift[j]
	}
}
