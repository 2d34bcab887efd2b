//go:build !edge

package bundled

import _ "embed"

//go:embed data/minute.flac
var minute []byte

// Minute returns a minute of notes with pauses as mono FLAC at 44.1 kHz.
func Minute() []byte { return minute }
