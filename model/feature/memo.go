package feature

import "inkling/internal/shared"

// A Memo lets the front ends of several models on one stream compute a frame once: one that
// covers the same samples as another's, with the same Config but for differences and
// context, takes its values from there. Frames are the same to the bit. It may be used by
// several goroutines.
type Memo struct{ m *shared.Memo }

// NewMemo returns a Memo for no models.
func NewMemo() *Memo { return &Memo{shared.NewMemo()} }

// Serve makes models the number of those whose front ends share frames.
func (m *Memo) Serve(models int) { m.m.Serve(models) }

// Asked returns how many frames were taken from another front end, and how many were
// computed.
func (m *Memo) Asked() (taken, computed uint64) { return m.m.Asked() }

// A Sharer is an Extractor that can share frames with others. Those whose frames take less
// than finding them would are none.
type Sharer interface{ Share(m *Memo) }

// Share has x share its frames by m, if it can. A nil m ends that.
func Share(x Extractor, m *Memo) {
	if s, ok := x.(Sharer); ok {
		s.Share(m)
	}
}

// Share implements Sharer.
func (e *extractor) Share(m *Memo) {
	s, ok := e.base.(*spectral)
	if !ok {
		return
	}
	if s.memo = nil; m != nil {
		s.memo = m.m
	}
}
