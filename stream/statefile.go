package stream

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"inkling/internal/codec"
)

// A state file holds a savedRun between stateMagic and a SHA-256 of all before it.
var stateMagic = fmt.Sprintf("inkling state %d\n", stateVersion)

// errDamaged says that a state file is not what was written.
var errDamaged = errors.New("it is cut off or damaged")

// A savedRun is the state of a Run between two blocks of its source. Its fields are
// written in three parts: streams come one by one, and the outputs when they have taken
// all events before.
type savedRun struct {
	identity identity
	session  string
	at       time.Time     // when it was saved
	ended    bool          // the Run ended with it
	summed   bool          // the summary was sent
	again    bool          // the source is a Replayer
	position []byte        // of it
	seconds  time.Duration // that all runs took
	counts   counts
	past     past
	lineup   *lineup // of commits; nil: it is not known

	streams []savedOf
	outputs [][]byte // positions, of the sinks that are Rewinders
}

// A savedOf is one of its streams.
type savedOf struct {
	name  string
	state []byte    // fields of the classifier
	last  time.Time // when its last block came, by the clock of the source; zero: that has none
	idle  bool      // its segment was ended since

	// Of a record of a commit alone: whose state it is, and when its last block came, counted.
	identityKey string
	identity    *identity
	turn        uint64
	count       lastOf // how far it has counted
}

// visitHead has what comes before the streams.
func (s *savedRun) visitHead(k *codec.Codec) {
	s.identity.visit(k)
	s.visitRun(k)
	s.past.visit(k)
}

// visitRun has what a state says of its Run, in a file as in a commit.
func (s *savedRun) visitRun(k *codec.Codec) {
	k.String(&s.session)
	k.Time(&s.at)
	k.Bool(&s.ended)
	k.Bool(&s.summed)
	k.Bool(&s.again)
	k.Data(&s.position)
	k.Int64((*int64)(&s.seconds))
	s.counts.visit(k)
}

func (o *savedOf) visit(k *codec.Codec) {
	k.String(&o.name)
	k.Data(&o.state)
	k.Time(&o.last)
	k.Bool(&o.idle)
}

// visitOutputs has what comes behind the streams.
func (s *savedRun) visitOutputs(k *codec.Codec) { codec.List(k, &s.outputs, 1<<16, k.Data) }

func (n *counts) visit(k *codec.Codec) {
	for _, v := range []*float64{&n.streams, &n.segments, &n.confirmed, &n.rejected, &n.dropped, &n.overturned, &n.early, &n.forecasts, &n.gaps, &n.lost} {
		k.Float64(v)
	}
}

// A stateWriter writes a state file.
type stateWriter struct {
	w   io.Writer
	sum interface {
		io.Writer
		Sum([]byte) []byte
	}
	buf []byte
	err error
}

func newStateWriter(w io.Writer) *stateWriter {
	sum := sha256.New()
	s := &stateWriter{w: io.MultiWriter(w, sum), sum: sum}
	_, s.err = io.WriteString(s.w, stateMagic)
	return s
}

// fields writes what visit has.
func (s *stateWriter) fields(visit func(*codec.Codec)) {
	k := codec.Writer(s.buf[:0])
	visit(k)
	s.buf = k.Bytes()
	if s.err == nil {
		_, s.err = s.w.Write(s.buf)
	}
}

// write writes the whole of s.
func (s *savedRun) write(out *stateWriter) error {
	out.fields(s.visitHead)
	n := len(s.streams)
	out.fields(func(k *codec.Codec) { k.Int(&n, 0, n) })
	for i := range s.streams {
		out.fields(s.streams[i].visit)
	}
	out.fields(s.visitOutputs)
	return out.close()
}

// close writes the checksum.
func (s *stateWriter) close() error {
	if s.err == nil {
		_, s.err = s.w.Write(s.sum.Sum(nil))
	}
	return s.err
}

// parseState reads a state file.
func parseState(data []byte) (*savedRun, error) {
	if !bytes.HasPrefix(data, []byte(stateMagic)) {
		if i := bytes.IndexByte(stateMagicOf(data), '\n'); i > 0 {
			return nil, fmt.Errorf("it is written as %q, this program reads %q", data[:i], stateMagic[:len(stateMagic)-1])
		}
		return nil, errors.New("it is no state file")
	}
	n := len(data) - sha256.Size
	if n < len(stateMagic) {
		return nil, errDamaged
	}
	if sum := sha256.Sum256(data[:n]); !bytes.Equal(sum[:], data[n:]) {
		return nil, errDamaged
	}
	return parseFields(data[len(stateMagic):n])
}

// stateMagicOf returns the beginning of data if it may be the magic of another version.
func stateMagicOf(data []byte) []byte {
	const name = "inkling state "
	if !bytes.HasPrefix(data, []byte(name)) {
		return nil
	}
	return data[:min(len(data), len(name)+8)]
}

func parseFields(data []byte) (*savedRun, error) {
	k := codec.Reader(data)
	s := &savedRun{}
	s.visitHead(k)
	n := 0
	k.Int(&n, 0, math.MaxInt32)
	for range n {
		var o savedOf
		if o.visit(k); k.Bad() {
			return nil, errDamaged
		}
		s.streams = append(s.streams, o)
	}
	s.visitOutputs(k)
	if rest, err := k.Rest(); err != nil || len(rest) > 0 {
		return nil, errDamaged
	}
	return s, nil
}

// readState reads a state for streams of the plan.
func readState(data []byte, p *plan) (*savedRun, error) {
	s, err := parseState(data)
	if err != nil {
		return nil, err
	}
	return s, s.identity.fits(p.identity())
}

// restoreStream returns the classifier that a stream goes on with.
func (p *plan) restoreStream(session string, o *savedOf) (*Classifier, error) {
	c, err := p.classifier(session, o.name)
	if err != nil {
		return nil, err
	}
	k := codec.Reader(o.state)
	c.visit(k)
	if rest, err := k.Rest(); err != nil || len(rest) > 0 || !c.consistent() {
		return nil, codec.ErrState
	}
	c.resumeAt = c.input.next + c.input.hole
	return c, nil
}
