// Package cputime reads the processor time of other processes. It is for measurements, on Linux.
package cputime

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Of returns the processor time that a process has used so far, its own and the system's for
// it, to the nanosecond. Threads that have ended count as well. It reads the clock of
// clock_getcpuclockid(3).
func Of(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED of the kernel's include/linux/posix-timers.h
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("the clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
