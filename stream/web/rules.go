package web

import (
	"fmt"
	"maps"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// rules are the thresholds that the page has sliders for, with every default filled in.
type rules struct {
	Threshold float64            `json:"threshold"`
	On        map[string]float64 `json:"on"` // of single labels
	Smooth    float64            `json:"smooth"`
	Hold      int                `json:"label_hold"`
	Kind      segment.Kind       `json:"kind"`
	DetectOn  float64            `json:"detect_on"`
	DetectOff float64            `json:"detect_off"`
	OnDB      float64            `json:"segment_on"`
	OffDB     float64            `json:"segment_off"`
	LevelDBFS float64            `json:"level"`
	Minimum   float64            `json:"minimum"`
	Silence   float64            `json:"hold"`
	Maximum   float64            `json:"maximum"`
}

// settled returns the segmenter and the decision of streams of m with options o.
func settled(m *model.Model, o *stream.Options) (segment.Config, decide.Config) {
	seg, dec := m.Config.Segment, m.Config.Decision
	if o.Segment != nil {
		seg = *o.Segment
	}
	if o.Decision != nil {
		dec = *o.Decision
	}
	if o.Threshold != 0 {
		dec.Threshold, dec.On = max(o.Threshold, 0), nil
	}
	return seg, dec
}

func rulesOf(m *model.Model, o *stream.Options) *rules {
	seg, dec := settled(m, o)
	seg = seg.Defaults()
	r := &rules{Threshold: dec.Threshold, On: map[string]float64{}, Smooth: dec.Smooth, Hold: dec.Hold, Kind: seg.Kind,
		DetectOn: seg.DetectOn, DetectOff: seg.DetectOff, OnDB: seg.OnDB, OffDB: seg.OffDB, LevelDBFS: seg.LevelDBFS,
		Minimum: seg.MinDuration, Silence: seg.Hold, Maximum: seg.MaxDuration}
	maps.Copy(r.On, dec.On)
	return r
}

// apply returns o with these rules, checked against the model.
func (r *rules) apply(m *model.Model, o *stream.Options) (*stream.Options, error) {
	if m.HasNext() {
		return nil, fmt.Errorf("the model forecasts, and has no thresholds")
	}
	was, out := rulesOf(m, o), *o
	seg, dec := settled(m, o)
	if r.Kind != was.Kind {
		return nil, fmt.Errorf("the stream is cut by the segmenter %s, not %s: load the page again", was.Kind, r.Kind)
	}
	dec.Threshold, dec.On, dec.Smooth, dec.Hold = r.Threshold, nil, r.Smooth, r.Hold
	if len(r.On) > 0 {
		dec.On = maps.Clone(r.On)
	}
	for _, f := range []struct {
		to        *float64
		was, give float64
	}{{&seg.DetectOn, was.DetectOn, r.DetectOn}, {&seg.DetectOff, was.DetectOff, r.DetectOff}, {&seg.OnDB, was.OnDB, r.OnDB},
		{&seg.OffDB, was.OffDB, r.OffDB}, {&seg.LevelDBFS, was.LevelDBFS, r.LevelDBFS}, {&seg.MinDuration, was.Minimum, r.Minimum},
		{&seg.Hold, was.Silence, r.Silence}, {&seg.MaxDuration, was.Maximum, r.Maximum}} {
		if f.give == f.was {
			continue // 0, which is the default, stays 0
		}
		if *f.to = f.give; f.give == 0 {
			*f.to = 1e-9 // 0 means the default
		}
	}
	out.Segment, out.Decision, out.Threshold = &seg, &dec, 0
	if _, err := stream.NewClassifier(m, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// with returns a model that has the segmenter and the rules of o itself.
func with(m *model.Model, o *stream.Options) (*model.Model, error) {
	cfg := m.Config
	cfg.Segment, cfg.Decision = settled(m, o)
	return model.New(cfg, m.Params)
}
