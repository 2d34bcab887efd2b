package doctor

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	clockUnsynced = 0x40 // STA_UNSYNC of linux/include/uapi/linux/timex.h
	clockError    = 5    // TIME_ERROR
)

func readClock() (r Reading) {
	r.Wall = time.Now().Round(0)
	var running, since unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &running) == nil {
		r.Running = time.Duration(running.Nano())
	}
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &since) == nil {
		r.Asleep = time.Duration(since.Nano()) - r.Running
	}
	var x unix.Timex
	if state, err := unix.Adjtimex(&x); err == nil {
		r.Known, r.Synced = true, state != clockError && x.Status&clockUnsynced == 0
	}
	return r
}

func space(dir string) (s Space, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return s, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	s.Free, s.Total, s.Files = int64(st.Bavail)*int64(st.Bsize), int64(st.Blocks)*int64(st.Bsize), -1
	if st.Files > 0 {
		s.Files = int64(st.Ffree)
	}
	return s, nil
}
