package train_test

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"inkling/model/dataset"
	"inkling/model/train"
)

// waves returns n series of 40 samples, slow waves and fast ones.
func waves(n int) *dataset.Set {
	set := &dataset.Set{Kind: dataset.Series, Labels: []string{"fast", "slow"}, Channels: 1, Hash: "waves"}
	for i := range n {
		e := dataset.Example{Name: fmt.Sprint(i), Group: fmt.Sprint(i), Label: i % 2, Hash: fmt.Sprintf("%08x", i)}
		for t := range 40 {
			e.Samples = append(e.Samples, float32(math.Sin(float64(i)+float64(t)*[]float64{1.2, 0.3}[i%2])))
		}
		set.Examples = append(set.Examples, e)
	}
	return set
}

// Train a small network on labelled series and save it.
func Example() {
	set := waves(60)
	o, _, err := train.Defaults(set, train.PresetShort)
	if err != nil {
		panic(err)
	}
	o.Hidden, o.Epochs, o.LR, o.Folds = 8, 12, 0.02, 0
	result, err := train.Fit(context.Background(), set, nil, o, train.Hooks{}, nil)
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer // or a file
	if err := result.Model.Save(&file); err != nil {
		panic(err)
	}
	fmt.Println(result.Model.Config.Labels, file.Len() > 0)
	// Output: [fast slow] true
}
