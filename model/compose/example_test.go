package compose_test

import (
	"fmt"
	"io"
	"log"

	"inkling/model/compose"
	"inkling/model/dataset"
)

// Compose a minute of two beeps in random order, and render it block by block.
func ExampleNew() {
	beep := make([]float32, 800)
	for i := range beep {
		beep[i] = 0.5 * float32(i%2)
	}
	set := &dataset.Set{
		Kind: dataset.Audio, Labels: []string{"long", "short"}, Channels: 1, Rate: 1000,
		Examples: []dataset.Example{{Name: "a.wav", Label: 0, Samples: beep}, {Name: "b.wav", Label: 1, Samples: beep[:200]}},
	}
	o := compose.Default()
	o.Duration = 60
	s, err := compose.New(set, o)
	if err != nil {
		log.Fatal(err)
	}
	samples := 0
	r := s.Reader()
	for block := make([]float32, 4096); ; {
		n, err := r.Read(block)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		samples += n
	}
	fmt.Println(samples == int(o.Duration*set.Rate), len(s.Annotations()) == len(s.Events))
	// Output: true true
}
