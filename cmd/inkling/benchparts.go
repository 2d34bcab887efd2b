package main

import (
	"time"

	"inkling/model"
	"inkling/stream"
)

// runningEvents returns a function that writes a running event for each of a number of steps.
func runningEvents(m *model.Model) func(steps int) {
	var buffer []byte
	header := stream.Header{Session: "bench", Stream: "bench", Segment: 1, Time: time.Now()}
	var answer stream.Answer
	for i, label := range m.Config.Labels[:min(3, len(m.Config.Labels))] {
		answer.Top = append(answer.Top, stream.Score{Label: label, P: 0.7318265 / float32(i+1)})
	}
	answer.Warm = true
	return func(steps int) {
		for step := range steps {
			header.Step, header.Sample = step, uint64(step*160)
			e := stream.NewRunning(header, answer)
			buffer = stream.AppendJSON(buffer[:0], &e)
		}
	}
}
