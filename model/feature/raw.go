package feature

// raw gives frames of successive samples, channels interleaved, where each value is the
// mean of decimate samples of its channel.
type raw struct {
	channels, samples, decimate int
	frame                       []float32 // the current frame
	have                        int       // values per channel in it
	sum                         []float32 // per channel, of the current value
	taken                       int       // samples in it
}

func newRaw(c Config, channels int) *raw {
	return &raw{channels: channels, samples: c.Samples, decimate: c.Decimate,
		frame: make([]float32, c.Samples*channels), sum: make([]float32, channels)}
}

func (r *raw) dim() int { return len(r.frame) }

func (r *raw) end(n int) int { return n * r.samples * r.decimate }

func (r *raw) reset() {
	r.have, r.taken = 0, 0
	clear(r.sum)
	clear(r.frame)
}

func (r *raw) push(dst, samples []float32, extra int) []float32 {
	for ; len(samples) >= r.channels; samples = samples[r.channels:] {
		for c, v := range samples[:r.channels] {
			r.sum[c] += v
		}
		if r.taken++; r.taken == r.decimate {
			dst = r.closeSample(dst, extra)
		}
	}
	return dst
}

// closeSample completes a value of each channel, and the frame if that was its last.
func (r *raw) closeSample(dst []float32, extra int) []float32 {
	out := r.frame[r.have*r.channels:][:r.channels]
	for c, s := range r.sum {
		out[c] = s
		if r.taken > 1 {
			out[c] = s / float32(r.taken)
		}
	}
	clear(r.sum)
	r.taken = 0
	if r.have++; r.have == r.samples {
		dst = append(dst, r.frame...)
		dst = extend(dst, extra)
		r.have = 0
	}
	return dst
}

func (r *raw) flush(dst []float32, extra int) []float32 {
	before := len(dst)
	if r.taken > 0 {
		dst = r.closeSample(dst, extra)
	}
	if len(dst) > before || r.have == 0 {
		return dst
	}
	last := r.frame[(r.have-1)*r.channels:][:r.channels]
	for ; r.have < r.samples; r.have++ {
		copy(r.frame[r.have*r.channels:], last)
	}
	dst = append(dst, r.frame...)
	return extend(dst, extra)
}

func (r *raw) appendState(dst []byte) []byte {
	dst = appendInt(appendInt(dst, r.have), r.taken)
	return appendFloats(appendFloats(dst, r.sum), r.frame)
}

func (r *raw) restore(d *decoder) {
	r.have, r.taken = d.int(), d.int()
	d.floats(r.sum)
	d.floats(r.frame)
	if r.have < 0 || r.have >= r.samples || r.taken < 0 || r.taken >= r.decimate {
		d.bad = true
	}
}
