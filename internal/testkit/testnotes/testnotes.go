// Package testnotes opens the model and the data that come with the program, for examples.
package testnotes

import (
	"log"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/notes"
)

// Open returns the bundled model and its test examples.
func Open() (*model.Model, *dataset.Set) {
	m, err := notes.Model()
	if err != nil {
		log.Fatal(err)
	}
	set, err := notes.Data(dataset.Options{Rate: m.Config.Rate})
	if err != nil {
		log.Fatal(err)
	}
	if set, err = set.Test(); err != nil {
		log.Fatal(err)
	}
	return m, set
}
