package train

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"inkling/model/feature"
)

// A search begins with what it is given, ends in its best trial, and is the same each
// time; the setting that it finds is worth no less on new examples.
func TestSearchEndsInItsBestTrial(t *testing.T) {
	t.Parallel()
	set := toySet(60, 1)
	o := toyOptions()
	o.Dropout, o.Epochs, o.Folds = 0.9, 6, 3 // so that there is something to find
	best, trials, err := Search(t.Context(), set, o, 6, Hooks{}, nil)
	if err != nil || len(trials) != 6 || trials[0].Change != "" || !trials[0].Kept || !reflect.DeepEqual(trials[0].Options, o) {
		t.Fatalf("%v, %+v", err, trials)
	}
	least := trials[0]
	for _, u := range trials[1:] {
		if u.Kept != (u.Loss < least.Loss) {
			t.Errorf("%q of loss %v kept: %v, least so far %v", u.Change, u.Loss, u.Kept, least.Loss)
		}
		if u.Kept {
			least = u
		}
	}
	if !reflect.DeepEqual(best, least.Options) || least.Loss >= trials[0].Loss {
		t.Errorf("best is %+v of loss %v", best, least.Loss)
	}
	again, same, err := Search(t.Context(), set, o, 6, Hooks{}, nil)
	if err != nil || !reflect.DeepEqual(again, best) || !reflect.DeepEqual(same, trials) {
		t.Errorf("another search: %v", err)
	}
	var b bytes.Buffer
	if err := WriteTrials(&b, trials); err != nil || strings.Count(b.String(), "\n") != 7 {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// A search over frames of sound tries them with and without their mean, and keeps what it
// found when it tries others.
func TestSearchTriesTheMean(t *testing.T) {
	t.Parallel()
	set := toySet(10, 1)
	base := toyOptions()
	base.Front = feature.Config{Kind: feature.KindLogMel, Bands: 7}
	found := map[string]Options{}
	for _, g := range moves(set, base) {
		for _, m := range g {
			o := base
			o.Front.MeanPrior, o.Front.MeanMemory = meanPrior, 99
			if m.change(&o) {
				found[m.name] = o
			}
			o = base
			if m.change(&o) && strings.HasPrefix(m.name, "mean-prior") {
				found[m.name+" added"] = o
			}
		}
	}
	if o, ok := found["mean-prior 0"]; !ok || o.Front != base.Front {
		t.Errorf("without: %v, %+v", ok, o.Front)
	}
	if o, ok := found["mean-prior 30 added"]; !ok || o.Front.MeanPrior != 30 {
		t.Errorf("with: %v, %+v", ok, o.Front)
	}
	if o, ok := found["mfcc with deltas"]; !ok || o.Front.Kind != feature.KindMFCC || o.Front.MeanPrior != 30 || o.Front.MeanMemory != 99 {
		t.Errorf("mfcc: %v, %+v", ok, o.Front)
	}
	if len(found) < 10 || found["mean-prior 0 added"].Front.Kind != "" || found["mean-prior 30"].Front.Kind != "" {
		t.Errorf("moves that change nothing: %d", len(found))
	}
}
