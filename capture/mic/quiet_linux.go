//go:build portaudio && linux

package mic

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

var quietLock sync.Mutex

// quietly runs f with standard error redirected to the null device, as ALSA and JACK
// print many lines there while they probe devices.
func quietly(f func()) {
	quietLock.Lock()
	defer quietLock.Unlock()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		f()
		return
	}
	defer null.Close()
	saved, err := unix.Dup(2)
	if err != nil {
		f()
		return
	}
	defer func() {
		unix.Dup3(saved, 2, 0)
		unix.Close(saved)
	}()
	unix.Dup3(int(null.Fd()), 2, 0)
	f()
}
