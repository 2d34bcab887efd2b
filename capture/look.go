package capture

import "context"

// Look returns src with a first look at each of its streams. If the first second of a stream
// looks wrong (noise where a format was mistaken, clipping, an offset, silence), a Fault of
// state Doubtful or Silent says so once, with a remedy, before the block that showed it.
// Blocks pass as they are. Close, Drain and Abandon are those of src.
func Look(src Source) Source {
	l := &looker{src: src, streams: map[string]*look{}}
	if d, ok := src.(Drainer); ok {
		return struct {
			*looker
			Drainer
		}{l, d}
	}
	return l
}

// mostLooks is the greatest number of streams to remember; further ones are not looked at.
const mostLooks = 4096

type looker struct {
	src     Source
	streams map[string]*look // nil: done
	held    Block            // comes after its fault
	holds   bool
}

// Ready implements Readier.
func (l *looker) Ready() bool {
	r, ok := l.src.(Readier)
	return l.holds || ok && r.Ready()
}

// Hold implements Holder, if the source does.
func (l *looker) Hold(stream string) {
	if h, ok := l.src.(Holder); ok {
		h.Hold(stream)
	}
}

// Release implements Holder, if the source does.
func (l *looker) Release(stream string) {
	if h, ok := l.src.(Holder); ok {
		h.Release(stream)
	}
}

// Check implements Checker, if the source does.
func (l *looker) Check(ctx context.Context) error { return Check(ctx, l.src) }

// Close implements Source.
func (l *looker) Close() error { return l.src.Close() }

// Read implements Source.
func (l *looker) Read(ctx context.Context, b *Block) error {
	if l.holds {
		*b, l.held, l.holds = l.held, Block{}, false
		return nil
	}
	if err := l.src.Read(ctx, b); err != nil {
		return err
	}
	fault := l.look(b)
	if fault == nil {
		return nil
	}
	l.held, l.holds = *b, true
	*b = Block{Stream: b.Stream, Format: b.Format, Offset: b.Offset, Time: b.Time, Fault: fault}
	return nil
}

// look adds b to what is known of its stream, and returns what looks wrong.
func (l *looker) look(b *Block) *Fault {
	if b.Fault != nil {
		return nil
	}
	s, known := l.streams[b.Stream]
	if !known && !b.Done && len(l.streams) < mostLooks {
		s = &look{format: b.Format}
		l.streams[b.Stream] = s
	}
	if b.Done {
		defer delete(l.streams, b.Stream)
	}
	if s == nil {
		return nil
	}
	if b.Format != s.format {
		*s = look{format: b.Format}
	}
	for i, v := range b.Samples {
		s.add(v, i)
	}
	if !s.complete() && !b.Done {
		return nil
	}
	l.streams[b.Stream] = nil
	return s.verdict()
}
