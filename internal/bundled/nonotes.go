//go:build edge

package bundled

import (
	"embed"
	"io/fs"
)

var none embed.FS

// Notes returns an empty folder: the small build has no data to train on.
func Notes() fs.FS { return none }
