package soak

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Row is what was measured in a stretch of signal. Durations are in seconds; a number is 0
// if there was nothing to measure.
type Row struct {
	Hours       float64 `json:"hours"`  // of signal since the beginning, at the row's end
	Wall        float64 `json:"wall_s"` // of time since the beginning
	Resident    int64   `json:"resident_bytes"`
	Heap        int64   `json:"heap_bytes"`
	Goroutines  int     `json:"goroutines"`
	Files       int     `json:"files"`
	Steps       int64   `json:"steps"`
	StepP50     float64 `json:"step_p50_s,omitempty"` // the time of a worker for a step, with its share of the front end
	StepP99     float64 `json:"step_p99_s,omitempty"`
	ConfirmP50  float64 `json:"confirm_p50_s,omitempty"` // from the arrival of a segment's last block to its label
	ConfirmP99  float64 `json:"confirm_p99_s,omitempty"`
	Events      int     `json:"events"`
	Found       int     `json:"found"`  // with their label
	Wrong       int     `json:"wrong"`  // found with another
	Missed      int     `json:"missed"` // or found and rejected
	FalseAlarms int     `json:"false_alarms"`
}

// Recall returns the share of the events that were found with their label.
func (r *Row) Recall() float64 { return float64(r.Found) / float64(r.Events) }

// A Report is what a soak has measured.
type Report struct {
	Labels      []string `json:"labels"`
	Rows        []Row    `json:"rows"`
	Wall        float64  `json:"wall_s"`
	Interrupted bool     `json:"interrupted"` // the last row is not the signal of the first
}

// mostGrowth is how much more memory the last third of a soak may take than the one before.
const mostGrowth = 0.02

// A Check is a part of the verdict.
type Check struct {
	Name string `json:"name"` // memory, goroutines, files, accuracy
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Verdict compares the end of a soak with its beginning: memory, goroutines, open files,
// and the accuracy of the last row with that of the first, which had the same signal. What
// the report is too short to say is left out.
func (r *Report) Verdict() (all []Check) {
	third := len(r.Rows) / 3
	if third < 2 {
		return nil
	}
	before, after := r.memory(third, 2*third), r.memory(len(r.Rows)-third, len(r.Rows))
	growth := float64(after)/float64(before) - 1
	all = append(all, Check{"memory", growth <= mostGrowth, fmt.Sprintf("%.1f MB resident in the second third, %.1f MB in the last: %+.1f %%", float64(before)/1e6, float64(after)/1e6, 100*growth)})
	from, to := &r.Rows[third], &r.Rows[len(r.Rows)-1]
	all = append(all, Check{"goroutines", to.Goroutines <= from.Goroutines, fmt.Sprintf("%d, then %d", from.Goroutines, to.Goroutines)})
	if to.Files >= 0 {
		all = append(all, Check{"files", to.Files <= from.Files, fmt.Sprintf("%d open, then %d", from.Files, to.Files)})
	}
	if !r.Interrupted {
		first := &r.Rows[0]
		slack := max(1, first.Events/100)
		same := abs(first.Found-to.Found) <= slack && abs(first.Wrong-to.Wrong) <= slack && abs(first.FalseAlarms-to.FalseAlarms) <= slack
		all = append(all, Check{"accuracy", same, fmt.Sprintf("of %d events %d found, %d wrong, %d false alarms; the same signal at the end: %d found, %d wrong, %d false alarms",
			first.Events, first.Found, first.Wrong, first.FalseAlarms, to.Found, to.Wrong, to.FalseAlarms)})
	}
	return all
}

// memory returns the median of the resident memory in the rows [from, to).
func (r *Report) memory(from, to int) int64 {
	var all []int64
	for i := from; i < to; i++ {
		all = append(all, r.Rows[i].Resident)
	}
	return median(all)
}

func abs(n int) int { return max(n, -n) }

// header names the columns of WriteCSV.
const header = "hours,wall_s,resident_bytes,heap_bytes,goroutines,files,steps,step_p50_us,step_p99_us,confirm_p50_ms,confirm_p99_ms,events,found,wrong,missed,false_alarms"

// WriteCSV writes the rows as a table.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write(strings.Split(header, ","))
	number := func(v float64, unit float64) string {
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v*unit, 'g', 4, 64)
	}
	for i := range r.Rows {
		x := &r.Rows[i]
		c.Write([]string{strconv.FormatFloat(x.Hours, 'g', -1, 64), strconv.FormatFloat(x.Wall, 'f', 1, 64), strconv.FormatInt(x.Resident, 10), strconv.FormatInt(x.Heap, 10),
			strconv.Itoa(x.Goroutines), strconv.Itoa(x.Files), strconv.FormatInt(x.Steps, 10), number(x.StepP50, 1e6), number(x.StepP99, 1e6), number(x.ConfirmP50, 1e3), number(x.ConfirmP99, 1e3),
			strconv.Itoa(x.Events), strconv.Itoa(x.Found), strconv.Itoa(x.Wrong), strconv.Itoa(x.Missed), strconv.Itoa(x.FalseAlarms)})
	}
	c.Flush()
	return c.Error()
}
