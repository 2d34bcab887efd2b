package feature_test

import (
	"fmt"
	"log"

	"inkling/model/feature"
)

// Push gives a frame as soon as its last sample has arrived.
func ExampleNew() {
	x, err := feature.New(feature.Config{Kind: feature.KindRaw, Samples: 2, Deltas: 1}, 0, 1)
	if err != nil {
		log.Fatal(err)
	}
	frames := x.Push(nil, []float32{1, 2, 4}) // the third sample waits for the fourth
	fmt.Println(frames)
	frames = x.Push(frames[:0], []float32{7, 9})
	fmt.Println(frames)
	fmt.Println(x.Flush(nil)) // the last sample is repeated
	// Output:
	// [1 2 0 0]
	// [4 7 3 5]
	// [9 9 5 2]
}

// Normalize fills in the defaults of a front end.
func ExampleConfig_Normalize() {
	c, err := feature.Config{Kind: feature.KindLogMel}.Normalize(16000, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Bands, "bands from", c.LowHz, "to", c.HighHz, "Hz, every", c.HopMS, "ms")
	// Output: 40 bands from 20 to 8000 Hz, every 10 ms
}
