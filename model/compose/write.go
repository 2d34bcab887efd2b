package compose

import (
	"context"
	"io"
	"path/filepath"
	"slices"

	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/model/dataset"
)

// A File says how a stream is written.
type File struct {
	Format   audio.SampleFormat
	Progress func(done, total float64) // seconds
}

// Write writes DIR/NAME.wav and, beside it, the annotations as a label track,
// NAME.txt.
func (s *Stream) Write(ctx context.Context, dir, name string, f File) error {
	base := filepath.Join(dir, name)
	err := atomicfile.WriteFile(base+".wav", func(w io.Writer) error { return s.writeWAV(ctx, w, f) })
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(base+".txt", func(w io.Writer) error { return dataset.WriteAnnotations(w, s.Annotations()) })
}

// Annotations are those of events and marks, by start.
func (s *Stream) Annotations() []dataset.Annotation {
	all := slices.Concat(s.Events, s.Marks)
	slices.SortStableFunc(all, dataset.Annotation.Compare)
	return all
}

func (s *Stream) writeWAV(ctx context.Context, w io.Writer, f File) error {
	out, err := audio.NewSizedWAVWriter(w, s.Rate, s.Channels, f.Format, s.Frames)
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
