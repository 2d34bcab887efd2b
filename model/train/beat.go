package train

import (
	"fmt"
	"math"

	"inkling/internal/qrs"
	"inkling/model/dataset"
)

// beatDefaults are patches of about 20 ms with the beat's context. Patients are few, and
// what tells one's beats from another's is learned all too soon: a small network, few
// updates and strong augmentation. By folds of patients of the split DS1 of the MIT-BIH
// Arrhythmia Database, macro F1: 0.65 with a tenth of the dropout, 0.70 with 100 units and
// 1,500 updates, 0.73 so; weights by inverse frequency itself cost S a third of its
// precision.
func beatDefaults(set *dataset.Set, o Options) (Options, string) {
	o.Front.Samples = 4
	o.Front.Decimate = max(int(math.Round(set.Rate/180)), 1)
	o.Front.Deltas = 1
	o.Front.Context = qrs.Features
	o.Dropout, o.Noise, o.Jitter, o.Crop = 0.5, 0.3, 0.3, -1
	o.Hidden, o.MinUpdates, o.LR = 48, 600, 0.001
	o.ClassWeights, o.WeightPower = true, 0.75
	o.Folds = defaultFolds
	return o, fmt.Sprintf("heartbeats at %.4g Hz: raw front end, %d samples a step%s with deltas, and %d values of context",
		set.Rate, o.Front.Samples, decimated(o.Front.Decimate), o.Front.Context)
}
