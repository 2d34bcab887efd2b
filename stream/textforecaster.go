package stream

import "math"

// A textForecaster reports at every character which ones are likely to come next, and how
// many bits the forecast before it needed for this one.
type textForecaster struct{ forecaster }

func newTextForecaster(p *plan) *textForecaster { return &textForecaster{*newForecaster(p)} }

func (f *textForecaster) advance(c *Classifier, dst []Event, o *op, frame []float32) []Event {
	f.pass()
	code := 0
	if v := frame[0]; v > 0 && v < float32(len(c.names)) { // a restored frame may hold anything
		code = int(v)
	}
	p := Prediction{Text: &c.names[code]}
	if f.step > 1 {
		p.Bits = -math.Log2(max(float64(f.out[code]), 1e-30))
	}
	c.m.Next(f.out, f.net)
	mem := f.use()
	from := len(mem.scores)
	mem.scores = appendTop(mem.scores, f.out, c.names, c.top())
	return c.emit(dst, NewForecast(f.header(o), p, mem.scores[from:len(mem.scores):len(mem.scores)]))
}
