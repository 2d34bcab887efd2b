package evaluate

import (
	"context"

	"math"
	"slices"
	"time"

	"inkling/model"
)

// DefaultTolerance is how far apart, in seconds, the begin of an event and of the
// segment that tells of it may be: the collar of DCASE's evaluations rounded up to
// their later 250 ms. The segmenter opens a pre-roll (50 ms) before what it hears,
// and people set labels by hand to a tenth of a second or two.
const DefaultTolerance = 0.25

// A StreamReport is how good a model is on streams. Its JSON is the one object that
// `eval --stream --json` prints; docs/streams.md says what each figure means.
type StreamReport struct {
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
	Misses      map[string]int         `json:"misses"` // by reason
	FalseAlarms FalseAlarms            `json:"false_alarms"`
	Accuracy    StreamAccuracy         `json:"accuracy"`
	Latency     Latencies              `json:"latency"`
	Early       EarlyInStream          `json:"early"`
	Running     RunningInStream        `json:"running"`
	Segments    Segments               `json:"segments"`
	OverTime    []TimePart             `json:"over_time"`
	Labels      []string               `json:"labels"`
	PerLabel    map[string]StreamClass `json:"per_label"`
	Confusion   [][]int                `json:"confusion"` // row = truth, column = label told; the last of both is none
	Elapsed     float64                `json:"elapsed_s"`

	Title    string       `json:"-"`
	Warnings []string     `json:"-"`
	Takes    []*Take      `json:"-"`
	TradeOff *TradeOff    `json:"-"` // for the page, of a model that was tuned
	Rows     []StreamRow  `json:"-"` // by recording and start
	Late     [3][]float64 `json:"-"` // ms from begin to label of each event labelled right: running, early, confirmed; ascending
}

// FalseAlarms counts labels that were reported of no event.
type FalseAlarms struct {
	Total        int    `json:"total"`
	PerHour      Number `json:"per_hour"`
	WrongLabel   int    `json:"wrong_label"`
	Repeated     int    `json:"repeated"`
	Displaced    int    `json:"displaced"`
	OnBackground int    `json:"on_background"`
}

// StreamAccuracy sets side by side how many events are labelled right: of those cut
// out at their annotations, by the confirmed label and the running one at the end;
// and in the stream, by the running label at the annotation's end and the confirmed
// label of a segment that matches.
type StreamAccuracy struct {
	Clip          Share `json:"clip"`
	ClipRunning   Share `json:"clip_running"`
	StreamRunning Share `json:"stream_running"`
	Stream        Share `json:"stream"`
	Clips         int   `json:"clips"` // events that were judged as clips
}

// Latencies are from the begin of an event that was found.
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

// EarlyInStream is how good early labels are.
type EarlyInStream struct {
	Given           int   `json:"given"`
	Accuracy        Share `json:"accuracy"`         // of those given of an event
	Overturned      int   `json:"overturned"`       // the segment's answer is another label, or none
	OverturnedShare Share `json:"overturned_share"` // of those given
}

// RunningInStream is how steady running labels are.
type RunningInStream struct {
	Overturned      int    `json:"overturned"`       // segments reported with another label than the last running one
	OverturnedShare Share  `json:"overturned_share"` // of those reported
	Flips           int    `json:"flips"`            // changes of the running label within segments
	FlipsPerMinute  Number `json:"flips_per_minute"`
}

// Segments counts candidates by what became of them.
type Segments struct {
	Candidates int            `json:"candidates"`
	Reported   int            `json:"reported"`
	Rejected   int            `json:"rejected"`
	Dropped    map[string]int `json:"dropped"` // by reason
}

// TimePart is what happened so long after the streams' begins.
type TimePart struct {
	FromS              float64 `json:"from_s"`
	ToS                float64 `json:"to_s"`
	Seconds            float64 `json:"seconds"` // of signal, over all recordings
	Events             int     `json:"events"`
	Found              int     `json:"found"`
	Accuracy           Share   `json:"accuracy"`
	RunningRight       int     `json:"running_right"`
	RunningAccuracy    Share   `json:"running_accuracy"` // of the running label in the stream, at the annotations' ends
	FalseAlarms        int     `json:"false_alarms"`
	FalseAlarmsPerHour Number  `json:"false_alarms_per_hour"`
}

// StreamClass is how good one label is.
type StreamClass struct {
	Events      int   `json:"events"`
	Found       int   `json:"found"`
	FalseAlarms int   `json:"false_alarms"`
	Recall      Share `json:"recall"`
	Precision   Share `json:"precision"`
	F1          Share `json:"f1"`
}

// Stream evaluates m on recordings: Listen, then Score under the model's own
// decision rules.
func Stream(ctx context.Context, m *model.Model, recordings []Recording, o StreamOptions) (*StreamReport, error) {
	began := time.Now()
	takes, err := Listen(ctx, m, recordings, o)
	if err != nil {
		return nil, err
	}
	if o.Tolerance == 0 {
		o.Tolerance = DefaultTolerance
	}
	r := Score(m.Config.Labels, takes, &m.Config.Decision, o.Tolerance)
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

// A StreamRow is an event or a false alarm, a line of `eval --stream --each`. What
// there is not is null.
type StreamRow struct {
	Recording string   `json:"recording"`
	Kind      string   `json:"kind"`  // event or false_alarm
	Start     float64  `json:"start"` // seconds, of the event or of the false alarm's segment
	End       float64  `json:"end"`
	Label     string   `json:"label"` // of the event, or of the false alarm
	Found     *bool    `json:"found,omitempty"`
	Given     *string  `json:"given"`  // event: the label told of it
	P         *float64 `json:"p"`      // its probability
	Reason    string   `json:"reason"` // of the miss or of the false alarm; "" for what was found
	From      *float64 `json:"segment_start"`
	To        *float64 `json:"segment_end"`
	Early     *string  `json:"early"`
	RunningMS *float64 `json:"running_latency_ms"`
	EarlyMS   *float64 `json:"early_latency_ms"`
	ConfirmMS *float64 `json:"confirmed_latency_ms"`
}

// quantile is the nearest rank of sorted values.
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

// perHour is a rate, NaN where there is no time.
func perHour(n int, seconds float64) Number {
	return Number(float64(n) / (seconds / 3600))
}
