package evaluate

import (
	"fmt"
	"math"
	"strconv"
)

// A piece is an example or a crop of one. Positions are samples per channel.
type piece struct {
	example    int
	start, end int
	name       string
	unsure     int // the first steps, in which a stream gives no early label
}

// join replaces the set's examples by joined texts if that is asked for, and finds out
// which of them training has seen, at least in part.
func (j *job) join() error {
	trained := trainedOn(j.m)
	if j.o.Join == 0 {
		for i := range j.set.Examples {
			j.seen = append(j.seen, trained.has(j.set.Examples[i].Hash))
		}
		return nil
	}
	joined, parts, err := j.set.Join(j.o.Join)
	if err != nil {
		return err
	}
	for _, p := range parts {
		seen := false
		for _, e := range j.set.Examples[p[0]:p[1]] {
			seen = seen || trained.has(e.Hash)
		}
		j.seen = append(j.seen, seen)
	}
	j.set = joined
	return nil
}

// cut lists the pieces to evaluate.
func (j *job) cut() error {
	n := j.cropSamples()
	short := 0
	for i, e := range j.set.Examples {
		frames := j.set.Frames(i)
		if n == 0 {
			j.pieces = append(j.pieces, piece{example: i, end: frames, name: e.Name})
			continue
		}
		if frames < n {
			short++
		}
		for at := 0; at+n <= frames; at += n {
			j.pieces = append(j.pieces, piece{example: i, start: at, end: at + n, name: e.Name + "@" + j.position(at)})
		}
	}
	if len(j.pieces) == 0 {
		return fmt.Errorf("no example is as long as a crop of %v s: give a shorter crop", j.o.Crop)
	}
	if short > 0 {
		j.warn("%d of %d examples are shorter than a crop and left out", short, len(j.set.Examples))
	}
	return nil
}

// cropSamples returns the length of a crop in samples per channel, 0 without crops.
func (j *job) cropSamples() int {
	if j.o.Crop == 0 {
		return 0
	}
	return int(min(max(1, math.Round(j.o.Crop*j.rate())), math.MaxInt32))
}

// rate returns the samples per second, 1 if they are unknown.
func (j *job) rate() float64 {
	if r := j.m.Config.Rate; r > 0 {
		return r
	}
	return 1
}

// position writes a sample's time in seconds, to the microsecond.
func (j *job) position(sample int) string {
	return strconv.FormatFloat(math.Round(float64(sample)/j.rate()*1e6)/1e6, 'f', -1, 64)
}

// firstMilestone is the number of characters of the first milestone; each milestone is
// twice the one before.
const firstMilestone = 25

// milestones returns milestones up to the end of the longest piece.
func milestones(pieces []piece) (steps []int) {
	longest := 0
	for _, p := range pieces {
		longest = max(longest, p.end-p.start)
	}
	for n := firstMilestone; n < longest; n *= 2 {
		steps = append(steps, n)
	}
	return steps
}
