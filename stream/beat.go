package stream

// takeBeats looks for heartbeats. A segment opens and closes when its beat is told, all
// at once, for it may overlap the one before: none is ever open between two blocks.
func (c *cutter) takeBeats(k *Classifier, samples []float32) {
	for ; len(samples) > 0; samples = samples[c.channels:] {
		c.beats.Push(samples[:c.channels])
		c.pos++
		c.tellBeats(k)
	}
}

// tellBeats queues the segments of the beats that can be told.
func (c *cutter) tellBeats(k *Classifier) {
	pos, b := c.pos, &c.beat
	for c.beats.Next(b) {
		k.open(b.Start)
		if c.context {
			c.front.SetContext(b.Context[:])
		}
		c.pos = b.Start
		c.extract(k, b.Samples)
		c.flush(k)
		c.close(k, ByBeat)
		k.queue[len(k.queue)-1].peak = k.input.begin(b.Peak)
	}
	c.pos = pos
}
