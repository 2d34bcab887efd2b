package train

import (
	"fmt"
	"math"

	"inkling/internal/qrs"
	"inkling/model/dataset"
)

// beatDefaults are patches of about 20 ms with the beat's context. Patients are few, and
// what tells one's beats from another's is learned all too soon: a small network, few
// updates, strong augmentation, and weights by the root of the inverse frequency. So said
// four folds of the 22 patients of the split DS1 of the MIT-BIH Arrhythmia Database: macro
// F1 0.76; with the power 0.75 for the root 0.74.
func beatDefaults(set *dataset.Set, o Options) (Options, string) {
	o.Front.Samples = 4
	o.Front.Decimate = max(int(math.Round(set.Rate/180)), 1)
	o.Front.Deltas = 1
	o.Front.Context = qrs.Features
	return o, fmt.Sprintf("heartbeats at %.4g Hz: raw front end, %d samples a step%s with deltas, and %d values of context",
		set.Rate, o.Front.Samples, decimated(o.Front.Decimate), o.Front.Context)
}
