package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
)

// ForecastOptions are the options of Forecasts.
type ForecastOptions struct {
	Ahead    int                        // horizon in steps, judged besides one step [10]
	Excerpts bool                       // keep what charts are drawn of: ForecastReport.Path and Excerpts
	Each     func(r *ForecastRow) error // called after the evaluation, for every recording in the order of the data
	Progress func(done, total int)      // called after each recording; calls do not overlap
}

// A ForecastReport compares the errors of a model's forecasts with those of the naive
// forecast, which repeats the last sample, on the same steps. Errors are in the signal's
// units.
type ForecastReport struct {
	About      About      `json:"about,omitzero"` // set by the caller
	Recordings int        `json:"recordings"`
	Steps      int        `json:"steps"`  // frames that were read
	Values     int        `json:"values"` // per frame
	Ahead      []Horizon  `json:"ahead"`
	Quantiles  []Coverage `json:"quantiles,omitempty"` // one step ahead

	// With ForecastOptions.Excerpts:
	Path     []Horizon `json:"-"` // each number of steps ahead, up to the greatest
	Excerpts []Excerpt `json:"-"` // the worst ones first

	SeenInTraining int      `json:"seen_in_training"`
	Warnings       []string `json:"warnings,omitempty"`
	Seconds        float64  `json:"seconds"`
}

// A Horizon holds the errors a number of steps ahead. Channels holds those of each channel
// if there are several.
type Horizon struct {
	Steps     int `json:"steps"`
	Forecasts int `json:"forecasts"`
	Distance
	Channels []ChannelDistance `json:"channels,omitempty"`
}

// A ChannelDistance holds the errors of one channel, named by its name or number.
type ChannelDistance struct {
	Name string `json:"name"`
	Distance
}

// A Distance holds the root mean square and the mean absolute error of a forecast and of
// the naive one.
type Distance struct {
	RMSE      Number `json:"rmse"`
	MAE       Number `json:"mae"`
	NaiveRMSE Number `json:"naive_rmse"`
	NaiveMAE  Number `json:"naive_mae"`
}

// Coverage is the share of values at or below a forecast quantile; it should equal Level.
type Coverage struct {
	Level float64 `json:"level"`
	Below Number  `json:"below"`
}

// A ForecastRow holds the figures of one recording.
type ForecastRow struct {
	File  string    `json:"file"`
	Steps int       `json:"steps"`
	Ahead []Horizon `json:"ahead"`
}

// Forecasts evaluates m, a model that forecasts values, on every recording of set; labels
// are ignored. After each frame it judges the forecast of the next one, and after every
// Ahead frames the forecast Ahead steps on, for which the model's own forecasts are fed
// back. set must have the model's rate. The report does not depend on the number of
// processors.
func Forecasts(ctx context.Context, m *model.Model, set *dataset.Set, o ForecastOptions) (*ForecastReport, error) {
	began := time.Now()
	if !m.HasNext() || m.Config.Text() {
		return nil, errors.New("evaluate: the model does not forecast values")
	}
	if o.Ahead == 0 {
		o.Ahead = defaultAhead
	}
	if o.Ahead < 1 {
		return nil, fmt.Errorf("evaluate: ForecastOptions.Ahead is %d steps: give one or more", o.Ahead)
	}
	if len(set.Examples) == 0 {
		return nil, errors.New("there are no recordings to evaluate: choose another split, or give a data set that has some")
	}
	j := &job{m: m, set: set}
	if err := j.checkSignal(); err != nil {
		return nil, err
	}
	sums := make([]*forecastSums, len(set.Examples))
	errs := parallel.ForEach(len(set.Examples), false, o.Progress, func(i int) error {
		sums[i] = newForecastSums(m, o.Ahead)
		if o.Excerpts {
			sums[i].keepExcerpt(m, set, set.Examples[i].Name)
			sums[i].keepPath()
		}
		return sums[i].read(ctx, m, set, &set.Examples[i])
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r := &ForecastReport{Recordings: len(sums), Values: m.Dim(), SeenInTraining: SeenInTraining(m, set), Warnings: j.warnings}
	total := newForecastSums(m, o.Ahead)
	if o.Excerpts {
		total.keepPath()
	}
	for i, s := range sums {
		total.add(s)
		if o.Each != nil {
			if err := o.Each(&ForecastRow{File: set.Examples[i].Name, Steps: s.steps, Ahead: s.horizons()}); err != nil {
				return nil, err
			}
		}
	}
	r.Steps, r.Ahead, r.Quantiles = total.steps, total.horizons(), total.coverage(m)
	if total.at[0].n == 0 {
		return nil, errors.New("evaluate: no recording has a second step that could be forecast")
	}
	if o.Excerpts {
		r.Path, r.Excerpts = total.horizonsOf(total.path), worstExcerpts(sums)
	}
	r.Seconds = time.Since(began).Seconds()
	return r, nil
}

const defaultAhead = 10

// forecastSums adds up the errors of forecasts.
type forecastSums struct {
	names  []string // of the channels
	steps  int
	at     [2]distances // one step ahead, and Ahead
	path   []distances  // 1 to Ahead steps ahead, made every Ahead steps or a few more
	turn   int          // the step at which the next ones are made
	kept   *excerpts    // nil: none are
	below  []int        // values at or below each quantile
	values int
}

// distances holds the sums of squared and of absolute errors, by channel, of the forecast
// and of the naive one.
type distances struct {
	ahead, n         int // n: values per channel
	forecasts        int
	square, size     []float64
	naive2, naiveAbs []float64
}

func newForecastSums(m *model.Model, ahead int) *forecastSums {
	c := m.Config.Channels
	s := &forecastSums{names: m.Config.Names, below: make([]int, len(m.Config.Next.Quantiles))}
	for k := range c {
		if len(m.Config.Names) == 0 {
			s.names = append(s.names, fmt.Sprint("channel ", k+1))
		}
	}
	for i, n := range []int{1, ahead} {
		s.at[i] = newDistances(n, c)
	}
	return s
}

// keepPath has s keep the errors of each number of steps ahead.
func (s *forecastSums) keepPath() {
	for k := range s.at[1].ahead {
		s.path = append(s.path, newDistances(k+1, len(s.at[1].square)))
	}
}

func newDistances(ahead, channels int) distances {
	return distances{ahead: ahead, square: make([]float64, channels), size: make([]float64, channels), naive2: make([]float64, channels), naiveAbs: make([]float64, channels)}
}

// read runs one recording through m.
func (s *forecastSums) read(ctx context.Context, m *model.Model, set *dataset.Set, e *dataset.Example) error {
	front, err := m.FrontOf(set.Channels)
	if err != nil {
		return err
	}
	frames, d := front.Push(nil, e.Samples), m.Dim()
	net, scratch, out, fed := m.NewState(), m.NewState(), make([]float32, m.Outputs()), make([]float32, m.Outputs())
	far := s.at[1].ahead
	ahead := make([]float32, far*d)
	for t := 0; t+d <= len(frames); t += d {
		if t%(d<<12) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		x := frames[t : t+d]
		m.Step(nil, net, x)
		s.steps++
		if t+2*d > len(frames) {
			break
		}
		m.Next(out, net)
		y := frames[t+d:][:d]
		s.at[0].add(m.Point(out), y, x)
		s.cover(out, y)
		s.kept.add(out, m.Point(out), y, x)
		if to := t + far*d; s.steps%far == 0 && to+d <= len(frames) {
			m.ForecastAhead(ahead, net, scratch, fed)
			s.at[1].add(ahead[(far-1)*d:], frames[to:][:d], x)
		}
		if to := t + far*d; s.path != nil && s.steps >= s.turn && to+d <= len(frames) {
			m.ForecastAhead(ahead, net, scratch, fed)
			for k := range s.path {
				s.path[k].add(ahead[k*d:][:d], frames[t+(k+1)*d:][:d], x)
			}
			s.turn += far + s.path[0].forecasts%3 // in no step with the signal
		}
	}
	return nil
}

// add adds the error of a forecast of frame y; x is the last frame that was read.
func (s *distances) add(forecast, y, x []float32) {
	c := len(s.square)
	for j, v := range y {
		e, naive := float64(v)-float64(forecast[j]), float64(v)-float64(x[len(x)-c+j%c])
		s.square[j%c] += e * e
		s.size[j%c] += math.Abs(e)
		s.naive2[j%c] += naive * naive
		s.naiveAbs[j%c] += math.Abs(naive)
	}
	s.n += len(y) / c
	s.forecasts++
}

// cover counts values at or below each forecast quantile.
func (s *forecastSums) cover(out, y []float32) {
	for k := range s.below {
		for j, v := range y {
			if v <= out[k*len(y)+j] {
				s.below[k]++
			}
		}
	}
	s.values += len(y)
}

func (s *forecastSums) add(o *forecastSums) {
	s.steps += o.steps
	s.values += o.values
	for k, n := range o.below {
		s.below[k] += n
	}
	for i := range s.at {
		s.at[i].merge(&o.at[i])
	}
	for i := range s.path {
		s.path[i].merge(&o.path[i])
	}
}

func (s *distances) merge(o *distances) {
	s.n += o.n
	s.forecasts += o.forecasts
	for c := range s.square {
		s.square[c] += o.square[c]
		s.size[c] += o.size[c]
		s.naive2[c] += o.naive2[c]
		s.naiveAbs[c] += o.naiveAbs[c]
	}
}

func (s *forecastSums) coverage(m *model.Model) (cs []Coverage) {
	for k, n := range s.below {
		cs = append(cs, Coverage{m.Config.Next.Quantiles[k], Number(float64(n) / float64(s.values))})
	}
	return cs
}

func (s *forecastSums) horizons() []Horizon { return s.horizonsOf(s.at[:]) }

func (s *forecastSums) horizonsOf(at []distances) (hs []Horizon) {
	for i := range at {
		a := &at[i]
		if i > 0 && a.ahead == 1 {
			break
		}
		h := Horizon{Steps: a.ahead, Forecasts: a.forecasts, Distance: a.distance(0, len(a.square))}
		for c := range a.square {
			if len(a.square) > 1 {
				h.Channels = append(h.Channels, ChannelDistance{s.names[c], a.distance(c, c+1)})
			}
		}
		hs = append(hs, h)
	}
	return hs
}

// distance returns the errors over the channels [from, to).
func (s *distances) distance(from, to int) Distance {
	n := float64(s.n * (to - from))
	mean := func(x []float64) (sum float64) {
		for _, v := range x[from:to] {
			sum += v / n
		}
		return sum
	}
	return Distance{Number(math.Sqrt(mean(s.square))), Number(mean(s.size)), Number(math.Sqrt(mean(s.naive2))), Number(mean(s.naiveAbs))}
}
