package dataset_test

import (
	"fmt"
	"log"
	"testing/fstest"

	"inkling/model/dataset"
)

// Open a table of texts, list its examples, and divide it into training and test.
func Example() {
	fsys := fstest.MapFS{"greetings.csv": {Data: []byte("text,label,split\nhello,en,train\nbonjour,fr,train\ngoodbye,en,test\n")}}
	set, err := dataset.OpenFS(fsys, "greetings.csv", dataset.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for i, e := range set.Examples {
		fmt.Printf("%s: %s, %d characters: %s\n", e.Name, set.Labels[e.Label], set.Frames(i), dataset.TextOf(e.Samples))
	}
	train, err := set.Train()
	if err != nil {
		log.Fatal(err)
	}
	test, err := set.Test()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(train.Examples), "to train on,", len(test.Examples), "to test on")
	// Output:
	// greetings.csv:2: en, 5 characters: hello
	// greetings.csv:3: fr, 7 characters: bonjour
	// greetings.csv:4: en, 7 characters: goodbye
	// 2 to train on, 1 to test on
}

// Tables of signals are put on one grid. Rows need not be evenly spaced.
func ExampleOpenFS_signals() {
	fsys := fstest.MapFS{
		"motion/still/a.csv": {Data: []byte("time,x,y\n0,0,1\n0.1,0,1\n0.2,0,1\n")},
		"motion/shake/b.csv": {Data: []byte("time,x,y\n0,0,1\n0.2,4,1\n")},
	}
	set, err := dataset.OpenFS(fsys, "motion", dataset.Options{Rate: 10})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Kind, set.Labels, set.Names, set.Rate, "Hz")
	for _, e := range set.Examples {
		fmt.Println(e.Name, e.Samples)
	}
	// Output:
	// series [shake still] [x y] 10 Hz
	// motion/shake/b.csv [0 1 2 1 4 1]
	// motion/still/a.csv [0 1 0 1 0 1]
}
