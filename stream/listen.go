package stream

import (
	"fmt"
	"math"
	"slices"
	"time"

	"inkling/capture"
	"inkling/internal/codec"
	"inkling/model/segment"
)

const (
	hopsPerSecond = 50               // in each of which the level is measured
	judged        = 10 * time.Second // how often the level is judged
	anHour        = 360              // of these
	aMinute       = 6
	ends          = 0.9995 // of full scale: values from here on, two in a row, count as clipped
	mostClipped   = 0.001
	audible       = -65.0 // dB of full scale: with nothing above it for a minute, a detector has hardly anything to hear
	muted         = -90.0 // which the source reports itself
	headroom      = 3.0   // dB of full scale that a sound needs at least
)

// An ear listens to a stream before the first segment may open: so the detector and the
// noise floor know the room, and a device has done clicking. It says what it has heard, and
// from then on what keeps the stream from working. All of it goes by counts of samples, and
// so does not depend on blocks.
type ear struct {
	begun, listening bool
	left             int // samples until the listening is over, or the level is judged

	levels []float32 // dB of the hops of the listening
	probs  []float32 // that the detector gave

	hop, n           int // values of a hop, and how many are in now
	sum, squares     float64
	last             float64
	values, clipped  int
	loudest, quieter float64 // dB of the hops since the level was judged; since something was loud enough
	quiet, patience  int     // how often in a row nothing was; how often until that is told
	turns            int     // how often the level was judged
	told             [causes]int

	first, end uint64 // of the open segment, with those before that it continues; of the last one
	goesOn     bool   // the last one ended at the maximum
}

// A cause is what keeps a stream from working.
type cause int

const (
	clips cause = iota
	faint
	unending
	causes
)

// begin begins to listen for a time.
func (e *ear) begin(listen time.Duration, f capture.Format) {
	*e = ear{begun: true, listening: true, left: max(int(listen.Seconds()*f.Rate), 1), hop: max(int(f.Rate/hopsPerSecond), 1) * max(f.Channels, 1), loudest: math.Inf(-1)}
}

// listen takes the stream's samples from a position on, and measures them.
func (c *Classifier) listen(at uint64, samples []float32) {
	e, channels := c.ear, max(c.input.format.Channels, 1)
	if e == nil || c.input.format.Rate <= 0 {
		c.segmentSamples(samples)
		return
	}
	if !e.begun && len(samples) > 0 {
		c.hearOut()
		if c.Open() {
			c.endSegment(segment.ByGap)
			c.restart(at)
		}
		e.begin(c.o.Listen, c.input.format)
		c.mute()
	}
	for len(samples) > 0 {
		n := min(e.left, len(samples)/channels)
		part := samples[:n*channels]
		c.segmentSamples(part)
		e.measure(part)
		samples, at = samples[n*channels:], at+uint64(n)
		if e.left -= n; e.left > 0 {
			continue
		}
		c.hearOut()
		if e.listening {
			c.heard(at)
			patience := aMinute
			if e.loudest >= c.least() {
				patience = anHour
			}
			*e = ear{begun: true, hop: e.hop, patience: patience, loudest: math.Inf(-1)}
			c.mute()
		} else {
			c.judge(at)
		}
		e.left = max(int(judged.Seconds()*c.input.format.Rate), 1)
	}
}

// mute keeps segments from opening as long as the stream only listens.
func (c *Classifier) mute() { c.segmenter.(segment.Muter).Mute(c.ear.listening) }

// overhear keeps what the detector gives in the listening.
func (e *ear) overhear(p float64) {
	if e != nil && e.listening {
		e.probs = append(e.probs, float32(p))
	}
}

// measure adds values to the current hop.
func (e *ear) measure(values []float32) {
	for _, v := range values {
		x := float64(v)
		e.sum += x
		e.squares += float64(x * x)
		if math.Abs(x) >= ends && math.Abs(e.last) >= ends {
			e.clipped++
		}
		e.last = x
		if e.n++; e.n == e.hop {
			e.endHop()
		}
	}
	e.values += len(values)
}

func (e *ear) endHop() {
	n := float64(e.n)
	dB := 10 * math.Log10(max(e.squares/n-float64((e.sum/n)*(e.sum/n)), 0)+1e-12)
	e.loudest = max(e.loudest, dB)
	if e.listening {
		e.levels = append(e.levels, float32(dB))
	}
	e.n, e.sum, e.squares = 0, 0, 0
}

// doubt queues a status, unless the same was told within the hour.
func (c *Classifier) doubt(at uint64, k cause, format string, args ...any) {
	e := c.ear
	if t := e.told[k]; t > 0 && e.turns+1-t < anHour {
		return
	}
	e.told[k] = e.turns + 1
	c.tell(at, capture.Doubtful, fmt.Sprintf(format, args...))
}

func (c *Classifier) tell(at uint64, state capture.Health, reason string) {
	c.push(op{kind: opStatus, sample: at, time: c.input.time(at), clock: c.input.clock, fault: &capture.Fault{State: state, Reason: reason}})
}

// heard says what was heard in the listening, and what is wrong with it.
func (c *Classifier) heard(at uint64) {
	e := c.ear
	share := float64(e.clipped) / float64(max(e.values, 1))
	if len(e.levels) == 0 {
		return // less than a hop
	}
	slices.Sort(e.levels)
	floor, level := e.levels[len(e.levels)/10], e.levels[len(e.levels)/2]
	s := fmt.Sprintf("listened for %s: level %.0f dB of full scale (quietest tenth %.0f, loudest %.0f), %s", c.o.Listen, level, floor, e.loudest, clipping(share))
	slices.Sort(e.probs)
	if n := len(e.probs); n > 0 {
		s += fmt.Sprintf("; the detector heard a label with a probability of %.2f, at most %.2f", e.probs[n/2], e.probs[n-1])
	}
	c.tell(at, capture.Up, s)
	g := &c.segment
	switch opens := float64(floor) + g.OnDB; {
	case share > mostClipped:
		c.tell(at, capture.Doubtful, overdriven(share))
	case g.Kind == segment.Activity && opens > -headroom:
		c.tell(at, capture.Doubtful, fmt.Sprintf("a segment opens %v dB above the noise floor, at %.0f dB of full scale, which no sound reaches: lower the gain of the microphone, or the setting on (%v)", g.OnDB, opens, g.OnDB))
	case len(e.probs) > 0 && float64(e.probs[len(e.probs)/2]) >= g.DetectOff:
		c.tell(at, capture.Doubtful, fmt.Sprintf("the detector has heard a label most of the time, with a probability of %.2f: unless one of them sounded, train with a recording of this place as background, or raise the settings detect_on (%v) and detect_off (%v)",
			e.probs[len(e.probs)/2], g.DetectOn, g.DetectOff))
	}
}

func clipping(share float64) string {
	if share == 0 {
		return "nothing clipped"
	}
	return fmt.Sprintf("%.2g %% clipped", 100*share)
}

func overdriven(share float64) string {
	return fmt.Sprintf("%.2g %% of the samples are clipped, at the ends of the scale: lower the gain of the microphone, or move it away from the sound", 100*share)
}

// judge looks at the level since it was judged last.
func (c *Classifier) judge(at uint64) {
	e := c.ear
	if share := float64(e.clipped) / float64(e.values); share > mostClipped {
		c.doubt(at, clips, "%s", overdriven(share))
	}
	least := c.least()
	switch {
	case e.loudest >= least:
		e.quiet, e.patience = 0, anHour
	case e.quiet < e.patience:
		if e.quiet++; e.quiet == 1 {
			e.quieter = e.loudest
		}
		if e.quieter = max(e.quieter, e.loudest); e.quiet == e.patience && e.quieter > muted {
			c.doubt(at, faint, "nothing has been louder than %.0f dB of full scale for %s, and below %.0f dB %s: if there was anything to hear, raise the gain of the microphone, or move it nearer", e.quieter, time.Duration(e.quiet)*judged, least, c.tooFaint())
		}
	}
	e.turns++
	e.values, e.clipped, e.loudest = 0, 0, math.Inf(-1)
}

// least is the level, in dB of full scale, below which there is nothing to work with.
func (c *Classifier) least() float64 {
	if c.segment.Kind == segment.Activity {
		return c.segment.LevelDBFS
	}
	return audible
}

func (c *Classifier) tooFaint() string {
	if c.segment.Kind == segment.Activity {
		return "(the setting level) no segment opens"
	}
	return "there is hardly anything that a model could go by"
}

// cut notes a segment that opens or ends, at a position of the source, and says if segments
// end at the maximum.
func (c *Classifier) cut(found *segment.Event, at uint64) {
	e := c.ear
	rate := max(c.m.Config.Rate, 1)
	switch found.Kind {
	case segment.Opened:
		if !e.goesOn || float64(found.Start-min(found.Start, e.end)) > rate/10 {
			e.first = found.Start
		}
	case segment.Closed, segment.Dropped:
		e.end, e.goesOn = found.End, found.Ending == segment.ByMaximum
		if e.goesOn {
			c.tooLong(at, float64(found.End-e.first)/rate)
		}
	}
}

func (c *Classifier) tooLong(at uint64, seconds float64) {
	g := &c.segment
	var raise string
	switch g.Kind {
	case segment.Label:
		raise = fmt.Sprintf("train with a recording of this place as background, or raise the settings detect_on (%v) and detect_off (%v)", g.DetectOn, g.DetectOff)
	case segment.Activity:
		raise = fmt.Sprintf("raise the settings on (%v) and off (%v), or take a model with a detector and the segmenter %s", g.OnDB, g.OffDB, segment.Label)
	default:
		return
	}
	what := fmt.Sprintf("a segment has reached the maximum of %v s, and was ended there", g.MaxDuration)
	if seconds >= 59.9 {
		what = fmt.Sprintf("no background has been heard for %.0f s: segments follow one another without a pause", seconds)
	}
	c.doubt(at, unending, "%s: if a label lasts that long, raise maximum; if something else sounds all the time, %s", what, raise)
}

func (e *ear) visit(k *codec.Codec) {
	k.Bool(&e.begun)
	k.Bool(&e.listening)
	k.Int(&e.left, 0, math.MaxInt32)
	k.Floats(&e.levels)
	k.Floats(&e.probs)
	k.Int(&e.hop, 0, math.MaxInt32)
	k.Int(&e.n, 0, math.MaxInt32)
	k.Float64(&e.sum)
	k.Float64(&e.squares)
	k.Float64(&e.last)
	k.Int(&e.values, 0, math.MaxInt)
	k.Int(&e.clipped, 0, math.MaxInt)
	k.Float64(&e.loudest)
	k.Float64(&e.quieter)
	k.Int(&e.quiet, 0, anHour)
	k.Int(&e.patience, 0, anHour)
	k.Int(&e.turns, 0, math.MaxInt)
	for i := range e.told {
		k.Int(&e.told[i], 0, math.MaxInt)
	}
	k.Uint64(&e.first)
	k.Uint64(&e.end)
	k.Bool(&e.goesOn)
	if e.begun && (e.left == 0 || e.hop == 0 || e.n >= e.hop) {
		k.Fail()
	}
}
