package stream

// A miss is sound that has not opened a segment so far: hops, one after another, that
// would have kept one open. Of these it has the one that came nearest to opening.
type miss struct {
	on    bool
	start uint64  // the source's
	short float64 // dB that it lacked
	level float64
	over  float64 // dB above the floor
}

// takeHop decides on one hop, the last one of a stream maybe shorter.
func (c *cutter) takeHop(k *Classifier, hop []float32) {
	a := &c.level
	level := a.Measure(hop, c.channels, c.open)
	n := uint64(len(hop) / c.channels)
	if !c.open {
		if level < a.Opening() {
			if k.o.Why {
				c.consider(k, level)
			}
			c.remember(hop, n)
			return
		}
		c.miss.on = false
		c.openWithPreRoll(k)
	}
	c.extract(k, hop)
	if a.Sounds(level) {
		c.active = c.pos
		c.mark(k)
	}
	switch {
	case c.pos-c.start >= c.limit:
		sounding := c.active == c.pos
		c.closeActive(k, ByMaximum)
		if sounding {
			k.open(c.pos)
			c.opened, c.active = c.pos, c.pos
		}
	case c.pos-c.active >= a.Hold:
		c.closeActive(k, BySilence)
	}
}

// consider enters a hop, from pos on, that opens no segment.
func (c *cutter) consider(k *Classifier, level float64) {
	a := &c.level
	m := &c.miss
	if level < a.Floor+a.Off {
		c.tellMiss(k, BySilence)
		return
	}
	short := a.Opening() - level
	if !m.on {
		*m = miss{on: true, start: k.input.begin(c.pos), short: short, level: level, over: level - a.Floor}
	} else if short < m.short {
		m.short, m.level, m.over = short, level, level-a.Floor
	}
}

// tellMiss ends the sound that has not opened a segment, if there is any, at pos.
func (c *cutter) tellMiss(k *Classifier, why Reason) {
	a := &c.level
	m := &c.miss
	if !m.on {
		return
	}
	m.on = false
	o := op{kind: opMiss, sample: k.input.end(c.pos), start: m.start, reason: RuleLevel + "\x00" + string(why), value: m.level, threshold: a.Lowest}
	if m.over < a.On {
		o.reason, o.value, o.threshold = RuleOn+"\x00"+string(why), m.over, a.On
	}
	k.push(o)
}

// remember keeps a hop outside segments for a pre-roll.
func (c *cutter) remember(hop []float32, n uint64) {
	c.pos += n
	width := int(c.level.PreRoll) * c.channels
	if width == 0 {
		return
	}
	if over := len(c.ring) + len(hop) - width; over > 0 {
		over = min(over, len(c.ring))
		c.ring = c.ring[:copy(c.ring, c.ring[over:])]
	}
	if len(hop) > width {
		hop = hop[len(hop)-width:]
	}
	c.ring = append(c.ring, hop...)
}

func (c *cutter) openWithPreRoll(k *Classifier) {
	c.opened = c.pos
	c.pos -= uint64(len(c.ring) / c.channels)
	k.open(c.pos)
	c.active = c.opened
	c.extract(k, c.ring)
	c.ring = c.ring[:0]
}

// closeActive ends a segment of activity, or drops it if it was too short.
func (c *cutter) closeActive(k *Classifier, why Reason) {
	if c.active-c.opened >= c.level.Minimum {
		c.close(k, why)
		return
	}
	c.open = false
	seconds, least := c.sounded(k)
	k.push(op{kind: opDrop, sample: k.input.end(c.pos), start: k.input.begin(c.start), reason: RuleShort + "\x00" + string(why),
		threshold: least, value: seconds})
}

// sounded is how long the segment of activity has sounded, and the least that counts.
func (c *cutter) sounded(k *Classifier) (seconds, least float64) {
	rate := k.m.Config.Rate
	if rate == 0 {
		rate = 1
	}
	return float64(c.active-c.opened) / rate, float64(c.level.Minimum) / rate
}
