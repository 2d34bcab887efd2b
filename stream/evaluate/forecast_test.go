package evaluate

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"inkling/internal/f32"
	"inkling/internal/testkit/testmodel"
	"inkling/internal/testkit/testset"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// nextModel returns a model of random weights that forecasts values; a naive one repeats the
// last sample.
func nextModel(t *testing.T, channels, samples int, quantiles []float64, naive bool) *model.Model {
	rng := rand.New(rand.NewPCG(1, 1))
	return testmodel.Edited(t, testmodel.Next(0, channels, samples, quantiles), rng, func(p *model.Params) {
		for i := range p.NextW {
			if !naive {
				p.NextW[i] = 0.3 * float32(rng.NormFloat64())
			}
		}
	})
}

// The report's figures equal those of the forecasts counted one by one, on any number of
// processors; far forecasts come from forecasts fed back.
func TestForecastFiguresEqualACount(t *testing.T) {
	m, set := nextModel(t, 2, 3, []float64{0.25, 0.5, 0.9}, false), testset.Walks(2, 200, 5, 91, 3)
	r, err := Forecasts(t.Context(), m, set, ForecastOptions{Ahead: 4})
	if err != nil {
		t.Fatal(err)
	}
	var square, size, far [2]float64
	n, farther, below := 0, 0, 0
	for _, e := range set.Examples {
		x := e.Samples[:len(e.Samples)/6*6]
		if len(x) == 0 {
			continue
		}
		out := m.Forecasts(x)
		for at := 6; at < len(x); at++ {
			forecast := out[(at/6-1)*18:][:18]
			v := float64(x[at] - forecast[6+at%6])
			square[at%2] += v * v
			size[at%2] += math.Abs(v)
			n++
			if x[at] <= forecast[12+at%6] {
				below++
			}
		}
		for step := 4; (step+4)*6 <= len(x); step += 4 {
			s, ahead := m.NewState(), make([]float32, 24)
			for k := range step {
				m.Step(nil, s, x[k*6:(k+1)*6])
			}
			m.ForecastAhead(ahead, s, m.NewState(), make([]float32, 18))
			for j, v := range x[(step+3)*6 : (step+4)*6] {
				far[j%2] += float64(v-ahead[18+j]) * float64(v-ahead[18+j])
				farther++
			}
		}
	}
	one, ten := r.Ahead[0], r.Ahead[1]
	for what, pair := range map[string][2]float64{
		"rmse": {float64(one.RMSE), math.Sqrt((square[0] + square[1]) / float64(n))}, "mae": {float64(one.MAE), (size[0] + size[1]) / float64(n)},
		"channel 2": {float64(one.Channels[1].RMSE), math.Sqrt(2 * square[1] / float64(n))},
		"far":       {float64(ten.RMSE), math.Sqrt((far[0] + far[1]) / float64(farther))},
		"coverage":  {float64(r.Quantiles[2].Below), float64(below) / float64(n)},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-6*pair[1] || pair[1] == 0 {
			t.Errorf("%s: %v, counted %v", what, pair[0], pair[1])
		}
	}
	if r.Recordings != 4 || r.Steps != 66+1+30+1 || one.Forecasts != n/6 || ten.Steps != 4 || ten.Forecasts != farther/6 {
		t.Errorf("%+v", r)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	again, _ := Forecasts(t.Context(), m, set, ForecastOptions{Ahead: 4})
	a, b := *r, *again
	a.Seconds, b.Seconds = 0, 0
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if !bytes.Equal(x, y) {
		t.Errorf("%s\non one processor\n%s", x, y)
	}
}

// A model that repeats the last sample has the naive forecast's errors.
func TestModelThatRepeatsHasTheNaiveErrors(t *testing.T) {
	for _, samples := range []int{1, 4} {
		r, err := Forecasts(t.Context(), nextModel(t, 2, samples, nil, true), testset.Walks(2, 300), ForecastOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range r.Ahead {
			if math.Abs(float64(h.RMSE/h.NaiveRMSE)-1) > 1e-5 || math.Abs(float64(h.MAE/h.NaiveMAE)-1) > 1e-5 {
				t.Errorf("%+v", h)
			}
		}
		if len(r.Ahead) != 2 || r.Ahead[1].Steps != 10 {
			t.Errorf("%+v", r)
		}
	}
}

func TestForecastsRefuses(t *testing.T) {
	m := nextModel(t, 1, 2, nil, true)
	for want, set := range map[string]*dataset.Set{"no recordings": testset.Walks(1), "no recording has": testset.Walks(1, 3), "channels": testset.Walks(2, 30)} {
		if _, err := Forecasts(t.Context(), m, set, ForecastOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := Forecasts(t.Context(), m, testset.Walks(1, 30), ForecastOptions{Ahead: -1}); err == nil {
		t.Error("-1 steps ahead")
	}
}

// Bits and right answers equal those of the model's probabilities counted one by one.
func TestReadingFiguresEqualACount(t *testing.T) {
	c := model.Config{Version: 1, Labels: []string{}, Channels: 1, Hidden: 6, Layers: 1, Running: model.RunningNone, Next: &model.Next{Loss: model.LossEntropy},
		Front: feature.Config{Kind: feature.KindChars, Alphabet: " abc"}, Segment: segment.Config{Kind: segment.Whole}, Decision: decide.Config{State: "reset", Gap: "reset"}}
	p := model.NewParams(&c, 1)
	rng := rand.New(rand.NewPCG(5, 5))
	p.Init(rng)
	for i := range p.NextW {
		p.NextW[i] = float32(rng.NormFloat64())
	}
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	set := &dataset.Set{Kind: dataset.Text, Labels: []string{""}, Channels: 1}
	bits, right, unknown, n := 0.0, 0, 0, 0
	for _, text := range []string{"abc cab?", "a", "bb b\naa"} {
		e := dataset.Example{Name: text}
		var codes []float32
		for _, r := range text {
			e.Samples = append(e.Samples, float32(r))
			codes = append(codes, float32(max(strings.IndexRune("? abc\n", r), 0)%5))
		}
		for i := range codes {
			if text[i] == '\n' {
				codes[i] = 1 // white space without a code is a space
			}
		}
		set.Examples = append(set.Examples, e)
		for t, probs := 1, m.Forecasts(codes); t < len(codes); t++ {
			row, k := probs[(t-1)*5:t*5], int(codes[t])
			bits -= math.Log2(float64(row[k]))
			right += one(f32.Argmax(row) == k)
			unknown += one(k == 0)
			n++
		}
	}
	r, err := Reading(t.Context(), m, set, ReadingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Texts != 3 || r.Characters != n || math.Abs(float64(r.Bits)-bits/float64(n)) > 1e-9 || r.Right != ShareOf(right, n) || r.Unknown != ShareOf(unknown, n) || unknown != 1 {
		t.Errorf("%+v; %v bits, %d right of %d", r, bits/float64(n), right, n)
	}
	if _, err := Reading(t.Context(), m, &dataset.Set{Kind: dataset.Series}, ReadingOptions{}); err == nil {
		t.Error("a series is read")
	}
}
