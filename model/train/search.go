package train

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/stem"
)

// A Trial is one setting that Search has cross-validated.
type Trial struct {
	Change             string  // from the best setting before it; "" for the first
	Loss               float64 // of the confirmed label, calibrated, on examples not trained on
	Confirmed, Running float64 // accuracies
	Kept               bool    // the best so far
	Options            Options
}

// Search tries up to n settings by cross-validation on set and returns the options with the
// lowest loss. It begins with base and makes one change after another, in the order in which
// they tend to matter (coordinate descent): a change that lowers the loss is kept. It goes
// by the loss because a few hundred examples distinguish losses long before accuracies.
// report, if not nil, is called after each trial. The same set, options and n give the same
// result.
func Search(ctx context.Context, set *dataset.Set, base Options, n int, hooks Hooks, report func(Trial)) (best Options, trials []Trial, err error) {
	if err := base.checkCut(); err != nil {
		return base, nil, err
	}
	try := func(change string, o Options) (bool, error) {
		t := Trial{Change: change, Options: o}
		e, err := crossValidate(ctx, set, o, hooks)
		if err != nil {
			return false, err
		}
		t.Loss, t.Confirmed, t.Running = calibrate.Loss(e.finals), e.confirm, e.running
		t.Kept = true
		for _, u := range trials {
			t.Kept = t.Kept && t.Loss < u.Loss
		}
		if t.Kept {
			best = o
		}
		trials = append(trials, t)
		if report != nil {
			report(t)
		}
		return t.Kept, nil
	}
	if _, err := try("", base); err != nil {
		return base, trials, err
	}
	for _, group := range moves(set, base) {
		for _, m := range group {
			o := best
			if len(trials) >= n {
				return best, trials, nil
			}
			if !m.change(&o) {
				continue
			}
			kept, err := try(m.name, o)
			if err != nil {
				return best, trials, err
			}
			if kept {
				break // the others of the group go further than this, or the other way
			}
		}
	}
	return best, trials, nil
}

// crossValidate judges o on the parts of set that its folds hold out. If there are few
// groups, each is held out by itself, so that settings are chosen for unseen groups, unless
// some label needs every group.
func crossValidate(ctx context.Context, set *dataset.Set, o Options, hooks Hooks) (evaluation, error) {
	if o.Folds <= 0 {
		o.Folds = defaultFolds
	}
	o.Validation, o.FoldShare, o.Detector = 0, 1, 0
	t, err := prepareUntil(ctx, set, nil, o, &Hooks{}, nil)
	if err != nil {
		return evaluation{}, err
	}
	folds := t.folds
	if n := groups(set); n > 2 && n < fewGroups {
		o.Folds = n
		if alone := folded(set, &o); len(alone) == n {
			folds = alone
		}
	}
	t.enter(folds, false)
	t.ledger.begin()
	quiet := Hooks{Progress: hooks.Progress}
	if err := t.crossFit(ctx, &quiet); err != nil {
		return evaluation{}, t.interrupted(err, &quiet)
	}
	return t.heldOut(t.best), nil
}

// A move changes one thing of a setting; change reports whether that differs from before.
type move struct {
	name   string
	change func(o *Options) bool
}

// moves returns the changes that Search tries. The moves of a group are alternatives.
func moves(set *dataset.Set, base Options) [][]move {
	number := func(name string, field func(o *Options) *float64, values ...float64) (g []move) {
		for _, v := range values {
			g = append(g, move{fmt.Sprintf("%s %g", name, v), func(o *Options) bool {
				before := *field(o)
				*field(o) = v
				return before != *field(o)
			}})
		}
		return g
	}
	whole := func(name string, field func(o *Options) *int, value int) move {
		return move{fmt.Sprintf("%s %d", name, value), func(o *Options) bool {
			before := *field(o)
			*field(o) = value
			return before != value
		}}
	}
	if base.Front.Kind == feature.KindChars {
		return append(textMoves(),
			number("dropout", func(o *Options) *float64 { return &o.Dropout }, 0, 0.1),
			number("smoothing", func(o *Options) *float64 { return &o.Smoothing }, 0, 0.05),
			[]move{whole("updates", func(o *Options) *int { return &o.MinUpdates }, 2*cmp.Or(base.MinUpdates, 1500))})
	}
	var gs [][]move
	if base.Front.Kind == feature.KindRaw && base.Stem.Kind == "" {
		samples := max(base.Front.Samples, 1)
		size := func(o *Options) *int { return &o.Front.Samples }
		gs = append(gs,
			[]move{whole("samples", size, 2*samples), whole("samples", size, max(samples/2, 1)), whole("samples", size, 4*samples)},
			[]move{whole("deltas", func(o *Options) *int { return &o.Front.Deltas }, 1-min(base.Front.Deltas, 1))})
	}
	if base.Front.Kind == feature.KindLogMel || base.Front.Kind == feature.KindMFCC {
		gs = append(gs, number("snr", func(o *Options) *float64 { return &o.SNR }, 10, 0), []move{
			{"mfcc with deltas", func(o *Options) bool {
				before := o.Front
				o.Front = feature.Config{Kind: feature.KindMFCC, WindowMS: o.Front.WindowMS, HopMS: o.Front.HopMS, Deltas: 1,
					MeanPrior: o.Front.MeanPrior, MeanMemory: o.Front.MeanMemory, MeanPower: o.Front.MeanPower}
				return before != o.Front
			}},
			whole("deltas", func(o *Options) *int { return &o.Front.Deltas }, 1-min(base.Front.Deltas, 1)),
		}, []move{
			{fmt.Sprintf("mean-prior %d", meanPrior), func(o *Options) bool {
				before := o.Front.MeanPrior
				o.Front.MeanPrior = meanPrior
				return before == 0
			}},
			{"mean-prior 0", func(o *Options) bool {
				before := o.Front.MeanPrior
				o.Front.MeanPrior, o.Front.MeanMemory, o.Front.MeanPower = 0, 0, 0
				return before != 0
			}},
		})
	}
	gs = append(gs, number("dropout", func(o *Options) *float64 { return &o.Dropout }, 0, 0.2, 0.5))
	if base.Front.Kind == feature.KindRaw && base.Stem.Kind == "" && medianLength(set) > 20 {
		gs = append(gs, []move{{"stem conv", func(o *Options) bool {
			before := o.Stem.Kind
			*o = o.OverStem(convolutions())
			return before != stem.KindConv
		}}})
	}
	return append(gs,
		number("noise", func(o *Options) *float64 { return &o.Noise }, 0.1, 0.5),
		number("jitter", func(o *Options) *float64 { return &o.Jitter }, 0.05, 0.3),
		number("cut-start", func(o *Options) *float64 { return &o.Crop }, 0, 0.1),
		[]move{whole("updates", func(o *Options) *int { return &o.MinUpdates }, 2*cmp.Or(base.MinUpdates, 1500))},
		number("smoothing", func(o *Options) *float64 { return &o.Smoothing }, 0, 0.05),
		number("dropconnect", func(o *Options) *float64 { return &o.DropConnect }, 0, 0.5),
		[]move{{"confirm-evidence", func(o *Options) bool {
			was := o.ConfirmEvidence
			o.ConfirmEvidence = o.Running != model.RunningNone
			return was != o.ConfirmEvidence
		}}})
}

// textMoves returns the moves for text alone.
func textMoves() [][]move {
	share := func(name string, field func(o *Options) *float64, values ...float64) (g []move) {
		for _, v := range values {
			g = append(g, move{fmt.Sprintf("%s %g", name, v), func(o *Options) bool {
				before := *field(o)
				*field(o) = v
				return before != v
			}})
		}
		return g
	}
	return [][]move{
		share("aux-next", func(o *Options) *float64 { return &o.AuxNext }, 0, 0.3, 1),
		share("swap-names", func(o *Options) *float64 { return &o.SwapNames }, 0, 0.5, 1),
		share("swap-words", func(o *Options) *float64 { return &o.SwapWords }, 0, 0.5),
		{{"join 3", func(o *Options) bool {
			before := o.Join
			o.Join = 3
			return before != o.Join
		}}},
	}
}

// WriteTrials writes a CSV line per trial: trial, change, loss, confirmed, running, kept.
func WriteTrials(w io.Writer, trials []Trial) error {
	c := csv.NewWriter(w)
	c.Write([]string{"trial", "change", "loss", "confirmed", "running", "kept"})
	for i, t := range trials {
		c.Write([]string{strconv.Itoa(i + 1), cmp.Or(t.Change, "as suggested by the data"), fmt.Sprintf("%.5f", t.Loss),
			fmt.Sprintf("%.5f", t.Confirmed), fmt.Sprintf("%.5f", t.Running), strconv.FormatBool(t.Kept)})
	}
	c.Flush()
	return c.Error()
}
