// Package testnotes opens the model and the data that come with the program, for examples.
package testnotes

import (
	"bytes"
	"log"

	"inkling/internal/bundled"
	"inkling/model"
	"inkling/model/dataset"
)

// Open returns the bundled model and its test examples.
func Open() (*model.Model, *dataset.Set) {
	m, err := model.Load(bytes.NewReader(bundled.Model()))
	if err != nil {
		log.Fatal(err)
	}
	set, err := dataset.OpenFS(bundled.Notes(), ".", dataset.Options{Rate: m.Config.Rate})
	if err != nil {
		log.Fatal(err)
	}
	if set, err = set.Test(); err != nil {
		log.Fatal(err)
	}
	return m, set
}
