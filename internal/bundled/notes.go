//go:build !edge

package bundled

import (
	"embed"
	"io/fs"
)

//go:embed data/notes
var notes embed.FS

// Notes returns the data set: index.csv and one folder per label.
func Notes() fs.FS {
	sub, err := fs.Sub(notes, "data/notes")
	if err != nil {
		panic(err)
	}
	return sub
}
