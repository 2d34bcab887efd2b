package stream

import "time"

const (
	saveOverhead = 48 << 10 // what a save puts on the disk beside the state: about, the journal of ext4 for three syncs
	leastOften   = time.Hour
)

// wear returns how long to wait after a save so that SaveDaily is kept.
func (k *keeper) wear() time.Duration {
	if k.file == nil || k.src != nil || k.r.o.SaveDaily == 0 {
		return 0
	}
	const block = 4 << 10
	bytes := (k.file.size+block-1)/block*block + saveOverhead
	return time.Duration(min(float64(24*time.Hour)*float64(bytes)/float64(k.r.o.SaveDaily), float64(leastOften)))
}
