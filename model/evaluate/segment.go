package evaluate

import "errors"

func (j *job) segment(samples []float32) (start, end int, err error) {
	return 0, 0, errors.New("evaluate: segmenters wait for package stream")
}
