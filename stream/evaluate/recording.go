package evaluate

import (
	"inkling/capture"
	"inkling/model/compose"
	"inkling/model/dataset"
)

// A Recording is an annotated stream of any length.
type Recording struct {
	Name        string
	Annotations []dataset.Annotation // by start
	Seconds     float64              // its length, for Progress; 0 if unknown
	Open        func() (capture.Source, error)
}

// Annotated returns the annotated recordings at path, a file or a folder, and notes about
// what was left out; nothing if path holds labelled examples.
func Annotated(path string) (list []Recording, notes []string, err error) {
	files, notes, err := dataset.Recordings(path)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		list = append(list, Recording{Name: f.Name, Annotations: f.Annotations, Seconds: f.Seconds,
			Open: func() (capture.Source, error) { return capture.Files(capture.Options{}, f.Name), nil }})
	}
	return list, notes, nil
}

// Composed returns a composed stream as a recording, rendered while it is read.
func Composed(name string, s *compose.Stream) Recording {
	format := capture.Format{Rate: s.Rate, Channels: s.Channels}
	return Recording{Name: name, Annotations: s.Events, Seconds: float64(s.Frames) / s.Rate,
		Open: func() (capture.Source, error) {
			return capture.Func(name, format, capture.Options{}, s.Reader().Read), nil
		}}
}
