package segment

// message takes what lies between two marks of the source as one segment.
type message struct{ base }

func (m *message) Begin(f *Found) { m.begin(f, 0) }

// Push skips samples outside a message, among them those of one that was too long.
func (m *message) Push(f *Found, samples []float32) {
	if !m.open {
		m.pos += uint64(len(samples) / m.channels)
		return
	}
	n := min(int(m.limit-(m.pos-m.start)), len(samples)/m.channels)
	m.extract(f, samples[:n*m.channels])
	if m.pos-m.start == m.limit {
		m.count(f)
		m.close(f, Event{Ending: ByMaximum})
		m.pos += uint64(len(samples)/m.channels - n)
	}
}

func (m *message) Finish(f *Found, why Ending) { m.finish(f, why) }
