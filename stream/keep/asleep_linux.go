package keep

import (
	"time"

	"golang.org/x/sys/unix"
)

// asleep returns how long the machine has been asleep since it began: time.Now's own clock
// that does not jump stands still then (clock_gettime(2)).
func asleep() time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
