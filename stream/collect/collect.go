// Package collect cuts a source into labelled examples: one file for each segment, a WAV
// file of sound or a table of slower signals, in a folder that model/dataset reads. Run does
// all of it.
package collect

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"inkling/capture"
	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/model/segment"
)

// Options of Run.
type Options struct {
	Dir     string         // of the data set; examples go to Dir/Label/Label-0001.wav or .csv and on, under names that are free
	Label   string         // a name for a folder
	Segment segment.Config // how to cut: at silence, or into even lengths
	Names   []string       // of the channels: examples become tables with these columns; nil: sound, unless its rate is below that of any sound
	Count   int            // examples after which Run ends; 0: no limit
	Seconds float64        // of signal after which Run ends; 0: no limit

	// Refused, if set, is told of takes of sound that Judge finds to be of no use, which are not
	// written then and do not count.
	Refused func(why string)
	Quiet   bool // takes may be quiet, as those of background are
	Trim    bool // takes of sound are written without the silence before and after: see the function Trim

	// Streams bounds the streams at once; 0 or less: 10,000. One more ends the stream that was
	// longest without a block, which begins anew if it comes back. Ended, if set, is told of
	// that one, and how many there have been.
	Streams int
	Ended   func(stream string, n int)

	Saved func(path string, length time.Duration) // after each example; may be nil
	Fault func(f *capture.Fault)                  // when the health of the source changes; may be nil
	Gap   func(stream string, lost uint64)        // when samples are missing or no numbers, which ends the open segment; 0: the stream began anew; may be nil
}

// ErrNoRate says that a source does not tell its sampling rate.
var ErrNoRate = errors.New("the source does not tell its sampling rate: set Format.Rate")

// Run reads src until it ends, ctx is cancelled, or there is enough, and returns the number
// of examples written. Every stream of the source is cut by itself.
func Run(ctx context.Context, src capture.Source, o Options) (written int, err error) {
	if o.Streams <= 0 {
		o.Streams = 10_000
	}
	r := &run{o: o, dir: filepath.Join(o.Dir, o.Label), streams: map[string]*list.Element{}}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return 0, err
	}
	err = r.loop(ctx, src)
	return r.written, err
}

type run struct {
	o       Options
	dir     string
	streams map[string]*list.Element
	used    list.List // of *stream, the one whose block came last at the back
	ended   int       // streams that made room
	seconds float64   // read
	written int
	number  int // of the last file name tried
}

// A stream is cut by a collector of its own.
type stream struct {
	*segment.Collector
	name   string
	format capture.Format
	next   uint64 // offset of the block that follows the last one
	hole   uint64 // the last samples that were no numbers
	save   func(samples []float32) error
}

func (r *run) full() bool {
	return r.o.Count > 0 && r.written >= r.o.Count || r.o.Seconds > 0 && r.seconds >= r.o.Seconds
}

func (r *run) loop(ctx context.Context, src capture.Source) error {
	var b capture.Block
	for !r.full() {
		err := src.Read(ctx, &b)
		if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			return err
		}
		if b.Fault != nil {
			if r.o.Fault != nil {
				r.o.Fault(b.Fault)
			}
			continue
		}
		if err := r.block(&b); err != nil {
			return err
		}
	}
	for r.used.Len() > 0 {
		if err := r.end(r.used.Front()); err != nil {
			return err
		}
	}
	return nil
}

// end ends a stream and forgets it.
func (r *run) end(e *list.Element) error {
	s := r.used.Remove(e).(*stream)
	delete(r.streams, s.name)
	r.tell(s)
	return s.End(s.save)
}

func (r *run) block(b *capture.Block) error {
	e, err := r.stream(b)
	if err != nil {
		return err
	}
	s := e.Value.(*stream)
	for x := b.Samples; len(x) > 0; {
		n, finite := stretch(x, max(b.Format.Channels, 1))
		if finite {
			r.tell(s)
			err = s.Feed(x[:n], s.save)
		} else {
			s.hole += uint64(n / max(b.Format.Channels, 1))
			err = s.End(s.save)
		}
		if err != nil {
			return err
		}
		x = x[n:]
	}
	s.next = b.Offset + uint64(b.Len())
	r.seconds += float64(b.Len()) / max(b.Format.Rate, 1)
	if !b.Done {
		return nil
	}
	return r.end(e)
}

// tell tells of samples that were no numbers, once they have ended.
func (r *run) tell(s *stream) {
	if s.hole > 0 && r.o.Gap != nil {
		r.o.Gap(s.name, s.hole)
	}
	s.hole = 0
}

// stretch returns the length of the longest beginning of x of which all samples have finite
// values in all channels, or none has.
func stretch(x []float32, channels int) (n int, finite bool) {
	for n = 0; n < len(x); n += channels {
		good := true
		for _, v := range x[n:min(n+channels, len(x))] {
			good = good && v-v == 0
		}
		if n > 0 && good != finite {
			return n, finite
		}
		finite = good
	}
	return len(x), finite
}

// stream returns the stream of a block, which it begins, or begins anew.
func (r *run) stream(b *capture.Block) (*list.Element, error) {
	e := r.streams[b.Stream]
	if e == nil {
		return r.begin(b)
	}
	r.used.MoveToBack(e)
	s := e.Value.(*stream)
	if s.format == b.Format && s.next == b.Offset {
		return e, nil
	}
	r.tell(s)
	if err := s.End(s.save); err != nil {
		return nil, err
	}
	if s.next != b.Offset && r.o.Gap != nil {
		r.o.Gap(b.Stream, max(b.Offset, s.next)-s.next)
	}
	if s.format == b.Format {
		return e, nil
	}
	r.used.Remove(e)
	return r.begin(b)
}

// begin adds the stream of a block. If there are too many it ends the quietest one.
func (r *run) begin(b *capture.Block) (*list.Element, error) {
	f := b.Format
	f.Channels = max(f.Channels, 1)
	c, err := segment.NewCollector(r.o.Segment, f.Rate, f.Channels)
	if err != nil {
		return nil, err
	}
	if r.used.Len() >= r.o.Streams {
		oldest := r.used.Front()
		if err := r.end(oldest); err != nil {
			return nil, err
		}
		if r.ended++; r.o.Ended != nil {
			r.o.Ended(oldest.Value.(*stream).name, r.ended)
		}
	}
	s := &stream{Collector: c, name: b.Stream, format: b.Format, save: func(samples []float32) error { return r.write(samples, f) }}
	r.streams[b.Stream] = r.used.PushBack(s)
	return r.streams[b.Stream], nil
}

// write saves one example under a name that is free.
func (r *run) write(samples []float32, f capture.Format) error {
	if r.full() {
		return nil
	}
	if f.Rate <= 0 {
		return ErrNoRate
	}
	ending, table := ".wav", r.o.isTable(&f)
	if table {
		ending = ".csv"
	}
	if r.o.Refused != nil && !table {
		why := Judge(samples, f.Channels, f.Rate)
		if r.o.Quiet && why != "" && clipped(samples, f.Channels) <= clippedRuns {
			why = ""
		}
		if why != "" {
			r.o.Refused(why)
			return nil
		}
	}
	if r.o.Trim && !table {
		samples = Trim(samples, f.Channels, f.Rate)
	}
	for {
		r.number++
		path := filepath.Join(r.dir, fmt.Sprintf("%s-%04d%s", r.o.Label, r.number, ending))
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		clip := &audio.Clip{Rate: f.Rate, Channels: f.Channels, Samples: samples}
		err := atomicfile.WriteFile(path, func(w io.Writer) error {
			if table {
				return r.o.writeTable(w, samples, &f)
			}
			return audio.EncodeWAV(w, clip, audio.Float32)
		})
		if err != nil {
			return err
		}
		r.written++
		if r.o.Saved != nil {
			r.o.Saved(path, time.Duration(float64(clip.Frames())/f.Rate*1e9))
		}
		return nil
	}
}
