package evaluate

import (
	"cmp"
	"slices"

	"inkling/model"
	"inkling/model/dataset"
)

// An Excerpt is a stretch of a recording with the forecasts one step ahead: of the first
// channel, in the signal's units.
type Excerpt struct {
	Name    string  // of the recording
	Channel string  // "" if there is only one
	From    int     // the first step
	Samples int     // values per step
	Rate    float64 // values per second; 0: unknown

	Truth, Forecast []float32
	Low, High       []float32 // the lowest and the highest quantile; nil without two of them

	Error float64 // mean of the squares
	Naive float64 // that of the naive forecast
}

const (
	excerptValues = 240 // of an excerpt, about
	mostExcerpts  = 6
)

// excerpts keeps the stretch of a recording with the greatest error.
type excerpts struct {
	now, worst Excerpt
	channels   int
	levels     []float64
	step       int // steps forecast so far
}

// keepExcerpt has s keep the worst excerpt of a recording.
func (s *forecastSums) keepExcerpt(m *model.Model, set *dataset.Set, name string) {
	c := max(m.Config.Channels, 1)
	e := Excerpt{Name: name, Samples: max(m.Dim()/c, 1), Rate: set.Rate, From: 1}
	if c > 1 {
		e.Channel = s.names[0]
	}
	s.kept = &excerpts{now: e, channels: c, levels: m.Config.Next.Quantiles}
}

// add takes the forecast of frame y, as quantiles and as a point, made after frame x.
func (k *excerpts) add(out, point, y, x []float32) {
	if k == nil {
		return
	}
	e := &k.now
	k.step++
	for i := 0; i < len(y); i += k.channels {
		e.Truth = append(e.Truth, y[i])
		e.Forecast = append(e.Forecast, point[i])
		if n := len(k.levels); n > 1 {
			e.Low = append(e.Low, out[i])
			e.High = append(e.High, out[(n-1)*len(y)+i])
		}
		d, naive := float64(y[i])-float64(point[i]), float64(y[i])-float64(x[len(x)-k.channels])
		e.Error += d * d
		e.Naive += naive * naive
	}
	if len(e.Truth) >= excerptValues {
		k.end()
	}
}

// end ends the present excerpt.
func (k *excerpts) end() {
	e := k.now
	n := float64(len(e.Truth))
	e.Error, e.Naive = e.Error/n, e.Naive/n
	if k.worst.Truth == nil || e.Error > k.worst.Error {
		k.worst = e
	}
	k.now.From = k.step + 1
	k.now.Truth, k.now.Forecast, k.now.Low, k.now.High, k.now.Error, k.now.Naive = nil, nil, nil, nil, 0, 0
}

// worstExcerpts returns the worst excerpts of recordings, the worst first.
func worstExcerpts(sums []*forecastSums) (list []Excerpt) {
	for _, s := range sums {
		if s.kept.worst.Truth == nil && len(s.kept.now.Truth) > 0 { // a short recording
			s.kept.end()
		}
		if s.kept.worst.Truth != nil {
			list = append(list, s.kept.worst)
		}
	}
	slices.SortStableFunc(list, func(a, b Excerpt) int { return cmp.Compare(b.Error, a.Error) })
	return list[:min(len(list), mostExcerpts)]
}
