package stream

// sound tells whether restored fields fit together, so that no later call can
// reach outside a buffer.
func (c *Classifier) sound() bool {
	return c.input.sound(c) && c.cutter.sound() && c.follower.sound(c) && c.queueSound()
}

func (in *input) sound(c *Classifier) bool {
	f, want := in.format, c.m.Config.Rate
	return (!in.known || c.checkFormat(f) == nil) &&
		(len(in.last) == 0 || len(in.last) == max(f.Channels, 1)) &&
		(in.res != nil) == (in.known && f.Rate > 0 && want > 0 && f.Rate != want) &&
		(in.known || !c.cutter.open && in.hole == 0) &&
		float64(in.hole) <= max(f.Rate, longestHole)
}

func (c *cutter) sound() bool {
	longest, _ := c.longest()
	return len(c.pending) < c.hop*c.channels && len(c.pending)%c.channels == 0 &&
		len(c.ring) <= int(c.level.PreRoll)*c.channels && len(c.ring)%c.channels == 0 && uint64(len(c.ring)/c.channels) <= c.pos &&
		c.start <= c.pos && c.opened <= c.active && c.active <= c.pos && c.counted <= c.frames &&
		(!c.open || c.pos-c.start < longest)
}

func (w *walker) sound(c *Classifier) bool {
	fits := func(rows []float32, width int) bool { return !w.open || len(rows) == w.step*width }
	switch {
	case len(w.counted.probs) != c.m.Classes() || len(w.probs) != c.m.Classes() || len(w.running.probs) != c.m.Classes() || w.counted.steps > w.step:
		return false
	case w.again != nil:
		return fits(w.inputs, c.m.Dim())
	}
	return !c.m.HasConfirm() || fits(w.tops, c.m.TopDim())
}

// queueSound follows what is queued to where the cutter is.
func (c *Classifier) queueSound() bool {
	w, t := c.follower.where(), &c.cutter
	open, steps, counted, frames := w.open, w.step, c.follower.steps(), 0
	for i := range c.queue {
		kind := c.queue[i].kind
		switch kind {
		case opGap, opMiss, opStatus:
			continue
		case opOpen:
			if open {
				return false
			}
			open, steps, counted = true, 0, 0
			continue
		}
		if !open || kind == opClose && counted == 0 {
			return false
		}
		switch kind {
		case opFrame:
			frames++
			steps++
		case opMark:
			counted = steps
		default:
			open = false
		}
	}
	return len(c.frames) == frames*c.m.Dim() && open == t.open && (!open || steps == t.frames && counted == t.counted)
}
