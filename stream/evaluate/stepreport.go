package evaluate

// A StepReport says how good the running label is on recordings with a label for every
// sample, processed as streams. A step has the label of its last sample. Steps whose
// sample has none count only in the flips.
type StepReport struct {
	About      About               `json:"about,omitzero"` // set by the caller
	Recordings int                 `json:"recordings"`
	Seconds    float64             `json:"seconds"` // of signal; samples if the rate is unknown
	Steps      int                 `json:"steps"`   // that have a label
	Unlabelled int                 `json:"unlabelled"`
	Labels     []string            `json:"labels"`
	Accuracy   Share               `json:"accuracy"` // of steps
	MacroF1    Share               `json:"macro_f1"`
	PerClass   map[string]PerClass `json:"per_class"`
	Confusion  [][]int             `json:"confusion"` // of steps; row = truth
	None       int                 `json:"none"`      // steps without a running label, which are wrong

	Segments  SegmentScore  `json:"segments"`
	Confirmed *ConfirmScore `json:"confirmed"` // null without a confirm head
	Onset     Onset         `json:"onset"`

	FlipsPerMinute   Number  `json:"flips_per_minute"`   // changes of the running label
	ChangesPerMinute Number  `json:"changes_per_minute"` // of the true one
	SeenInTraining   int     `json:"seen_in_training"`
	Elapsed          float64 `json:"elapsed_s"`

	Title    string       `json:"-"`
	Warnings []string     `json:"-"`
	Tracks   []*Track     `json:"-"` // one per recording, in the order of the data
	Matrix   *Matrix      `json:"-"`
	Rows     []StretchRow `json:"-"`
	Cutouts  []Cutout     `json:"-"` // of the longest stretches with a wrong running label
}

// SegmentScore compares runs of the running label with runs of the true one.
type SegmentScore struct {
	True     int   `json:"true"`
	Detected int   `json:"detected"`
	F1At10   Share `json:"f1_10"` // with an overlap (intersection over union) of at least 10 %
	F1At25   Share `json:"f1_25"`
	F1At50   Share `json:"f1_50"`
}

// ConfirmScore holds the figures after every detected segment, once it has ended, has been
// given its confirmed label.
type ConfirmScore struct {
	Accuracy   Share        `json:"accuracy"` // of steps
	Segments   SegmentScore `json:"segments"`
	Overturned Share        `json:"overturned"` // of the detected segments
}

// Onset is the time from the begin of a true segment to the first step within it whose
// running label is right.
type Onset struct {
	Median Number `json:"median_s"`
	P90    Number `json:"p90_s"`
	Found  int    `json:"found"`
	Never  int    `json:"never"` // segments in which no running label is right
}

// A Track holds the running label and the true label at every step of one recording.
type Track struct {
	Name    string
	Rate    float64 // of the recording; 1 if it is unknown
	Ends    []int   // where each step ends, in samples per channel
	Truth   []int32 // −1 for none
	Running []int32 // −1 for none
	Confirm []int32 // Running with each run replaced by its confirmed label; nil without a confirm head
}

// A StretchRow is a stretch of a recording over which neither the true nor the running
// label changes. A missing label is nil, null in JSON.
type StretchRow struct {
	Recording string  `json:"recording"`
	Start     float64 `json:"start"` // seconds
	End       float64 `json:"end"`
	Truth     *string `json:"truth"`
	Running   *string `json:"running"`
	Confirmed *string `json:"confirmed,omitempty"`
}

// newStepReport sums up tracks.
func newStepReport(labels []string, tracks []*Track) *StepReport {
	r := &StepReport{Recordings: len(tracks), Labels: labels, Tracks: tracks, Matrix: NewMatrix(len(labels)), PerClass: map[string]PerClass{}}
	var running overlaps
	var onsets []float64
	flips, changes, minutes := 0, 0, 0.0
	for _, t := range tracks {
		r.Seconds += t.At(len(t.Ends))
		minutes += t.At(len(t.Ends)) / 60
		for k, truth := range t.Truth {
			if truth < 0 {
				r.Unlabelled++
				continue
			}
			r.Matrix.Add(int(truth), int(t.Running[k]))
		}
		running.add(t.masked(t.Truth), t.masked(t.Running))
		onsets = append(onsets, r.onsets(t)...)
		flips += changesOf(t.Running)
		changes += changesOf(t.Truth)
		r.Rows = append(r.Rows, t.stretches(labels)...)
	}
	c := r.Matrix
	r.Steps, r.Accuracy, r.MacroF1, r.Confusion = c.Total(), c.Accuracy(), c.MacroF1(), c.Counts
	for k, label := range labels {
		r.PerClass[label] = PerClass{c.Sensitivity(k), c.Precision(k)}
		r.None += c.None[k]
	}
	r.Segments, r.Confirmed = running.score(), confirmScore(tracks, r.Steps)
	l := latency(onsets)
	r.Onset.Median, r.Onset.P90, r.Onset.Found = l.Median, l.P90, l.Events
	r.FlipsPerMinute, r.ChangesPerMinute = Number(float64(flips)/minutes), Number(float64(changes)/minutes)
	return r
}

// confirmScore returns the figures of the confirmed labels over the labelled steps of
// tracks; nil without a confirm head.
func confirmScore(tracks []*Track, steps int) *ConfirmScore {
	if len(tracks) == 0 || tracks[0].Confirm == nil {
		return nil
	}
	var confirm overlaps
	right, overturned, detected := 0, 0, 0
	for _, t := range tracks {
		for k, truth := range t.Truth {
			right += one(truth >= 0 && t.Confirm[k] == truth)
		}
		confirm.add(t.masked(t.Truth), t.masked(t.Confirm))
		overturned += t.overturned()
		detected += len(StretchesOf(t.Running))
	}
	return &ConfirmScore{ShareOf(right, steps), confirm.score(), ShareOf(overturned, detected)}
}

// At returns the time in seconds at which the given number of steps have ended.
func (t *Track) At(steps int) float64 {
	if steps == 0 {
		return 0
	}
	return float64(t.Ends[steps-1]) / t.Rate
}

// onsets returns the onset of each true segment of t, and counts those without one.
func (r *StepReport) onsets(t *Track) (found []float64) {
	for _, s := range StretchesOf(t.Truth) {
		k := s.From
		for k < s.To && int(t.Running[k]) != s.Label {
			k++
		}
		if k == s.To {
			r.Onset.Never++
			continue
		}
		found = append(found, t.At(k+1)-t.At(s.From))
	}
	return found
}

// masked returns labels without the steps whose true label is unknown.
func (t *Track) masked(labels []int32) (out []int32) {
	for k, l := range labels {
		if t.Truth[k] >= 0 {
			out = append(out, l)
		}
	}
	return out
}

// overturned counts the detected segments whose confirmed label differs.
func (t *Track) overturned() (n int) {
	for _, s := range StretchesOf(t.Running) {
		n += one(int(t.Confirm[s.From]) != s.Label)
	}
	return n
}

// changesOf counts changes from one label to another; steps without a label are skipped.
func changesOf(labels []int32) (n int) {
	last := int32(-1)
	for _, l := range labels {
		if l >= 0 {
			n += one(last >= 0 && l != last)
			last = l
		}
	}
	return n
}

// stretches returns the rows of t.
func (t *Track) stretches(labels []string) (rows []StretchRow) {
	name := func(l int32) *string {
		if l < 0 {
			return nil
		}
		return &labels[l]
	}
	from := 0
	for k := range t.Ends {
		if k+1 < len(t.Ends) && t.Truth[k+1] == t.Truth[k] && t.Running[k+1] == t.Running[k] {
			continue
		}
		row := StretchRow{Recording: t.Name, Start: t.At(from), End: t.At(k + 1), Truth: name(t.Truth[k]), Running: name(t.Running[k])}
		if t.Confirm != nil {
			row.Confirmed = name(t.Confirm[k])
		}
		rows = append(rows, row)
		from = k + 1
	}
	return rows
}
