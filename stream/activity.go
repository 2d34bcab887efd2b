package stream

import (
	"math"

	"inkling/model"
)

// activity decides hop by hop whether there is sound. The level is the mean
// power of a hop over all channels, in dB of full scale: about each channel's
// mean in the hop, so that an offset does not count. The floor under it falls quickly and rises slowly (the minimum
// statistics of Martin 2001, reduced to one tracker), and hardly at all while a
// segment is open. A hop opens a segment at On dB above the floor and keeps it
// active down to Off dB above it, but never under Level, and Level less their
// difference.
type activity struct {
	on, off, lowest float64
	minimum         uint64
	preRoll         uint64
	hold            uint64
	rise, riseOpen  float64 // dB a hop

	floor float64
	begun bool
	miss  miss
}

// A miss is sound that has not opened a segment so far: hops, one after another, that
// would have kept one open. Of these it has the one that came nearest to opening.
type miss struct {
	on    bool
	start uint64  // the source's
	short float64 // dB that it lacked
	level float64
	over  float64 // dB above the floor
}

const (
	startFloor  = -50.0 // dB: a louder start is sound, a softer one the floor
	lowestFloor = -90.0
	fall        = 0.3 // share of the way down, a hop
	risePerHop  = 0.02
	riseInSound = 0.002
)

func (a *activity) init(s *model.Segment, samples func(float64) uint64, hop int) {
	a.on, a.off, a.lowest = s.On, s.Off, s.Level
	a.minimum, a.preRoll, a.hold = samples(s.Minimum), samples(s.PreRoll), max(samples(s.Hold), 1)
	a.rise, a.riseOpen = risePerHop, riseInSound
}

func (a *activity) reset() { a.floor, a.begun = 0, false }

// measure returns the level of a hop and moves the floor on.
func (a *activity) measure(hop []float32, channels int, open bool) float64 {
	level := 10 * math.Log10(max(power(hop, channels), 0)+1e-12)
	switch {
	case !a.begun:
		a.floor = min(level, startFloor)
	case level < a.floor:
		a.floor += float64(fall * (level - a.floor))
	case open:
		a.floor = min(a.floor+a.riseOpen, level)
	default:
		a.floor = min(a.floor+a.rise, level)
	}
	a.floor = max(a.floor, lowestFloor)
	a.begun = true
	return level
}

// power is the mean square about each channel's mean in the hop.
func power(hop []float32, channels int) float64 {
	var power float64
	n := float64(len(hop) / channels)
	for c := range channels {
		var sum, squares float64
		for i := c; i < len(hop); i += channels {
			v := float64(hop[i])
			sum += v
			squares += float64(v * v)
		}
		power += squares/n - float64((sum/n)*(sum/n))
	}
	return power / float64(channels)
}

// takeHop decides on one hop, the last one of a stream maybe shorter.
func (c *cutter) takeHop(k *Classifier, hop []float32) {
	a := &c.level
	level := a.measure(hop, c.channels, c.open)
	n := uint64(len(hop) / c.channels)
	if !c.open {
		if level < max(a.floor+a.on, a.lowest) {
			if k.o.Why {
				c.consider(k, level)
			}
			c.remember(hop, n)
			return
		}
		a.miss.on = false
		c.openWithPreRoll(k)
	}
	c.extract(k, hop)
	if a.sounds(level) {
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
	case c.pos-c.active >= a.hold:
		c.closeActive(k, BySilence)
	}
}

// sounds tells whether a hop keeps a segment active.
func (a *activity) sounds(level float64) bool {
	return level >= max(a.floor+a.off, a.lowest-(a.on-a.off))
}

// consider enters a hop, from pos on, that opens no segment.
func (c *cutter) consider(k *Classifier, level float64) {
	a := &c.level
	m := &a.miss
	if level < a.floor+a.off {
		c.tellMiss(k, BySilence)
		return
	}
	short := max(a.floor+a.on, a.lowest) - level
	if !m.on {
		*m = miss{on: true, start: k.input.begin(c.pos), short: short, level: level, over: level - a.floor}
	} else if short < m.short {
		m.short, m.level, m.over = short, level, level-a.floor
	}
}

// tellMiss ends the sound that has not opened a segment, if there is any, at pos.
func (c *cutter) tellMiss(k *Classifier, why Reason) {
	a := &c.level
	m := &a.miss
	if !m.on {
		return
	}
	m.on = false
	o := op{kind: opMiss, sample: k.input.end(c.pos), start: m.start, reason: RuleLevel + "\x00" + string(why), value: m.level, threshold: a.lowest}
	if m.over < a.on {
		o.reason, o.value, o.threshold = RuleOn+"\x00"+string(why), m.over, a.on
	}
	k.push(o)
}

// remember keeps a hop outside segments for a pre-roll.
func (c *cutter) remember(hop []float32, n uint64) {
	c.pos += n
	width := int(c.level.preRoll) * c.channels
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
	if c.active-c.opened >= c.level.minimum {
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
	return float64(c.active-c.opened) / rate, float64(c.level.minimum) / rate
}
