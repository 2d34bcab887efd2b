package stem_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"inkling/model/feature"
	"inkling/model/stem"
)

// A stem makes one frame out of several frames of the front end.
func ExampleStem_Front() {
	raw := feature.Config{Kind: feature.KindRaw}
	c, err := stem.Parse("conv:4/2x8,3/2x8")
	if err != nil {
		log.Fatal(err)
	}
	if c, err = c.Normalize(raw, 0, 1); err != nil {
		log.Fatal(err)
	}
	p := stem.NewParams(&c, 1)
	p.Init(rand.New(rand.NewPCG(1, 1)))
	s := stem.New(c, 0, 1, p)

	base, err := feature.New(raw, 0, 1)
	if err != nil {
		log.Fatal(err)
	}
	x := s.Front(base, []float32{0}, []float32{1}, 1)
	frames := x.Push(nil, make([]float32, 40))
	fmt.Println(len(frames)/x.Dim(), "frames of", x.Dim(), "features")
	// Output: 10 frames of 8 features
}
