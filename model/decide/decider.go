package decide

import (
	"math"

	"inkling/internal/codec"
	"inkling/internal/f32"
)

// A Decider makes labels of what the network says, step by step, by the rules of a
// Config. A stream has one; by itself it answers what the stream would have reported
// under other rules, without running the network again.
type Decider struct {
	cfg     *Config
	rules   *Rules
	usual   int
	best    int // the running head's own label at the last step
	running running
	stopper Stopper
	early   bool // the early rule has fired

	nearest  float64 // the greatest p or score that the early rule has seen in this segment
	mostHeld int     // and its longest run of steps
}

// NewDecider returns the decider of one stream. c has passed its check; usual is the
// length of a usual segment in steps, which a learned early rule needs.
func NewDecider(c *Config, labels []string, usual int) *Decider {
	r := NewRules(c, labels)
	return newDecider(c, &r, usual)
}

func newDecider(c *Config, r *Rules, usual int) *Decider {
	d := &Decider{cfg: c, rules: r, usual: usual}
	d.running.probs = make([]float32, len(r.on))
	d.running.begin(false)
	return d
}

// New returns the decider of another stream by the same rules, which they share.
func (d *Decider) New() *Decider { return newDecider(d.cfg, d.rules, d.usual) }

// Begin precedes a segment's first step.
func (d *Decider) Begin() {
	d.best, d.early = -1, false
	d.nearest, d.mostHeld = math.Inf(-1), 0
	d.stopper.Reset()
	d.running.begin(d.cfg.State == Carry)
}

// Step reads the running head's probabilities at a step, counted from 1, and reports
// whether its label becomes final with it. A label does not become final while the segment
// may still be dropped, which sure rules out, and the background never does.
func (d *Decider) Step(step int, p []float32, sure bool) (early bool) {
	d.best = f32.Argmax(p)
	d.running.step(d.rules, p, d.Warm(step) || d.cfg.State == Carry && d.running.last >= 0)
	if d.running.label != d.best {
		d.stopper.Reset() // the label that could become final is held back
		return false
	}
	if d.early {
		return false
	}
	final := d.stopper.Final(d.cfg, d.usual, step, p)
	if !sure || d.best == d.rules.background {
		return false
	}
	d.early = final
	if d.Warm(step) {
		d.watch(float64(p[d.best]))
	}
	return d.early
}

// watch notes how near the early rule came to firing at a step.
func (d *Decider) watch(p float64) {
	if d.cfg.Early != nil {
		p = d.stopper.Score
	}
	d.nearest, d.mostHeld = max(d.nearest, p), max(d.mostHeld, d.stopper.Held)
}

// Warm reports whether the running head may answer at step.
func (d *Decider) Warm(step int) bool { return step > d.cfg.Warm }

// Head returns the running head's own label at the last step, −1 before the first.
func (d *Decider) Head() int { return d.best }

// Label returns the running label after the last step, −1 where the rules hold it back.
func (d *Decider) Label() int { return d.running.label }

// Running returns the running label after the last step and its probability; −1 and
// that of the best label where the rules hold it back.
func (d *Decider) Running() (label int, p float32) {
	s := &d.running
	if s.label < 0 {
		return -1, s.probs[f32.Argmax(s.probs)]
	}
	return s.label, s.probs[s.label]
}

// Probs returns the running probabilities after averaging; they change with the next
// step.
func (d *Decider) Probs() []float32 { return d.running.probs }

// Peak returns the segment's greatest evidence so far, in nats.
func (d *Decider) Peak() float64 { return d.running.peak }

// Judge is Rules.Judge.
func (d *Decider) Judge(dst []Verdict, p []float32, peak float64) []Verdict {
	return d.rules.Judge(dst, p, peak)
}

// JudgeEarly appends how near the early rule came to firing in this segment.
func (d *Decider) JudgeEarly(dst []Verdict) []Verdict {
	switch c := d.cfg; {
	case math.IsInf(d.nearest, -1):
	case c.Early != nil:
		dst = append(dst, Verdict{EarlyScore, d.nearest, c.Early.Threshold, d.early})
	case c.EarlySteps > 0:
		dst = append(dst, Verdict{EarlyP, d.nearest, c.EarlyP, d.nearest >= c.EarlyP},
			Verdict{EarlySteps, float64(d.mostHeld), float64(c.EarlySteps), d.early})
	}
	return dst
}

func (d *Decider) visit(k *codec.Codec) {
	n := len(d.rules.on) - 1
	k.Int(&d.best, -1, n)
	k.Int(&d.stopper.Label, -1, n)
	k.Int(&d.stopper.Held, 0, math.MaxInt32)
	k.Bool(&d.early)
	k.Float64(&d.nearest)
	k.Int(&d.mostHeld, 0, math.MaxInt32)
	d.running.visit(k, d.rules)
}

// AppendState appends the decider's state.
func (d *Decider) AppendState(dst []byte) []byte {
	k := codec.Writer(dst)
	d.visit(k)
	return k.Bytes()
}

// Restore takes back what AppendState wrote from the front of data, into a decider of
// the same rules and labels, and returns the rest.
func (d *Decider) Restore(data []byte) ([]byte, error) {
	k := codec.Reader(data)
	d.visit(k)
	return k.Rest()
}
