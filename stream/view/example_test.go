package view_test

import (
	"context"
	"os"

	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/view"
)

// A view is a sink of stream.Run; here it gets two events directly.
func ExampleNew() {
	v := view.New(os.Stdout, view.Options{Rate: 16000})
	events := []stream.Event{
		stream.NewConfirmed(stream.Header{Stream: "kitchen"}, stream.Answer{Label: "kettle", P: 0.9}, stream.Outcome{Running: "radio", Steps: 42},
			stream.Span{Start: 8000, EndedBy: segment.BySilence}, stream.HeldBack{}),
		stream.NewGap(stream.Header{Stream: "kitchen", Sample: 48000}, 160, "", "overrun"),
	}
	for i := range events {
		if err := v.Write(context.Background(), &events[i]); err != nil {
			panic(err)
		}
	}
	v.Close()
	// Output:
	// kitchen    0.500 s  kettle           ██████████████████··  90 %  42 steps, by silence  overturned radio
	// kitchen    3.000 s  gap: 160 samples lost, overrun
}
