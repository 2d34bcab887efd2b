//go:build !unix

package screen

import "os"

// A keyboard does not exist where there is no stty.
type keyboard struct{}

func openKeyboard(*os.File) *keyboard { return nil }
func (k *keyboard) read(func(string)) {}
func (k *keyboard) close()            {}
