package train

import (
	"fmt"

	"inkling/model"
	"inkling/model/dataset"
)

// matlabDefaults are the network of MATLAB's examples of classification: sequenceInputLayer
// with the normalisation zscore, bilstmLayer(100, OutputMode="last"), fullyConnectedLayer
// and softmaxLayer, trained without augmentation, dropout, label smoothing and weight decay.
// With a label for every step it is lstmLayer(100, OutputMode="sequence"): the running head
// alone.
func matlabDefaults(set *dataset.Set, o Options, n int) (Options, string) {
	o = o.Plain()
	o.Front.Samples, o.Hidden, o.Layers, o.Running = 1, 100, 1, model.RunningNone
	text := fmt.Sprintf("%s of %d samples, %d channels (preset %s): raw front end, one sample a step, ", set.Kind, n, set.Channels, PresetMATLAB)
	if !set.Stepwise() {
		return o, text + "the confirm head alone, no augmentation"
	}
	o.Running, o.NoConfirm, o.RunningWeight, o.Runs, o.Carry, o.MinUpdates = model.RunningSoftmax, true, 1, RunsWhole, 0, 600
	return o, text + "the running head alone, no augmentation"
}
