package natsio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"inkling/capture"
)

// After Drain every message that the server had sent is read; after Abandon the streams
// end behind what is dropped.
func TestDrainReadsWhatHasArrived(t *testing.T) {
	for _, abandon := range []bool{false, true} {
		t.Run(fmt.Sprintf("abandon=%v", abandon), func(t *testing.T) {
			const subjects, messages, size = 3, 40, 10
			nc := connect(t)
			s := newSource(t, nc, "in.*", SourceOptions{})
			if err := publishAll(nc, subjects, messages, size); err != nil {
				t.Fatal(err)
			}
			var b capture.Block
			read(t, s, &b)
			ends, samples := map[string]uint64{b.Stream: size}, len(b.Samples)
			s.Drain()
			if abandon {
				for !s.isDrained() {
					<-s.ready
				}
				s.Abandon()
			}
			for {
				err := s.Read(context.Background(), &b)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || b.Fault != nil {
					t.Fatal(err, b.Fault)
				}
				if got, want := b.Offset, ends[b.Stream]; got != want && !abandon {
					t.Fatalf("%s: a block at %d, want %d", b.Stream, got, want)
				}
				ends[b.Stream] = b.Offset + uint64(b.Len())
				samples += len(b.Samples)
			}
			for i := range subjects {
				if name := fmt.Sprint("in.s", i); ends[name] != messages*size {
					t.Errorf("%s ends at %d, want %d", name, ends[name], messages*size)
				}
			}
			want := subjects * messages * size
			if abandon {
				want = size
			}
			if samples != want {
				t.Errorf("%d samples were read, want %d", samples, want)
			}
		})
	}
}

func (s *Source) isDrained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drained
}
