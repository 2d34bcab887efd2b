// Package cputime reads the processor time of other processes. It is for measurements, on Linux.
package cputime

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Of returns what all threads of a process have used so far, in user mode and in the system, to
// the nanosecond; those that have ended count. It reads the clock that clock_getcpuclockid(3)
// names.
func Of(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED of the kernel's include/linux/posix-timers.h
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("the clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
