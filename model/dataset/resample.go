package dataset

import "inkling/internal/resample"

// resampled returns a whole signal at another rate.
func resampled(x []float32, from, to float64, channels int) ([]float32, error) {
	r, err := resample.New(from, to, channels)
	if err != nil {
		return nil, err
	}
	return r.Flush(r.Push(nil, x)), nil
}
