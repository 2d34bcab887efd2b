//go:build portaudio && !linux

package mic

// quietly runs f.
func quietly(f func()) { f() }
