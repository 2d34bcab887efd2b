package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"inkling/model"
	"inkling/model/feature"
)

// WriteSamples writes an example as main.c reads it: a line for each time, with a number for
// each channel, and a line "end".
func WriteSamples(w io.Writer, x []float32, channels int) error {
	var line []byte
	for len(x) >= channels {
		line = line[:0]
		for i, v := range x[:channels] {
			if i > 0 {
				line = append(line, ' ')
			}
			line = strconv.AppendFloat(line, float64(v), 'g', -1, 32)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		x = x[channels:]
	}
	_, err := io.WriteString(w, "end\n")
	return err
}

// A Log reads what main.c printed.
type Log struct {
	lines  *bufio.Scanner
	labels []string
	line   int
}

// A Said is what was printed of one example: the probabilities of each step, and those of the
// whole; nil if there are none.
type Said struct {
	Steps [][]float32
	Whole []float32
}

// NewLog returns a Log of a model with the given labels.
func NewLog(r io.Reader, labels []string) *Log {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	return &Log{lines: lines, labels: labels}
}

// Next returns what was said of the next example, or io.EOF.
func (l *Log) Next() (s Said, err error) {
	for l.lines.Scan() {
		l.line++
		fields := strings.Split(strings.TrimRight(l.lines.Text(), "\r"), "\t")
		if len(fields) < 2 {
			return s, fmt.Errorf("line %d: %q: want the step, its label and the probabilities, divided by tabs", l.line, l.lines.Text())
		}
		p, err := l.probabilities(fields)
		if err != nil {
			return s, fmt.Errorf("line %d: %w", l.line, err)
		}
		if fields[0] == "end" {
			s.Whole = p
			return s, nil
		}
		if want := strconv.Itoa(len(s.Steps) + 1); fields[0] != want || p == nil {
			return s, fmt.Errorf("line %d: step %q, want step %s with its probabilities: lines are missing", l.line, fields[0], want)
		}
		s.Steps = append(s.Steps, p)
	}
	if err := l.lines.Err(); err != nil {
		return s, err
	}
	if len(s.Steps) > 0 {
		return s, errors.New(`it is cut off: the last example has no line "end"`)
	}
	return s, io.EOF
}

// probabilities returns those of a line; nil if it has none.
func (l *Log) probabilities(fields []string) (p []float32, err error) {
	if label := fields[1]; label != "-" && !slices.Contains(l.labels, label) {
		return nil, fmt.Errorf("the model has no label %q: the code is another model's", label)
	}
	if len(fields) == 2 {
		return nil, nil
	}
	if len(fields) != 2+len(l.labels) {
		return nil, fmt.Errorf("%d probabilities, the model has %d labels", len(fields)-2, len(l.labels))
	}
	for _, f := range fields[2:] {
		v, err := strconv.ParseFloat(f, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is no probability", f)
		}
		p = append(p, float32(v))
	}
	return p, nil
}

// Compared is what a Check found.
type Compared struct {
	Examples     int     `json:"examples"`
	Steps        int     `json:"steps"`
	Greatest     float64 `json:"greatest_difference"`      // of a probability
	ByStepsAlone int     `json:"by_steps_alone,omitempty"` // examples without probabilities at their end
	Different    int     `json:"different"`                // steps, and wholes, that differ by more than the tolerance
	First        string  `json:"first,omitempty"`          // of them
}

// A Check compares what a device said with what the model says.
type Check struct {
	Result Compared

	m         *model.Model
	front     feature.Extractor
	tolerance float64
}

// NewCheck returns a Check of m that allows probabilities to differ by tolerance.
func NewCheck(m *model.Model, tolerance float64) (*Check, error) {
	front, err := m.Front()
	return &Check{m: m, front: front, tolerance: tolerance}, err
}

// Example compares what was said of the example x.
func (c *Check) Example(name string, x []float32, said Said) error {
	c.front.Reset()
	frames := c.front.Flush(c.front.Push(nil, x))
	c.Result.Examples++
	if len(frames) == 0 {
		return nil
	}
	p := c.m.Predict(frames)
	n := c.m.Classes()
	if c.m.HasRunning() {
		if len(said.Steps) != p.Steps {
			return fmt.Errorf("%s has %d steps, want %d: it is another example, or samples were lost", name, len(said.Steps), p.Steps)
		}
		for t, got := range said.Steps {
			c.compare(got, p.Running[t*n:][:n], func() string { return fmt.Sprintf("step %d of %s", t+1, name) })
		}
	}
	switch {
	case !c.m.HasConfirm():
	case said.Whole != nil:
		c.compare(said.Whole, p.Confirm, func() string { return "the end of " + name })
	case !c.m.HasRunning():
		return fmt.Errorf("%s has no probabilities at its end: it is longer than the steps that the code keeps; export with %d or more", name, p.Steps)
	default:
		c.Result.ByStepsAlone++
	}
	c.Result.Steps += p.Steps
	return nil
}

func (c *Check) compare(got, want []float32, where func() string) {
	worst := 0.0
	for i, v := range got {
		d := math.Abs(float64(v) - float64(want[i]))
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		worst = max(worst, d)
	}
	c.Result.Greatest = max(c.Result.Greatest, worst)
	if worst > c.tolerance {
		if c.Result.Different++; c.Result.First == "" {
			c.Result.First = where()
		}
	}
}
