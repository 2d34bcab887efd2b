package evaluate

import (
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/internal/testkit/testset"
)

// Pieces of a recording are its samples, in whatever blocks they come.
func TestCutoutsAreTheRecordingsSamples(t *testing.T) {
	const rate, channels = 8000, 2
	x := make([]float32, 3*rate*channels)
	for i := range x {
		x[i] = float32(i)
	}
	read := func() func([]float32) (int, error) {
		at := 0
		return func(p []float32) (int, error) {
			n := copy(p[:min(len(p), 346)], x[at:])
			if at += n; n == 0 {
				return 0, io.EOF
			}
			return n, nil
		}
	}
	rec := Recording{Name: "r", Open: func() (capture.Source, error) {
		return capture.Func("r", capture.Format{Rate: rate, Channels: channels}, capture.Options{}, read()), nil
	}}
	list := []Cutout{wanted("r", 1, 1.5, 0), wanted("r", 0.1, 0.2, 1), wanted("r", 2.9, 20, 2), wanted("other", 1, 2, 3)}
	if err := extract(t.Context(), &rec, list); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]float64{{0.75, 1.75}, {0, 0.45}, {2.65, 3}} {
		c := &list[i]
		from, to := int(want[0]*rate)*channels, int(want[1]*rate)*channels
		if !slices.Equal(c.Samples, x[from:to]) || c.Channels != channels || c.Kind != "audio" {
			t.Errorf("%d: %d samples from %v, want %d from %d", i, len(c.Samples), c.Samples[:min(len(c.Samples), 1)], to-from, from)
		}
	}
	if list[3].Samples != nil {
		t.Error("another recording's piece has samples")
	}
}

// An excerpt has the errors that the report counts, and the path begins with them.
func TestExcerptsAreTheForecasts(t *testing.T) {
	m := testmodel.New(t, testmodel.Next(0, 1, 1, []float64{0.1, 0.5, 0.9}), rand.New(rand.NewPCG(4, 1)))
	set := testset.Walks(1, 200)
	set.Channels = 1
	r, err := Forecasts(t.Context(), m, set, ForecastOptions{Ahead: 1, Excerpts: true})
	if err != nil {
		t.Fatal(err)
	}
	e := &r.Excerpts[0]
	sum := 0.0
	for i, v := range e.Truth {
		sum += math.Pow(float64(v)-float64(e.Forecast[i]), 2)
		if !(e.Low[i] <= e.High[i]) {
			t.Fatalf("value %d: quantiles %v and %v", i, e.Low[i], e.High[i])
		}
	}
	if n := float64(len(e.Truth)); n < 190 || math.Abs(sum/n-e.Error) > 1e-9*e.Error || len(e.Truth) == r.Steps-1 && math.Abs(math.Sqrt(sum/n)-float64(r.Ahead[0].RMSE)) > 1e-6 {
		t.Errorf("%v values, error %g, told %g; report %v", n, sum/n, e.Error, r.Ahead[0])
	}
	plain, err := Forecasts(t.Context(), m, set, ForecastOptions{Ahead: 1})
	if err != nil || plain.Ahead[0].Distance != r.Ahead[0].Distance || plain.Excerpts != nil || plain.Path != nil {
		t.Errorf("%v; without excerpts %v, with them %v", err, plain.Ahead, r.Ahead)
	}
}
