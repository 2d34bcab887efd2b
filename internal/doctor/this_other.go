//go:build !linux

package doctor

import (
	"os"
	"time"
)

var began = time.Now()

func readClock() Reading { return Reading{Wall: time.Now().Round(0), Running: time.Since(began)} }

// space knows no more than that a folder is there.
func space(dir string) (Space, error) {
	_, err := os.Stat(dir)
	return Space{Free: 1 << 50, Total: 1 << 50, Files: -1}, err
}
