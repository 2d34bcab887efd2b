package segment

// whole takes the whole signal, up to the limit, as one segment.
type whole struct {
	base
	endless bool
}

func (w *whole) Push(f *Found, samples []float32) { w.extractUpTo(f, samples, w.limit, ByMaximum) }

func (w *whole) Finish(f *Found, why Ending) {
	if !w.endless {
		w.finish(f, why)
	} else if w.open {
		w.count(f)
		w.close(f, Event{Ending: why})
	}
}
