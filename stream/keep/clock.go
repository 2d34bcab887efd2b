package keep

import "time"

const (
	greatestStep = time.Hour      // of a clock, which is no jump
	distrust     = 24 * time.Hour // of a clock that has jumped
)

// steady returns the time by a clock that does not jump: the time since the machine began.
// On Linux it includes that in which it was asleep. Only differences count.
func (o *Options) steady() time.Time { return time.Now().Add(o.asleep()) }

// A steadyClock is a clock that is not believed for a while after it has jumped: an hour of
// a wrong date must not remove what is kept for years.
type steadyClock struct {
	o     *Options
	wall  time.Time // what it said last
	at    time.Time // when that was, in time that does not jump
	until time.Time // when it is believed again
}

func newSteadyClock(o *Options) *steadyClock {
	now := o.steady()
	return &steadyClock{o: o, wall: o.now().Round(0), at: now, until: now}
}

// now returns what the clock says, or no time if it is not believed.
func (c *steadyClock) now() time.Time {
	wall, at := c.o.now().Round(0), c.o.steady()
	if step := wall.Sub(c.wall) - at.Sub(c.at); step.Abs() > greatestStep {
		c.until = at.Add(distrust)
	}
	if c.wall, c.at = wall, at; at.Before(c.until) {
		return time.Time{}
	}
	return wall
}
