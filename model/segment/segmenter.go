package segment

import (
	"math"

	"inkling/model/feature"
)

// A Segmenter cuts one stream into segments and those into frames. It decides on a grid
// that begins at the stream's first sample, so what it finds does not depend on how the
// samples were split over calls of Push. It knows neither a network nor a clock:
// positions are samples a channel, at the rate of Setup, since the last Restart.
// In steady state no method allocates.
type Segmenter interface {
	// Push takes samples, channels interleaved, a whole number of samples a channel,
	// and appends what they complete to f.
	Push(f *Found, samples []float32)
	// Finish ends the open segment, if there is one, because the signal ends here.
	Finish(f *Found, why Ending)
	// Restart makes the next sample the first one of a signal; nothing is open.
	Restart()
	// Forget drops what was learned about the signal, such as its noise floor.
	Forget()
	// Open returns whether a segment is open, the number of its frames and how many
	// of them count.
	Open() (open bool, frames, counted int)
	// SetFront replaces the front end, which begins afresh with each segment, while none
	// is open.
	SetFront(front feature.Extractor)
	// Share has the front ends share frames with those of other segmenters of the same
	// signal, by m; SetFront does not end it.
	Share(m *feature.Memo)
	// Pos returns the position of the next sample.
	Pos() uint64
	// Reach returns how many of the last samples may still become part of a segment,
	// while none is open.
	Reach() uint64

	// AppendState appends the whole state; Restore takes it back from the front of
	// data, into a segmenter of the same Config and Setup, and returns the rest. What
	// does not fit together is an error.
	AppendState(dst []byte) []byte
	Restore(data []byte) (rest []byte, err error)
}

// A Muter is a segmenter that can be kept from opening segments while it hears the signal,
// to learn its noise floor or to follow it with a detector. What is open stays open. Muting
// is not part of the state.
type Muter interface {
	Segmenter
	Mute(muted bool)
}

// A Waiter is a segmenter that can wait for its detector, so that the detectors of many
// streams can be asked together. It finds the same as by Push, to the bit.
//
//	w.Wait(&f, samples)
//	for frame := w.Next(&f); frame != nil; frame = w.Next(&f) {
//		w.Heard(&f, w.Detector().Hear(frame))
//	}
//
// No other method may be called before Next has returned nil, but Finish, which asks the
// detector itself.
type Waiter interface {
	Segmenter
	Detector() Detector
	Wait(f *Found, samples []float32) // takes samples, and does nothing with them yet
	Next(f *Found) []float32          // the next frame for the detector, valid until Heard; nil if there is none
	Heard(f *Found, p float32)        // what it says of that frame
}

// A Marked segmenter is told where a segment begins, at position 0 after a Restart, and
// ends, by Finish.
type Marked interface {
	Segmenter
	Begin(f *Found)
}

// Setup is what a segmenter has to know about the signal.
type Setup struct {
	Front    feature.Extractor // of the stream; the segmenter resets it at each segment
	Rate     float64           // samples a second and channel; 0: unknown, a second is one sample
	Channels int
	Text     bool     // samples are characters: frames say where words end
	Context  bool     // Beat: frames have a context
	Detector Detector // Label: of the stream; the segmenter resets it when it forgets
	Heard    bool     // Label: report every probability of the detector
	Missed   bool     // report sound that opened no segment
	Endless  bool     // Whole: a segment ends with the signal alone, and has whole frames only
}

// New returns the segmenter of one stream. c has passed its check and has its zero
// fields filled in.
func New(c *Config, s Setup) Segmenter {
	b := newBase(c, s)
	switch c.Kind {
	case Activity:
		return newActivity(b, c, s)
	case Label:
		return newLabel(b, c, s)
	case Fixed:
		return newFixed(b, c)
	case Message:
		return &message{base: b}
	case Line:
		return &line{base: b}
	case Sentence:
		return &sentence{base: b}
	case Beat:
		return newBeat(b, c, s)
	}
	if s.Endless {
		b.limit = math.MaxInt64
	}
	return &whole{base: b, endless: s.Endless}
}

// Found is what a segmenter found, in order.
type Found struct {
	Events []Event
	Frames []float32 // of the events of kind FrameReady, in order, Dim values each

	waiting []float32 // samples that Wait has taken
	done    int       // of these
}

// Reset forgets what was found and keeps its memory.
func (f *Found) Reset() {
	f.Events, f.Frames, f.waiting, f.done = f.Events[:0], f.Frames[:0], f.waiting[:0], 0
}

func (f *Found) add(e Event) { f.Events = append(f.Events, e) }

// EventKind says what an Event is about.
type EventKind uint8

const (
	Opened     EventKind = iota // a segment begins at Start
	FrameReady                  // the open segment has another frame, which ends at End
	Counted                     // every frame of the open segment so far counts
	Closed                      // the segment [Start, End) ends, by Ending
	Dropped                     // [Start, End) is no segment after all, for Reason
	Heard                       // Label: the detector's probability at End is Value
	Missed                      // sound in [Start, End) opened no segment, for Reason
)

// An Event is one thing that a segmenter found. Value and Threshold are the number of
// the rule that Reason names. A Closed segment of Activity or Label has those of Short,
// which it has passed, and a frame of one has those of the segment so far: while Value is
// under Threshold, the segment may still be dropped.
type Event struct {
	Kind       EventKind
	Ending     Ending // Closed, Dropped, Missed
	Word       bool   // FrameReady: the frame ends a word of a text
	Reason     Reason // Dropped, Missed
	Start, End uint64
	Peak       uint64 // Closed by Beat: the R peak
	Value      float64
	Threshold  float64
}

// Ending says what ended a segment.
type Ending string

const (
	BySilence   Ending = "silence"   // Activity: no sound for Hold
	ByQuiet     Ending = "quiet"     // Label: the detector heard none of the labels for Hold
	ByMaximum   Ending = "maximum"   // it is MaxDuration long
	ByFixed     Ending = "fixed"     // Fixed: it has all its steps
	ByMessage   Ending = "message"   // Message: the source marked its end
	ByLine      Ending = "line"      // Line: its line ended
	BySentence  Ending = "sentence"  // Sentence: its sentence ended
	ByBeat      Ending = "beat"      // Beat: the whole window round the R peak has come
	ByEOF       Ending = "eof"       // the source ended
	ByGap       Ending = "gap"       // samples were lost
	ByIdle      Ending = "idle"      // nothing came for a while
	ByInterrupt Ending = "interrupt" // the program was told to stop
)

// Reason says why sound is no segment.
type Reason string

const (
	Short       Reason = "short"   // it sounded for less than MinDuration
	NoStep      Reason = "no_step" // it is shorter than a frame
	BelowOn     Reason = "on"      // it never rose OnDB above the noise floor
	BelowDetect Reason = "detect"  // the detector's probability never reached DetectOn
	BelowLevel  Reason = "level"   // it never reached LevelDBFS
)
