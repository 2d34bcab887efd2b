package stream

import (
	"math"

	"inkling/internal/codec"
	"inkling/model"
)

// A forecaster reports at every step what comes next in a signal. A segment lasts from the
// stream's beginning, or the last gap, to the next one, and what a forecaster holds does
// not grow with it.
type forecaster struct {
	memo
	place
	net      *model.State
	out      []float32 // the last step's Outputs
	passed   uint64    // steps, of which step has as many as an int can count
	counted  uint64    // steps
	reported bool      // there was a forecast event in this segment
	sample   uint64    // of the last one
}

// An aheadMemory is that of steps over the network's own forecasts.
type aheadMemory struct {
	state *model.State
	out   []float32
}

func newForecaster(p *plan) *forecaster {
	return &forecaster{memo: memo{plan: p}, net: p.m.NewState(), out: make([]float32, p.m.Outputs())}
}

func (f *forecaster) begin(_ *Classifier, o *op) {
	f.place.begin(o)
	f.passed, f.counted, f.reported = 0, 0, false
	f.net.Reset()
}

func (f *forecaster) state() (*model.State, []float32) { return f.net, nil }

func (f *forecaster) mark(*Classifier) { f.counted = f.passed }

func (f *forecaster) steps() int { return int(min(f.counted, math.MaxInt)) }

func (f *forecaster) confirms(*Classifier) bool { return false }

// advance reports the frame that has come and what comes next, unless Emit thins it out.
func (f *forecaster) advance(c *Classifier, dst []Event, o *op, frame []float32) []Event {
	f.pass()
	every := c.o.Emit.Every
	skip := every > 0 && f.reported && float64(o.sample-f.sample) < every.Seconds()*c.input.format.Rate
	var p Prediction
	if !skip && f.step > 1 {
		p.Errors = f.room(len(frame))
		for j, v := range c.m.Point(f.out) {
			p.Errors[j] = frame[j] - v
		}
	}
	c.m.Next(f.out, f.net)
	if skip {
		return dst
	}
	p.Values = f.room(len(frame))
	copy(p.Values, frame)
	p.Ahead = f.room(max(c.o.Ahead, 1) * len(frame))
	if c.o.Ahead > 1 {
		w := c.ahead.Get()
		if w.state == nil {
			w.state, w.out = c.m.NewState(), make([]float32, c.m.Outputs())
		}
		c.m.ForecastAhead(p.Ahead, f.net, w.state, w.out)
		c.ahead.Put(w)
	} else {
		copy(p.Ahead, c.m.Point(f.out))
	}
	if levels := c.m.Config.Next.Quantiles; len(levels) > 0 {
		p.Levels, p.Quantiles = levels, f.room(len(f.out))
		copy(p.Quantiles, f.out)
	}
	f.reported, f.sample = true, o.sample
	return c.emit(dst, NewForecast(f.header(o), p, nil))
}

// pass counts a step. 32 bits count 248 days of a hundred steps a second.
func (f *forecaster) pass() {
	f.passed++
	f.step = int(min(f.passed, math.MaxInt))
}

// room returns memory for n values of an event.
func (f *forecaster) room(n int) []float32 {
	mem := f.use()
	from := len(mem.values)
	for range n {
		mem.values = append(mem.values, 0)
	}
	return mem.values[from:len(mem.values):len(mem.values)]
}

// confirm ends the segment; there is nothing more to report.
func (f *forecaster) confirm(_ *Classifier, dst []Event, _ *op) []Event {
	f.open = false
	return dst
}

func (f *forecaster) drop(_ *Classifier, dst []Event, _ *op) []Event {
	f.open = false
	return dst
}

func (f *forecaster) visit(k *codec.Codec) {
	k.Part(f.net.AppendState, f.net.Restore)
	k.Bool(&f.open)
	k.Uint64(&f.id)
	k.Uint64(&f.passed)
	k.Uint64(&f.start)
	k.Uint64(&f.counted)
	k.Floats(&f.out)
	k.Bool(&f.reported)
	k.Uint64(&f.sample)
	f.step = int(min(f.passed, math.MaxInt))
}

func (f *forecaster) consistent(c *Classifier) bool {
	return len(f.out) == c.m.Outputs() && f.counted <= f.passed
}
