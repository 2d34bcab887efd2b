//go:build !edge

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"inkling/cell"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/measure"
	"inkling/model/measure/training"
)

type benchCmd struct {
	Model   string   `arg:"" optional:"" help:"Model for the rows 'stream' and 'parts': a file, or bundled:notes." default:"bundled:notes"`
	Hidden  int      `help:"Units per direction, 1 to 2048." default:"100"`
	Input   []int    `help:"Features per step, 1 to 4096, comma-separated [1,13,40]. 'step' has a row for each; 'sequence' uses the first, all others the last." default:"1,13,40" placeholder:"D"`
	Seconds float64  `help:"Total time. At least three rounds are run, which may take minutes with many units per direction." default:"10"`
	Only    []string `help:"Measure only these, comma-separated: peak, step, batch, sequence, confirm, train, logmel, stream, parts." placeholder:"NAME"`
	JSON    bool     `help:"Print an array of rows; us_min and us_median are the microseconds of the fastest and the median run, kb_quiet and kb_open the memory of a stream."`
}

func (c *benchCmd) Help() string {
	return `All rows are measured in turn, round after round. A time is that of the fastest run; the median run is beside it. The rows:

  peak      multiply-adds in registers, the limit of every rate
  step      one LSTM step with a 3-class head and its softmax
  batch     one step of many streams at once, on one thread and on all
  sequence  3528 steps through both directions, confirmed
  confirm   the end of a segment of 100 steps; 'steps' are those steps
  train     an update: 32 sequences of 100 steps, both heads
  logmel    a second of a 16 kHz signal through the log-mel front end
  stream    a second of signal through MODEL's front end and steps; KB a stream
            keeps between segments, and with a segment of a second open
  parts     the same in parts, each in a row: front, the front end; running, the
            steps; ending, confirming segments of a second; output, a running
            event of every step as JSON

INKLING_KERNEL=generic in the environment chooses the kernels without assembly.`
}

// benchRow is a row of bench --json.
type benchRow struct {
	Name      string  `json:"name"`
	Hidden    int     `json:"hidden"`
	Input     int     `json:"input"`
	Streams   int     `json:"streams"`
	Threads   int     `json:"threads"`
	Precision string  `json:"precision"`
	Kernel    string  `json:"kernel"`
	Min       float64 `json:"us_min"`
	Median    float64 `json:"us_median"`
	GFLOPs    float64 `json:"gflops"`
	Quiet     float64 `json:"kb_quiet,omitempty"` // of the row stream
	Open      float64 `json:"kb_open,omitempty"`
}

// benchWorks lists what --only takes, in the order of the rows.
var benchWorks = []struct {
	name string
	make func(*benchCmd, *model.Model) ([]measure.Work, error)
}{
	{"peak", (*benchCmd).peak},
	{"step", (*benchCmd).step},
	{"batch", (*benchCmd).batch},
	{"sequence", (*benchCmd).sequence},
	{"confirm", (*benchCmd).confirm},
	{"train", func(c *benchCmd, _ *model.Model) ([]measure.Work, error) {
		return one(training.Train(c.Hidden, c.last(), benchExamples, benchSegment, slices.Max(threads())))
	}},
	{"logmel", func(*benchCmd, *model.Model) ([]measure.Work, error) { return one(measure.LogMel()) }},
	{"stream", func(_ *benchCmd, m *model.Model) ([]measure.Work, error) { return one(measure.Stream(m)) }},
	{"parts", func(_ *benchCmd, m *model.Model) ([]measure.Work, error) { return measure.Parts(m, runningEvents(m)) }},
}

func one(w measure.Work, err error) ([]measure.Work, error) { return []measure.Work{w}, err }

// Sizes of the measured work.
const (
	benchSequence = 3528 // steps
	benchSegment  = 100
	benchExamples = 32 // of an update
)

var errNoRound = errors.New("interrupted before the first round had ended: nothing was measured")

func (c *benchCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	works, err := c.works(a.ctx, m)
	defer func() {
		for _, w := range works {
			w.End()
		}
	}()
	if err != nil {
		return err
	}
	rows, err := c.measure(a, works)
	if err != nil {
		return err
	}
	for i := range rows {
		if r := &rows[i]; r.Name == "stream" {
			if r.Quiet, r.Open, err = streamMemory(m); err != nil {
				return err
			}
		}
	}
	if c.JSON {
		enc := json.NewEncoder(a.data())
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	writeBench(a.stdout, rows, m)
	return nil
}

// measure times the works. An interrupt is an error only before the first round has ended.
func (c *benchCmd) measure(a *app, works []measure.Work) ([]benchRow, error) {
	a.logf("measuring for about %v s", c.Seconds)
	cases := make([]measure.Case, len(works))
	for i, w := range works {
		cases[i] = w.Case
	}
	times, err := measure.Alternate(a.ctx, measure.Plan{Budget: time.Duration(c.Seconds * float64(time.Second))}, cases)
	switch {
	case times == nil && a.ctx.Err() != nil:
		return nil, errNoRound
	case times == nil:
		return nil, err
	case err != nil:
		a.logf("interrupted: these are the %d rounds so far", times[len(times)-1].Runs)
	}
	return benchRows(works, times), nil
}

// check rejects what cannot be measured.
func (c *benchCmd) check() error {
	if c.Hidden < 1 || c.Hidden > 2048 {
		return usagef("--hidden %d: give 1 to 2048", c.Hidden)
	}
	if len(c.Input) == 0 {
		return usagef("--input: give one number or more, comma-separated")
	}
	for _, d := range c.Input {
		if d < 1 || d > 4096 {
			return usagef("--input %d: give 1 to 4096", d)
		}
	}
	if !(c.Seconds > 0 && c.Seconds <= 3600) {
		return usagef("--seconds %v: give more than 0 and at most 3600", c.Seconds)
	}
	var names []string
	for _, w := range benchWorks {
		names = append(names, w.name)
	}
	for _, name := range c.Only {
		if !slices.Contains(names, name) {
			return usagef("--only %q: give any of %s", name, strings.Join(names, ", "))
		}
	}
	if slices.Equal(c.Only, []string{"peak"}) && f32.Peak(1) == 0 {
		return usagef("--only peak: the %s kernels have no loop for it: choose others", f32.Kernel())
	}
	return nil
}

// works prepares the work asked for. With an error it returns what was prepared before.
func (c *benchCmd) works(ctx context.Context, m *model.Model) (all []measure.Work, err error) {
	for _, w := range benchWorks {
		if len(c.Only) > 0 && !slices.Contains(c.Only, w.name) {
			continue
		}
		if ctx.Err() != nil {
			return all, errNoRound
		}
		some, err := w.make(c, m)
		if err != nil {
			return all, fmt.Errorf("%s: %w", w.name, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// last is the number of features of works that take only one.
func (c *benchCmd) last() int { return c.Input[len(c.Input)-1] }

// threads returns 1 and, if there are more processors, their number.
func threads() []int {
	return slices.Compact([]int{1, runtime.GOMAXPROCS(0)})
}

func (c *benchCmd) peak(*model.Model) (ws []measure.Work, err error) {
	for _, t := range threads() {
		if w := measure.Peak(t); w.Flops > 0 {
			ws = append(ws, w)
		}
	}
	return ws, nil
}

func (c *benchCmd) step(*model.Model) (ws []measure.Work, err error) {
	for _, d := range c.Input {
		m, err := measure.Network(c.Hidden, d, model.RunningSoftmax, false)
		if err != nil {
			return nil, err
		}
		ws = append(ws, measure.Step(m))
	}
	return ws, nil
}

func (c *benchCmd) batch(*model.Model) (ws []measure.Work, err error) {
	m, err := measure.Network(c.Hidden, c.last(), model.RunningSoftmax, false)
	if err != nil {
		return nil, err
	}
	l := cell.New(m.Params.Forward)
	for _, t := range threads() {
		for _, n := range []int{16, 64, 256, 1024} {
			ws = append(ws, measure.Batch(l, n, t))
		}
	}
	return ws, nil
}

func (c *benchCmd) sequence(*model.Model) (ws []measure.Work, err error) {
	m, err := measure.Network(c.Hidden, c.Input[0], model.RunningNone, true)
	if err != nil {
		return nil, err
	}
	for _, t := range threads() {
		ws = append(ws, measure.Sequence(m, 1, benchSequence, t))
	}
	return ws, nil
}

func (c *benchCmd) confirm(*model.Model) ([]measure.Work, error) {
	m, err := measure.Network(c.Hidden, c.last(), model.RunningSoftmax, true)
	if err != nil {
		return nil, err
	}
	return []measure.Work{measure.Steps(m, benchSegment), measure.Confirm(m, benchSegment)}, nil
}

func benchRows(works []measure.Work, times []measure.Times) []benchRow {
	rows := make([]benchRow, len(works))
	for i, w := range works {
		units := w.Units
		if units == 0 {
			units = 1
		}
		rows[i] = benchRow{Name: w.Name, Hidden: w.Hidden, Input: w.Input, Streams: w.Streams, Threads: w.Threads, Precision: "f32",
			Kernel: f32.Kernel(), Min: times[i].Min / units, Median: times[i].Median / units, GFLOPs: w.Flops / times[i].Min / 1e3}
	}
	return rows
}

// writeBench writes the table for people.
func writeBench(w io.Writer, rows []benchRow, m *model.Model) {
	peak := map[int]float64{} // by threads
	for _, r := range rows {
		if r.Name == "peak" {
			peak[r.Threads] = r.GFLOPs
		}
	}
	fmt.Fprintf(w, "inkling %s, %s kernels, %d processors, float32\n\n", version, f32.Kernel(), runtime.GOMAXPROCS(0))
	fmt.Fprintf(w, "%-9s %6s %5s %7s %7s %10s %10s %8s %7s\n", "", "hidden", "input", "streams", "threads", "fastest", "median", "GFLOP/s", "of peak")
	var steps float64 // of a segment
	for _, r := range rows {
		gflops, share := "", ""
		if r.GFLOPs > 0 {
			gflops = fmt.Sprintf("%.1f", r.GFLOPs)
		}
		if p := peak[r.Threads]; p > 0 && r.GFLOPs > 0 {
			share = fmt.Sprintf("%.2f", r.GFLOPs/p)
		}
		if r.Name == "steps" {
			steps = r.Min
		}
		line := fmt.Sprintf("%-9s %6s %5s %7s %7d %10s %10s %8s %7s  %s", r.Name, blank(r.Hidden), blank(r.Input), blank(r.Streams), r.Threads,
			microseconds(r.Min), microseconds(r.Median), gflops, share, r.meaning(m, steps))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// meaning explains a row's time.
func (r *benchRow) meaning(m *model.Model, steps float64) string {
	switch r.Name {
	case "batch":
		return fmt.Sprintf("%s a stream", microseconds(r.Min/float64(r.Streams)))
	case "confirm":
		return fmt.Sprintf("%.2f of the steps before it", r.Min/steps)
	case "train":
		return fmt.Sprintf("%.0f sequences/s", 1e6*float64(r.Streams)/r.Min)
	case "logmel":
		return fmt.Sprintf("%.2g %% of a core for a 16 kHz stream", r.Min/1e4)
	case "front", "running", "ending", "output":
		if m.Config.Rate > 0 {
			return fmt.Sprintf("%.2g %% of a core for a stream", r.Min/1e4)
		}
	case "stream":
		memory := fmt.Sprintf("%.3g KB a quiet stream, %.3g KB with a segment open", r.Quiet, r.Open)
		if m.Config.Rate == 0 {
			return fmt.Sprintf("%.0f samples/s a core, %s", 1e6/r.Min, memory)
		}
		return fmt.Sprintf("%.0f streams at %.6g Hz a core, %s", 1e6/r.Min, m.Config.Rate, memory)
	}
	return ""
}

func blank(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// microseconds formats us with a unit and three digits.
func microseconds(us float64) string {
	switch {
	case us >= 1e6:
		return fmt.Sprintf("%.3g s", us/1e6)
	case us >= 999.5:
		return fmt.Sprintf("%.3g ms", us/1e3)
	}
	return fmt.Sprintf("%.3g µs", us)
}
