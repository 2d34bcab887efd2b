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

// Stream returns the work of one stream of m, front end and steps, for one second of
// signal, or for one sample if the model has no sampling rate.
func Stream(m *model.Model) (Work, error) {
	front, err := m.Front()
	if err != nil {
		return Work{}, err
	}
	n := max(1000, int(math.Ceil(m.Config.Rate))) // samples a channel in a repetition
	block := m.Config.Channels * max(1, n/blocksASecond)
	samples := Noise(n*m.Config.Channels, 6)
	s, probs, d := m.NewState(), make([]float32, m.Classes()), m.Dim()
	var frames []float32
	w := Work{Hidden: m.Config.Hidden, Input: d, Streams: 1, Units: float64(n), Case: Case{Name: "stream", Threads: 1}}
	if m.Config.Rate > 0 {
		w.Units /= m.Config.Rate
	}
	w.Run = Loop(func() {
		for rest := samples; len(rest) > 0; rest = rest[min(block, len(rest)):] {
			frames = front.Push(frames[:0], rest[:min(block, len(rest))])
			for at := 0; at < len(frames); at += d {
				m.Step(probs, s, frames[at:at+d])
			}
		}
	})
	return w, nil
}
