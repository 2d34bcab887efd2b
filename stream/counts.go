package stream

import "time"

// counts are the figures of the summary.
type counts struct {
	streams, segments, confirmed, rejected, dropped, overturned, early, forecasts, gaps, lost float64
}

func (n *counts) add(e *Event) {
	switch e.Type {
	case Confirmed:
		n.segments++
		n.confirmed++
		if e.Rejected {
			n.rejected++
		}
		if e.Running != "" && !e.Agrees {
			n.overturned++
		}
	case Dropped:
		if e.Segment > 0 { // else it was sound that opened no segment
			n.segments++
			n.dropped++
		}
	case Early:
		n.early++
	case Forecast:
		n.forecasts++
	case Gap:
		n.gaps++
		n.lost += float64(e.Lost)
	}
}

func (r *runner) summary() Event {
	n := &r.counts
	seconds := Count{"seconds", r.took().Seconds()}
	if r.m.HasNext() {
		return NewSummary(Header{}, Count{"streams", n.streams}, Count{"forecasts", n.forecasts}, Count{"gaps", n.gaps}, Count{"lost", n.lost}, seconds)
	}
	return NewSummary(Header{}, Count{"streams", n.streams}, Count{"segments", n.segments}, Count{"confirmed", n.confirmed}, Count{"rejected", n.rejected},
		Count{"dropped", n.dropped}, Count{"overturned", n.overturned}, Count{"early", n.early}, Count{"gaps", n.gaps}, Count{"lost", n.lost}, seconds)
}

// took returns how long the Run has taken, with those that it goes on from.
func (r *runner) took() time.Duration {
	d := r.now().Sub(r.began)
	if r.keeper != nil {
		d += r.keeper.before
	}
	return d
}
