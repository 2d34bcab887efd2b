package tune

import (
	"slices"

	"inkling/model/segment"
	"inkling/stream/evaluate"
)

// A course counts the seconds of signal that the model runs over in the whole of Run. The
// number of passes is not known before: settings of the segmenter that change nothing are
// left out. So the course expects all of them and jumps ahead where some are missing.
type course struct{ search, all, done float64 }

// newCourse returns the course of a run that goes on to more recordings after the search.
func (r *run) newCourse(more []evaluate.Recording) course {
	once := seconds(r.searching)
	passes := 1
	if !r.FixedSegments {
		passes += len(slices.Concat(coordinates(r.m.Config.Segment.Kind)...))
	}
	c := course{search: once * float64(passes)}
	c.all = c.search + seconds(more) + 2*seconds(r.proving)
	if once == 0 {
		return course{}
	}
	return c
}

func seconds(recordings []evaluate.Recording) (sum float64) {
	for i := range recordings {
		sum += recordings[i].Seconds
	}
	return sum
}

// collect runs the model over recordings with the segmenter s, nil for its own, and tells how
// far Run is.
func (r *run) collect(s *segment.Config, recordings []evaluate.Recording) ([]*evaluate.Trace, error) {
	o := evaluate.StreamOptions{Segment: s, IgnoreUnknown: r.IgnoreUnknown, KeepProbs: true, Progress: r.Progress}
	if r.Progress != nil && r.course.all > 0 {
		o.Progress = func(done, _ float64) { r.Progress(min(r.course.done+done, r.course.all), r.course.all) }
	}
	traces, err := evaluate.Collect(r.ctx, r.m, recordings, o)
	r.course.done += seconds(recordings)
	return traces, err
}

// searched moves the course to the end of the search.
func (r *run) searched() { r.course.done = max(r.course.done, r.course.search) }
