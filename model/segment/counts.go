package segment

// Counts are the durations of a segmenter in samples of a channel, as it counts: for code in
// other languages.
type Counts struct {
	Maximum uint64 // at which a segment ends
	Minimum uint64 // Activity, Label: of sound, less is dropped
	PreRoll uint64 // Activity, Label: before the opening
	Hold    uint64 // Activity, Label: without sound, which ends a segment
	Hop     uint64 // Activity: that have a level
}

// Counts returns the durations at a rate in samples a second (0: unknown). c has its zero
// fields filled in.
func (c *Config) Counts(rate float64) Counts {
	l := newLevel(c, rate)
	return Counts{Maximum: max(samples(c.MaxDuration, rate), 1), Minimum: l.minimum, PreRoll: l.preRoll, Hold: l.hold, Hop: uint64(l.hop)}
}
