package measure

import (
	"math"

	"inkling/model"
	"inkling/model/feature"
)

// blocksASecond is the number of blocks per second of a live source.
const blocksASecond = 100

// LogMel returns the work of the log-mel front end for one second of a 16 kHz signal.
func LogMel() (Work, error) {
	const rate = 16000
	x, err := feature.New(feature.Config{Kind: feature.KindLogMel}, rate, 1)
	if err != nil {
		return Work{}, err
	}
	samples, frames := Noise(rate, 5), make([]float32, 0, 2*x.Dim()*blocksASecond)
	w := Work{Input: x.Dim(), Streams: 1, Case: Case{Name: "logmel", Threads: 1}}
	w.Run = Loop(func() {
		for at := 0; at < rate; at += rate / blocksASecond {
			frames = x.Push(frames[:0], samples[at:at+rate/blocksASecond])
		}
	})
	return w, nil
}

// A second is a second of noise for a model, or a thousand samples of each channel if the
// model has no sampling rate, cut into the blocks of a live source.
type second struct {
	m       *model.Model
	samples []float32
	block   int     // values
	units   float64 // seconds, or samples
}

func newSecond(m *model.Model) *second {
	n := max(1000, int(math.Ceil(m.Config.Rate))) // samples a channel in a repetition
	s := &second{m: m, samples: Noise(n*m.Config.Channels, 6), block: m.Config.Channels * max(1, n/blocksASecond), units: float64(n)}
	if m.Config.Rate > 0 {
		s.units /= m.Config.Rate
	}
	return s
}

// push calls each with the frames of every block.
func (s *second) push(front feature.Extractor, buffer []float32, each func(frames []float32)) []float32 {
	for rest := s.samples; len(rest) > 0; rest = rest[min(s.block, len(rest)):] {
		buffer = front.Push(buffer[:0], rest[:min(s.block, len(rest))])
		each(buffer)
	}
	return buffer
}

func (s *second) work(name string, run func()) Work {
	return Work{Hidden: s.m.Config.Hidden, Input: s.m.Dim(), Streams: 1, Units: s.units, Case: Case{Name: name, Threads: 1, Run: Loop(run)}}
}

// Stream returns the work of one stream of m, front end and steps, for one second of
// signal, or for one sample if the model has no sampling rate.
func Stream(m *model.Model) (Work, error) {
	front, err := m.Front()
	if err != nil {
		return Work{}, err
	}
	sec := newSecond(m)
	s, probs, d := m.NewState(), make([]float32, m.Classes()), m.Dim()
	var frames []float32
	return sec.work("stream", func() {
		frames = sec.push(front, frames, func(x []float32) {
			for ; len(x) > 0; x = x[d:] {
				m.Step(probs, s, x[:d])
			}
		})
	}), nil
}

// Parts returns the works that make up a stream of m, in the units of Stream: the front end;
// the steps; if there is a confirm head, confirming segments of a second, or of the thousand
// samples; and output, which is called with the number of steps.
func Parts(m *model.Model, output func(steps int)) ([]Work, error) {
	front, err := m.Front()
	if err != nil {
		return nil, err
	}
	sec := newSecond(m)
	var buffer, frames []float32
	sec.push(front, nil, func(x []float32) { frames = append(frames, x...) })
	front.Reset()
	s, probs, d := m.NewState(), make([]float32, m.Classes()), m.Dim()
	works := []Work{
		sec.work("front", func() { buffer = sec.push(front, buffer, func([]float32) {}) }),
		sec.work("running", func() {
			for x := frames; len(x) > 0; x = x[d:] {
				m.Step(probs, s, x[:d])
			}
		}),
	}
	if m.HasConfirm() && len(frames) > 0 {
		var tops []float32
		for x := frames; len(x) > 0; x = x[d:] {
			m.Step(probs, s, x[:d])
			tops = append(tops, s.Top()...)
		}
		works = append(works, sec.work("ending", func() { m.Confirm(probs, s, tops) }))
	}
	return append(works, sec.work("output", func() { output(len(frames) / d) })), nil
}
