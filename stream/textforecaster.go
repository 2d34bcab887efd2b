package stream

import "math"

// A textForecaster reports at every character which ones are likely to come next, and how
// many bits the forecast before it needed for this one.
type textForecaster struct {
	forecaster
	names  []string // of the codes; code 0, a character outside the alphabet, has none
	scores []Score  // memory of the events since release
}

func newTextForecaster(c *Classifier) *textForecaster {
	f := &textForecaster{forecaster: *newForecaster(c), names: []string{""}}
	for _, r := range c.m.Config.Front.Alphabet {
		f.names = append(f.names, string(r))
	}
	return f
}

func (f *textForecaster) release() { f.scores = f.scores[:0] }

func (f *textForecaster) advance(c *Classifier, dst []Event, o *op, frame []float32) []Event {
	f.step++
	code := 0
	if v := frame[0]; v > 0 && v < float32(len(f.names)) { // a restored frame may hold anything
		code = int(v)
	}
	p := Prediction{Text: &f.names[code]}
	if f.step > 1 {
		p.Bits = -math.Log2(max(float64(f.out[code]), 1e-30))
	}
	c.m.Next(f.out, f.net)
	from := len(f.scores)
	f.scores = appendTop(f.scores, f.out, f.names, c.top())
	return c.emit(dst, NewForecast(f.header(o), p, f.scores[from:len(f.scores):len(f.scores)]))
}
