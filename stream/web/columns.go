package web

import "slices"

// wave returns the columns that are new; nil if none are.
func (g *guest) wave() *strip {
	s, p := g.lane, g.picture
	if p == nil || len(s.signal) == 0 {
		return nil
	}
	if p.format != s.format {
		g.picture = nil // hello comes again
		return nil
	}
	from, to := g.column, s.last().end()/p.hop
	back := uint64(firstBack * columnsASecond)
	if p.format.Rate > 0 {
		back = uint64(firstBack * p.format.Rate / float64(p.hop))
	}
	if from == 0 || from > to || to-from > back {
		from = to - min(to, back)
	}
	samples, at, from, to := s.unbroken(from, p.hop, uint64(len(p.in)))
	if from >= to {
		return nil
	}
	g.column = to
	out := p.draw(samples, at, from, to)
	out.Floor = s.floor()
	return out
}

// unbroken returns the first whole columns after from that follow one another, up to
// columnsMost, and their samples, which begin with the sample at; up to before samples more
// come first, if they are remembered. Without such columns from equals to.
func (s *lane) unbroken(from, hop, before uint64) (samples []float32, at, first, to uint64) {
	var begin, end uint64
	for _, c := range s.signal {
		if c.format != s.format {
			continue
		}
		if c.offset != end {
			begin = c.offset
		}
		end = c.end()
		first, to = max(from, (begin+hop-1)/hop), end/hop
		if first < to && (c == s.last() || to-first >= columnsMost || s.breaks(c)) {
			to = min(to, first+columnsMost)
			at = max(begin, first*hop-min(first*hop, before))
			return s.samples(at, to*hop), at, first, to
		}
	}
	return nil, 0, 0, 0
}

// breaks reports whether samples are missing after c, or have another format.
func (s *lane) breaks(c *piece) bool {
	for i, o := range s.signal[:len(s.signal)-1] {
		if o == c {
			return s.signal[i+1].offset != c.end() || s.signal[i+1].format != c.format
		}
	}
	return true
}

// floor returns the level that the signal of the last half minute falls below for a tenth of
// the time.
func (s *lane) floor() float64 {
	var all []float64
	for i := len(s.signal) - 1; i >= 0 && len(all) < 300; i-- {
		v := s.signal[i].values
		n := max(int(s.format.Rate)/20, 1) * max(s.format.Channels, 1)
		for at := 0; at+n <= len(v); at += n {
			all = append(all, level(v[at:at+n]))
		}
	}
	return lowTenth(all)
}

// lowTenth returns the value that a tenth of x is below.
func lowTenth(x []float64) float64 {
	if len(x) == 0 {
		return floorDB
	}
	slices.Sort(x)
	return x[len(x)/10]
}
