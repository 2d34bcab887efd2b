package segment

import "math"

// level decides hop by hop whether there is sound. The level of a hop is its mean power
// over all channels, in dB of full scale, about each channel's mean in the hop, so that
// an offset does not count. The noise floor under it falls quickly and rises slowly
// (the minimum statistics of Martin 2001, reduced to one tracker), and hardly at all
// while a segment is open. A hop opens a segment at on dB above the floor and keeps it
// active down to off dB above it; never under lowest, respectively lowest less the
// difference of the two.
type level struct {
	on, off, lowest        float64
	minimum, preRoll, hold uint64 // samples of a channel
	hop                    int    // samples of a channel, 10 ms

	floor float64 // dB; with begun all that is remembered
	begun bool
}

const (
	startFloor  = -50.0 // dB: a louder start is sound, a softer one the floor
	lowestFloor = -90.0
	fall        = 0.3 // share of the way down, a hop
	risePerHop  = 0.02
	riseInSound = 0.002

	leastHop = 8 // samples that have a level of their own
)

func newLevel(c *Config, rate float64) level {
	hop := 0
	if rate > 0 {
		hop = int(math.Round(rate / 100))
	}
	return level{on: c.OnDB, off: c.OffDB, lowest: c.LevelDBFS, minimum: samples(c.MinDuration, rate),
		preRoll: samples(c.PreRoll, rate), hold: max(samples(c.Hold, rate), 1), hop: max(hop, leastHop)}
}

// reset forgets the floor.
func (l *level) reset() { l.floor, l.begun = 0, false }

// measure returns the level of a hop, channels interleaved, and moves the floor on; open
// says whether a segment is.
func (l *level) measure(hop []float32, channels int, open bool) float64 {
	dB := 10 * math.Log10(max(power(hop, channels), 0)+1e-12)
	switch {
	case !l.begun:
		l.floor = min(dB, startFloor)
	case dB < l.floor:
		l.floor += float64(fall * (dB - l.floor))
	case open:
		l.floor = min(l.floor+riseInSound, dB)
	default:
		l.floor = min(l.floor+risePerHop, dB)
	}
	l.floor = max(l.floor, lowestFloor)
	l.begun = true
	return dB
}

// opening is the least level that opens a segment.
func (l *level) opening() float64 { return max(l.floor+l.on, l.lowest) }

// sounds reports whether a hop of level dB keeps a segment active.
func (l *level) sounds(dB float64) bool {
	return dB >= max(l.floor+l.off, l.lowest-(l.on-l.off))
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
