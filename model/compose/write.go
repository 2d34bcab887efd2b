package compose

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/model/dataset"
)

// SampleFormat is the format of the samples in a file.
type SampleFormat int

const (
	PCM16   SampleFormat = iota // integers of 16 bits
	Float32                     // floats of 32 bits
)

var formats = map[SampleFormat]audio.SampleFormat{PCM16: audio.PCM16, Float32: audio.Float32}

// String returns "pcm16" or "float32".
func (f SampleFormat) String() string {
	switch f {
	case PCM16:
		return "pcm16"
	case Float32:
		return "float32"
	}
	return fmt.Sprintf("SampleFormat(%d)", int(f))
}

// A File says how a stream is written.
type File struct {
	Format   SampleFormat
	Progress func(done, total float64) // called with seconds; may be nil
}

// Write writes DIR/NAME.wav and the annotations to the label track DIR/NAME.txt.
func (s *Stream) Write(ctx context.Context, dir, name string, f File) error {
	base := filepath.Join(dir, name)
	err := atomicfile.WriteFile(base+".wav", func(w io.Writer) error { return s.writeWAV(ctx, w, f) })
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(base+".txt", func(w io.Writer) error { return dataset.WriteAnnotations(w, s.Annotations()) })
}

// Annotations returns the annotations of events and marks, by start.
func (s *Stream) Annotations() []dataset.Annotation {
	all := slices.Concat(s.Events, s.Marks)
	slices.SortStableFunc(all, dataset.Annotation.Compare)
	return all
}

func (s *Stream) writeWAV(ctx context.Context, w io.Writer, f File) error {
	format, ok := formats[f.Format]
	if !ok {
		return fmt.Errorf("compose: there is no format %v: choose PCM16 or Float32", f.Format)
	}
	out, err := audio.NewSizedWAVWriter(w, s.Rate, s.Channels, format, s.Frames)
	if err != nil {
		return err
	}
	r := s.Reader()
	buf := make([]float32, (1<<15)*s.Channels)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if err == io.EOF {
			return nil
		}
		if err := out.Write(buf[:n]); err != nil {
			return err
		}
		if f.Progress != nil {
			f.Progress(float64(r.at)/s.Rate, float64(s.Frames)/s.Rate)
		}
	}
}
