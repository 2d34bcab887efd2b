// Package bundled holds the data that come with the binary: 441 crops of notes ([Notes]), a
// minute of whole notes ([Minute]), and a model trained on the crops ([Model]). README.md
// names the sources of the sounds and how to render them and train the model again.
package bundled

import (
	"embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

//go:embed data/minute.csv data/notes.model
var data embed.FS

// Model returns the file of the bundled model, or nil if it is not trained yet.
func Model() []byte {
	b, err := data.ReadFile("data/notes.model")
	if err != nil {
		return nil
	}
	return b
}

func read(name string) []byte {
	b, err := data.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return b
}

// A Note sounds in the samples [Start, End) of the minute.
type Note struct {
	Start, End uint64
	Label      string
}

// Truth returns the notes of the minute in order.
func Truth() []Note {
	rows, err := csv.NewReader(strings.NewReader(string(read("data/minute.csv")))).ReadAll()
	if err != nil {
		panic(err)
	}
	notes := make([]Note, 0, len(rows)-1)
	for _, r := range rows[1:] {
		notes = append(notes, Note{number(r[0]), number(r[1]), r[2]})
	}
	return notes
}

func number(s string) uint64 {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("bundled: minute.csv: %v", err))
	}
	return v
}
