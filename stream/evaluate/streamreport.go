package evaluate

import (
	"context"
	"math"
	"slices"
	"time"

	"inkling/model"
	"inkling/model/decide"
)

// DefaultTolerance is the greatest distance, in seconds, between the start of an event and
// that of a segment that finds it. It is the collar of DCASE's evaluations. Segments begin
// a pre-roll before the sound that opened them, and annotations made by hand are off by a
// tenth of a second or two.
const DefaultTolerance = 0.25

// A StreamReport says how good a model is on streams. docs/streams.md says what each
// figure of its JSON means.
type StreamReport struct {
	About       About                  `json:"about,omitzero"` // set by the caller
	Recordings  int                    `json:"recordings"`
	Seconds     float64                `json:"seconds"` // of signal
	Tolerance   float64                `json:"tolerance_s"`
	Events      int                    `json:"events"`
	Found       int                    `json:"found"`
	Missed      int                    `json:"missed"`
	Recall      Share                  `json:"recall"`
	Precision   Share                  `json:"precision"`
	F1          Share                  `json:"f1"`
	MacroF1     Share                  `json:"macro_f1"`
	Misses      map[Reason]int         `json:"misses"` // by reason
	FalseAlarms FalseAlarms            `json:"false_alarms"`
	Accuracy    StreamAccuracy         `json:"accuracy"`
	Latency     Latencies              `json:"latency"`
	Early       EarlyInStream          `json:"early"`
	Running     RunningInStream        `json:"running"`
	Segments    Segments               `json:"segments"`
	OverTime    []TimePart             `json:"over_time"`
	Labels      []string               `json:"labels"`
	PerLabel    map[string]StreamClass `json:"per_label"`
	Confusion   [][]int                `json:"confusion"` // row = truth, column = label reported; the last row and column are none
	Elapsed     float64                `json:"elapsed_s"`

	Title    string      `json:"-"`
	Warnings []string    `json:"-"`
	Traces   []*Trace    `json:"-"`
	Rows     []StreamRow `json:"-"` // by recording and start
	Delays   Delays      `json:"-"`
	Cutouts  []Cutout    `json:"-"` // of missed events and false alarms, with StreamOptions.Cutouts
}

// Delays lists how long after the start of each event its label was right, in ms,
// ascending; Latencies are their quantiles.
type Delays struct {
	Running   []float64 // until the running label was right and stayed so
	Early     []float64 // until the early event
	Confirmed []float64 // until the confirmed event
}

// FalseAlarms counts reported labels that found no event.
type FalseAlarms struct {
	Total        int    `json:"total"`
	PerHour      Number `json:"per_hour"`
	WrongLabel   int    `json:"wrong_label"`
	Repeated     int    `json:"repeated"`
	Displaced    int    `json:"displaced"`
	OnBackground int    `json:"on_background"`
}

// StreamAccuracy compares four ways to label the same events: cut out at their
// annotations, by the confirmed label and by the running label at the end; and in the
// stream, by the running label at the annotation's end and by the confirmed label of a
// segment that found the event.
type StreamAccuracy struct {
	Clip          Share `json:"clip"`
	ClipRunning   Share `json:"clip_running"`
	StreamRunning Share `json:"stream_running"`
	Stream        Share `json:"stream"`
	Clips         int   `json:"clips"` // events that were judged as clips
}

// Latencies are measured from the start of an event that was found.
type Latencies struct {
	Running   Latency `json:"running"`   // to the first running label that is right and stays so
	Early     Latency `json:"early"`     // to the early event, where that is right
	Confirmed Latency `json:"confirmed"` // to the confirmed event
}

// Latency is a distribution in ms.
type Latency struct {
	Median Number `json:"median_ms"`
	P90    Number `json:"p90_ms"`
	Events int    `json:"events"`
}

// EarlyInStream says how good early labels are.
type EarlyInStream struct {
	Given           int   `json:"given"`
	Accuracy        Share `json:"accuracy"`         // of those given within an event
	Overturned      int   `json:"overturned"`       // the segment was confirmed with another label, or with none
	OverturnedShare Share `json:"overturned_share"` // of those given
}

// RunningInStream says how steady running labels are.
type RunningInStream struct {
	Overturned      int    `json:"overturned"`       // segments reported with a label other than the last running one
	OverturnedShare Share  `json:"overturned_share"` // of those reported
	Flips           int    `json:"flips"`            // changes of the running label within segments
	FlipsPerMinute  Number `json:"flips_per_minute"`
}

// Segments counts candidates by their outcome.
type Segments struct {
	Candidates int                 `json:"candidates"`
	Reported   int                 `json:"reported"`
	Rejected   int                 `json:"rejected"`
	Dropped    map[decide.Rule]int `json:"dropped"` // by rule or reason
}

// TimePart holds the figures of one span of time since the streams' start.
type TimePart struct {
	FromS              float64 `json:"from_s"`
	ToS                float64 `json:"to_s"`
	Seconds            float64 `json:"seconds"` // of signal, over all recordings
	Events             int     `json:"events"`
	Found              int     `json:"found"`
	Accuracy           Share   `json:"accuracy"`
	RunningRight       int     `json:"running_right"`
	RunningAccuracy    Share   `json:"running_accuracy"` // of the running label at the annotations' ends
	FalseAlarms        int     `json:"false_alarms"`
	FalseAlarmsPerHour Number  `json:"false_alarms_per_hour"`
}

// StreamClass says how good a model is on one label.
type StreamClass struct {
	Events      int   `json:"events"`
	Found       int   `json:"found"`
	FalseAlarms int   `json:"false_alarms"`
	Recall      Share `json:"recall"`
	Precision   Share `json:"precision"`
	F1          Share `json:"f1"`
}

// Stream evaluates m on recordings: Collect, then Score under the model's own decision
// rules.
func Stream(ctx context.Context, m *model.Model, recordings []Recording, o StreamOptions) (*StreamReport, error) {
	began := time.Now()
	traces, err := Collect(ctx, m, recordings, o)
	if err != nil {
		return nil, err
	}
	if o.Tolerance == 0 {
		o.Tolerance = DefaultTolerance
	}
	r := Score(m.Config.Labels, traces, &m.Config.Decision, o.Tolerance)
	if o.Cutouts {
		if err := r.cutouts(ctx, recordings); err != nil {
			return nil, err
		}
	}
	r.Elapsed = time.Since(began).Seconds()
	if o.Each != nil {
		for i := range r.Rows {
			if err := o.Each(&r.Rows[i]); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// A RowKind says what a StreamRow is about.
type RowKind string

const (
	EventRow      RowKind = "event"
	FalseAlarmRow RowKind = "false_alarm"
)

// A StreamRow is an event or a false alarm. Fields that do not apply are nil, null in
// JSON.
type StreamRow struct {
	Recording string   `json:"recording"`
	Kind      RowKind  `json:"kind"`
	Start     float64  `json:"start"` // seconds, of the event or of the false alarm's segment
	End       float64  `json:"end"`
	Label     string   `json:"label"` // of the event, or of the false alarm
	Found     *bool    `json:"found,omitempty"`
	Given     *string  `json:"given"`  // event: the label reported for it
	P         *float64 `json:"p"`      // its probability
	Reason    Reason   `json:"reason"` // of the miss or the false alarm; "" if the event was found
	From      *float64 `json:"segment_start"`
	To        *float64 `json:"segment_end"`
	Early     *string  `json:"early"`
	RunningMS *float64 `json:"running_latency_ms"`
	EarlyMS   *float64 `json:"early_latency_ms"`
	ConfirmMS *float64 `json:"confirmed_latency_ms"`
}

// Quantile returns the nearest rank of sorted values, NaN if there are none.
func Quantile(sorted []float64, q float64) Number {
	if len(sorted) == 0 {
		return Number(math.NaN())
	}
	return Number(sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)])
}

func latency(ms []float64) Latency {
	slices.Sort(ms)
	return Latency{Quantile(ms, 0.5), Quantile(ms, 0.9), len(ms)}
}

// perHour returns n as a rate, NaN if there is no time.
func perHour(n int, seconds float64) Number {
	return Number(float64(n) / (seconds / 3600))
}
