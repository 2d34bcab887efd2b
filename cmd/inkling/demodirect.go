//go:build edge

package main

import (
	"encoding/binary"
	"io"
	"math"

	"inkling/capture"
)

// openDemo carries the demo's sound to the model within this process.
func openDemo(rate float64) (*demoWay, error) {
	r, w := io.Pipe()
	src, err := capture.Audio(r, capture.PCMFormat{Format: capture.Format{Rate: rate, Channels: 1}, Encoding: capture.F32LE, Stream: demoSubject}, capture.Options{})
	if err != nil {
		return nil, err
	}
	send := func(samples []float32) error {
		b := make([]byte, 0, 4*len(samples))
		for _, v := range samples {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		_, err := w.Write(b)
		return err
	}
	return &demoWay{says: "%d notes in %.0f s; the NATS server of the demo " + leftOut, send: send, source: src, close: func() {
		w.Close()
		src.Close()
	}}, nil
}
