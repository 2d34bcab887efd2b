package worker

import "encoding/json"

// A Said is a confirmed segment: samples [Start, End) of a stream and its label, "" if it was
// rejected.
type Said struct {
	Segment uint64  `json:"n"`
	Start   uint64  `json:"s"`
	End     uint64  `json:"e"`
	Label   string  `json:"l,omitempty"`
	P       float64 `json:"p"`
}

// A Comparison counts what the model in use and a shadow said of the same streams.
type Comparison struct {
	Agree    int `json:"agree"`    // segments of both with the same label, or rejected by both
	Disagree int `json:"disagree"` // with two labels, or rejected by one of them
	Surer    int `json:"surer"`    // of Disagree: the shadow's p is the larger one
	Active   int `json:"active"`   // segments with a label that the model in use alone has
	Shadow   int `json:"shadow"`   // that the shadow alone has
	Late     int `json:"late"`     // of Active and Shadow: the other one may have it, and was given up

	// Of the segments of which the truth is known.
	Truths int `json:"truths"`
	Fixed  int `json:"fixed"`  // the shadow alone is right
	Broken int `json:"broken"` // the model in use alone is right
}

// Segments returns how many segments were compared.
func (c *Comparison) Segments() int { return c.Agree + c.Disagree + c.Active + c.Shadow }

// A Comparer pairs the segments of two models and counts. Of a stream the segments of each
// model have to come in their order; between the two there is no order. Two segments are one
// if they share at least half of the shorter one. What only one model has counts as such until
// the other one says something of the same samples.
type Comparer struct {
	Truths map[string]map[uint64]string // labels of segments of the model in use, by stream

	streams map[string]*pairing
	sum     Comparison
}

// A pairing has those segments of a stream that may still find another, and where the last ones
// end that were given up, of the model in use and of the shadow.
type pairing struct {
	active, shadow []Said
	gone           [2]uint64
}

// savedComparer is a Comparer in JSON.
type savedComparer struct {
	Sum     Comparison           `json:"sum"`
	Streams map[string][2][]Said `json:"streams"` // of the model in use, and of the shadow
	Gone    map[string][2]uint64 `json:"gone,omitempty"`
}

// MarshalJSON writes what was counted and what may still find another. It has no truths.
func (c *Comparer) MarshalJSON() ([]byte, error) {
	s := savedComparer{c.sum, map[string][2][]Said{}, map[string][2]uint64{}}
	for stream, p := range c.streams {
		s.Streams[stream] = [2][]Said{p.active, p.shadow}
		if p.gone != [2]uint64{} {
			s.Gone[stream] = p.gone
		}
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (c *Comparer) UnmarshalJSON(data []byte) error {
	var s savedComparer
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	c.sum, c.streams = s.Sum, map[string]*pairing{}
	for stream, p := range s.Streams {
		c.streams[stream] = &pairing{p[0], p[1], s.Gone[stream]}
	}
	return nil
}

// Active takes the next segment of a stream that the model in use has confirmed.
func (c *Comparer) Active(stream string, s Said) {
	p := c.pairing(stream)
	if s.Start < p.gone[1] {
		c.sum.Late++
	}
	p.active = append(p.active, s)
	c.settled(stream, p)
}

// Shadow takes the next segment of a stream that the shadow has confirmed.
func (c *Comparer) Shadow(stream string, s Said) {
	p := c.pairing(stream)
	if s.Start < p.gone[0] {
		c.sum.Late++
	}
	p.shadow = append(p.shadow, s)
	c.settled(stream, p)
}

// settled is settle, and forgets a stream of which nothing is left.
func (c *Comparer) settled(stream string, p *pairing) {
	if c.settle(stream, p, &c.sum, false); len(p.active)+len(p.shadow) == 0 && p.gone == [2]uint64{} {
		delete(c.streams, stream)
	}
}

// GiveUp counts as what one model alone has all but the last most segments of each stream that
// wait for what the other one says: it may never say anything.
func (c *Comparer) GiveUp(most int) {
	for stream, p := range c.streams {
		for ; len(p.active) > most; p.active = p.active[1:] {
			c.alone(stream, p.active[0], true, &c.sum)
			p.gone[0] = p.active[0].End
		}
		for ; len(p.shadow) > most; p.shadow = p.shadow[1:] {
			c.alone(stream, p.shadow[0], false, &c.sum)
			p.gone[1] = p.shadow[0].End
		}
	}
}

// Counts returns what was counted so far.
func (c *Comparer) Counts() Comparison {
	sum := c.sum
	for stream, p := range c.streams {
		rest := *p
		c.settle(stream, &rest, &sum, true)
	}
	return sum
}

func (c *Comparer) pairing(stream string) *pairing {
	if c.streams == nil {
		c.streams = map[string]*pairing{}
	}
	p := c.streams[stream]
	if p == nil {
		p = &pairing{}
		c.streams[stream] = p
	}
	return p
}

// settle counts segments at the front, as far as nothing that comes later can be their pair, or
// all of them.
func (c *Comparer) settle(stream string, p *pairing, sum *Comparison, all bool) {
	for len(p.active) > 0 && len(p.shadow) > 0 {
		a, b := p.active[0], p.shadow[0]
		switch {
		case same(a, b):
			c.both(stream, a, b, sum)
			p.active, p.shadow = p.active[1:], p.shadow[1:]
		case a.End <= b.End:
			c.alone(stream, a, true, sum)
			p.active = p.active[1:]
		default:
			c.alone(stream, b, false, sum)
			p.shadow = p.shadow[1:]
		}
	}
	if !all {
		return
	}
	for ; len(p.active) > 0; p.active = p.active[1:] {
		c.alone(stream, p.active[0], true, sum)
	}
	for ; len(p.shadow) > 0; p.shadow = p.shadow[1:] {
		c.alone(stream, p.shadow[0], false, sum)
	}
}

// same reports whether two segments share half of the shorter one.
func same(a, b Said) bool {
	shared := int64(min(a.End, b.End)) - int64(max(a.Start, b.Start))
	return 2*shared >= int64(min(a.End-a.Start, b.End-b.Start)) && shared >= 0
}

// both counts a pair.
func (c *Comparer) both(stream string, a, b Said, sum *Comparison) {
	switch {
	case a.Label == b.Label:
		sum.Agree++
	default:
		sum.Disagree++
		if b.P > a.P {
			sum.Surer++
		}
	}
	c.truth(stream, a, b.Label, sum)
}

// alone counts a segment without a pair. One that was rejected is as good as none.
func (c *Comparer) alone(stream string, s Said, active bool, sum *Comparison) {
	switch {
	case active:
		if s.Label != "" {
			sum.Active++
		}
		c.truth(stream, s, "", sum)
	case s.Label != "":
		sum.Shadow++
	}
}

// truth counts who is right of a segment of the model in use, if that is known.
func (c *Comparer) truth(stream string, a Said, shadow string, sum *Comparison) {
	label, ok := c.Truths[stream][a.Segment]
	if !ok {
		return
	}
	sum.Truths++
	switch right, other := a.Label == label, shadow == label; {
	case right && !other:
		sum.Broken++
	case other && !right:
		sum.Fixed++
	}
}
