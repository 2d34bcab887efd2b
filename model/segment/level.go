package segment

import "math"

// Level decides hop by hop whether there is sound. The level is the mean power of a
// hop over all channels, in dB of full scale: about each channel's mean in the hop, so
// that an offset does not count. The floor under it falls quickly and rises slowly (the
// minimum statistics of Martin 2001, reduced to one tracker), and hardly at all while
// a segment is open. A hop opens a segment at On dB above the floor and keeps it
// active down to Off dB above it, but never under Lowest, and Lowest less their
// difference.
type Level struct {
	On, Off, Lowest        float64
	Minimum, PreRoll, Hold uint64 // samples of a channel
	Hop                    int    // samples of a channel

	Floor float64 // dB; with Begun all that is remembered
	Begun bool
}

const (
	startFloor  = -50.0 // dB: a louder start is sound, a softer one the floor
	lowestFloor = -90.0
	fall        = 0.3 // share of the way down, a hop
	risePerHop  = 0.02
	riseInSound = 0.002

	leastHop = 8 // samples that have a level of their own
)

// NewLevel returns the level of a segmenter, whose fields are filled in, before a stream at so
// many samples a second; at a rate of 0 a second is a sample. A hop is 10 ms.
func NewLevel(s *Config, rate float64) Level {
	if rate == 0 {
		rate = 1
	}
	samples := func(t float64) uint64 { return uint64(math.Round(t * rate)) }
	return Level{On: s.OnDB, Off: s.OffDB, Lowest: s.LevelDBFS, Minimum: samples(s.MinDuration), PreRoll: samples(s.PreRoll),
		Hold: max(samples(s.Hold), 1), Hop: max(int(math.Round(rate/100)), leastHop)}
}

// Reset forgets the floor.
func (a *Level) Reset() { a.Floor, a.Begun = 0, false }

// Measure returns the level of a hop, channels interleaved, and moves the floor on;
// open tells whether a segment is.
func (a *Level) Measure(hop []float32, channels int, open bool) float64 {
	level := 10 * math.Log10(max(power(hop, channels), 0)+1e-12)
	switch {
	case !a.Begun:
		a.Floor = min(level, startFloor)
	case level < a.Floor:
		a.Floor += float64(fall * (level - a.Floor))
	case open:
		a.Floor = min(a.Floor+riseInSound, level)
	default:
		a.Floor = min(a.Floor+risePerHop, level)
	}
	a.Floor = max(a.Floor, lowestFloor)
	a.Begun = true
	return level
}

// Opening is the least level that opens a segment.
func (a *Level) Opening() float64 { return max(a.Floor+a.On, a.Lowest) }

// Sounds tells whether a hop keeps a segment active.
func (a *Level) Sounds(level float64) bool {
	return level >= max(a.Floor+a.Off, a.Lowest-(a.On-a.Off))
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
