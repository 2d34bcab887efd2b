// Package notes holds a model and data that come with inkling, to try the other packages
// with: notes of flute, piano and trumpet at 44.1 kHz, mono.
//
// [Model] is what `inkling run bundled:notes` uses, and [Data] what `inkling train
// bundled:notes` learns from. [Minute] is a recording that the model has not learned
// from, and [Truth] says which notes are in it. They add 1.5 MB to a program. The sounds
// come from the FluidR3 GM SoundFont (MIT licence).
package notes

import (
	"bytes"

	"inkling/internal/bundled"
	"inkling/model"
	"inkling/model/dataset"
)

// Model returns the bundled model, which names the instrument of a note.
func Model() (*model.Model, error) { return model.Load(bytes.NewReader(bundled.Model())) }

// Data returns 441 labelled clips of notes, those of training and of the test: use
// Set.Train and Set.Test to divide them. The options are those of dataset.Open.
func Data(o dataset.Options) (*dataset.Set, error) {
	return dataset.OpenFS(bundled.Notes(), ".", o)
}

// Minute returns a minute of whole notes with pauses between them, as a FLAC file.
// capture.Audio reads it as a source.
func Minute() []byte { return bundled.Minute() }

// A Note sounds in the samples [Start, End) of Minute.
type Note struct {
	Start, End uint64
	Label      string
}

// Truth returns the notes of Minute in the order of time.
func Truth() []Note {
	all := bundled.Truth()
	notes := make([]Note, len(all))
	for i, n := range all {
		notes[i] = Note(n)
	}
	return notes
}
