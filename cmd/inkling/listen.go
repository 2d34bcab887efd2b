package main

import (
	"strings"
	"time"

	"inkling/model/segment"
)

// listen returns how long a stream only listens at first.
func (c *runCmd) listen(kind segment.Kind) (time.Duration, error) {
	listens := kind == segment.Activity || kind == segment.Label
	switch {
	case c.Listen == nil && listens && len(c.Source) > 0 && (c.Source[0] == "mic" || strings.HasPrefix(c.Source[0], "mic:")):
		return 2 * time.Second, nil
	case c.Listen == nil || *c.Listen == 0:
		return 0, nil
	case *c.Listen < 0 || *c.Listen > 3600:
		return 0, usagef("--listen %v: give 0 to 1h", float64(*c.Listen))
	case !listens:
		return 0, usagef("--listen is for --segment activity and label, which wait for a sound, and this is %s: leave it out", kind)
	}
	return time.Duration(float64(*c.Listen) * float64(time.Second)), nil
}
