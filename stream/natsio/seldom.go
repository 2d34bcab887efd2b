package natsio

import (
	"fmt"
	"time"
)

// seldom tells what can happen with every message a few times a second, and how often it
// happened besides.
type seldom struct {
	began  time.Time // of the current second
	told   int       // in it
	untold int
	last   fault // of the untold
}

// mostTold is how many reports of one kind are told in a second.
const mostTold = 10

// tell returns f, or false if it is not to be told now.
func (s *seldom) tell(now time.Time, f fault) (fault, bool) {
	if now.Sub(s.began) >= reportEvery {
		s.began, s.told = now, 0
	}
	if s.told == mostTold {
		s.untold++
		s.last = f
		return f, false
	}
	s.told++
	return s.count(f), true
}

// late returns the last report that was not told, when the time for it has come.
func (s *seldom) late(now time.Time) (fault, bool) {
	if s.untold == 0 || now.Sub(s.began) < reportEvery {
		return fault{}, false
	}
	s.untold--
	return s.tell(now, s.last)
}

// count adds to f how many reports were not told.
func (s *seldom) count(f fault) fault {
	if s.untold > 0 {
		f.Reason = cut(fmt.Sprintf("%d more since the last report; %s", s.untold, f.Reason))
		s.untold = 0
	}
	return f
}
