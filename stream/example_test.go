package stream_test

import (
	"context"
	"fmt"
	"io"
	"os"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream"
)

// toy returns a model of one unit that says high or low by the sign of the samples. A
// program loads a trained one with model.Load.
func toy() *model.Model {
	c := model.Config{Version: 1, Labels: []string{"high", "low"}, Channels: 1, Hidden: 1, Layers: 1,
		Front: feature.Config{Kind: feature.KindRaw, Samples: 1}, Running: model.RunningSoftmax, Confirm: true,
		Segment:  segment.Config{Kind: segment.Fixed, Steps: 3},
		Decision: decide.Config{State: decide.Reset, Gap: decide.GapReset}}
	p := model.NewParams(&c, 1)
	p.Forward.IH[2], p.Reverse.IH[2] = 4, 4
	copy(p.RunningW, []float32{4, -4})
	copy(p.ConfirmW, []float32{4, 4, -4, -4})
	m, err := model.New(c, p)
	if err != nil {
		panic(err)
	}
	return m
}

// counter is a source of one stream: n samples of 1, then of -1, in blocks of two.
type counter struct{ at, n uint64 }

func (s *counter) Read(_ context.Context, b *capture.Block) error {
	if s.at >= 2*s.n {
		return io.EOF
	}
	v := float32(1)
	if s.at >= s.n {
		v = -1
	}
	*b = capture.Block{Stream: "counter", Format: capture.Format{Channels: 1}, Offset: s.at, Samples: []float32{v, v}}
	s.at += 2
	return nil
}

func (s *counter) Close() error { return nil }

// printer is a sink that prints confirmed labels.
type printer struct{}

func (printer) Write(_ context.Context, e *stream.Event) error {
	if e.Type == stream.Confirmed {
		fmt.Printf("segment %d [%d, %d): %s\n", e.Segment, e.Start, e.End, e.Label)
	}
	return nil
}

func (printer) Flush(context.Context) error { return nil }
func (printer) Close() error                { return nil }

// A source and a sink of one's own.
func ExampleRun() {
	err := stream.Run(context.Background(), &counter{n: 6}, toy(), &stream.RunOptions{Finite: true}, printer{})
	if err != nil {
		panic(err)
	}
	// Output:
	// segment 1 [0, 3): high
	// segment 2 [3, 6): high
	// segment 3 [6, 9): low
	// segment 4 [9, 12): low
}

// One stream in a program's own loop. The confirmed label may overturn the running one.
func ExampleClassifier() {
	c, err := stream.NewClassifier(toy(), &stream.Options{Emit: stream.Emit{Change: true}})
	if err != nil {
		panic(err)
	}
	var events []stream.Event
	for i, samples := range [][]float32{{1, 1}, {-1, -1}} {
		b := capture.Block{Format: capture.Format{Channels: 1}, Offset: uint64(2 * i), Samples: samples}
		if err := c.Feed(&b); err != nil {
			panic(err)
		}
		events = c.Advance(events[:0])
		for _, e := range events {
			fmt.Println(e.Type, e.Step, e.Label)
		}
	}
	for _, e := range c.End(events[:0], segment.ByEOF) {
		fmt.Println(e.Type, e.Step, e.Label)
	}
	// Output:
	// running 1 high
	// running 3 low
	// confirmed 3 high
	// running 1 low
	// confirmed 1 low
}

// Each event as a line of JSON.
func ExampleNewJSON() {
	sink := stream.NewJSON(os.Stdout)
	e := stream.NewEarly(stream.Header{Session: "5c1d", Stream: "three.wav", Segment: 1, Step: 11, Sample: 3309}, "flute", 0.83)
	if err := sink.Write(context.Background(), &e); err != nil {
		panic(err)
	}
	sink.Close()
	// Output:
	// {"v":1,"type":"early","session":"5c1d","stream":"three.wav","segment":1,"step":11,"sample":3309,"label":"flute","p":0.83}
}
