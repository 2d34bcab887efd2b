package train

import (
	"reflect"
	"testing"

	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
	"inkling/model/decide"
)

// A label that background is taken for has a higher threshold; the others do not pay for it.
func TestThresholdsOfLabels(t *testing.T) {
	c := &model.Config{Labels: []string{"a", dataset.Background, "b", "c"}}
	said := func(label, k int, p float32) calibrate.HeldOut {
		v := calibrate.HeldOut{Label: label, Probs: make([]float32, 4)}
		for i := range v.Probs {
			v.Probs[i] = (1 - p) / 3
		}
		v.Probs[k] = p
		return v
	}
	var cuts []calibrate.HeldOut
	for _, k := range []int{0, 2, 3} {
		for range 100 {
			cuts = append(cuts, said(k, k, 0.97))
		}
	}
	// heard has n openings on background of which b is said, and as many that are known for it
	heard := func(n int) []calibrate.HeldOut {
		all := cuts[:len(cuts):len(cuts)]
		for range n {
			all = append(all, said(1, 2, 0.68), said(1, 1, 0.99))
		}
		return all
	}
	mistaken := append(cuts[:len(cuts):len(cuts)], said(0, 3, 0.55), said(0, 3, 0.55), said(0, 3, 0.55), said(0, 3, 0.55), said(0, 3, 0.55), said(2, 3, 0.4), said(2, 3, 0.4), said(2, 3, 0.4))
	on := func(p float64) map[string]float64 { return map[string]float64{"b": p} }
	for _, x := range []struct {
		name   string
		said   []calibrate.HeldOut
		anHour float64
		want   decide.Config
	}{
		{"nothing wrong", cuts, 1, decide.Config{Threshold: 0.3}},
		{"no more than its third of five alarms", heard(2), 1, decide.Config{Threshold: 0.3}},
		{"b more than its third", heard(3), 1, decide.Config{Threshold: 0.3, On: on(0.7)}},
		{"the same over more hours", heard(3), 0.5, decide.Config{Threshold: 0.3}},
		{"so many that the others are suspected too", heard(11), 1, decide.Config{Threshold: 0.7}},
		{"c of others", mistaken, 1, decide.Config{Threshold: 0.3, On: map[string]float64{"c": 0.45}}},
	} {
		var d decide.Config
		putThresholds(&d, thresholds(c, x.said, x.anHour), c.Labels)
		if !reflect.DeepEqual(d, x.want) {
			t.Errorf("%s: %v and %v, want %v and %v", x.name, d.Threshold, d.On, x.want.Threshold, x.want.On)
		}
	}
	if got := rightShare(eventsOf(c, append(mistaken, heard(4)[len(cuts):]...))); got != round6(300.0/308) {
		t.Errorf("right share %v", got)
	}
}
