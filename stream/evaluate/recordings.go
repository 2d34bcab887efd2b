package evaluate

import (
	"inkling/capture"
	"inkling/model/compose"
	"inkling/model/dataset"
)

// Annotated returns the recordings of annotated files, to be opened when they are needed.
func Annotated(files []dataset.Recording) (list []Recording) {
	for _, f := range files {
		list = append(list, Recording{Name: f.Name, Annotations: f.Annotations, Seconds: f.Seconds,
			Open: func() (capture.Source, error) { return capture.Files(capture.Options{}, f.Name), nil }})
	}
	return list
}

// Composed returns a recording of s, which is rendered while it is read.
func Composed(name string, s *compose.Stream) Recording {
	format := capture.Format{Rate: s.Rate, Channels: s.Channels}
	return Recording{Name: name, Annotations: s.Events, Seconds: float64(s.Frames) / s.Rate,
		Open: func() (capture.Source, error) {
			return capture.Func(name, format, capture.Options{}, s.Reader().Read), nil
		}}
}
