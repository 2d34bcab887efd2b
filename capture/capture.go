// Package capture reads samples from files, pipes and other programs.
//
// Files, TableFiles and TextFiles play files. Audio, PCM, Table and Text read one
// stream from an io.Reader, Func one from a function, NewMemory one from blocks that
// exist already. Replay slows a source down to real time. Each returns a Source:
// call Read until it returns io.EOF, then Close. Sources of other packages
// (microphones, NATS subjects) implement the same interface, and so can yours: fill
// in a Block at each Read, count Offset in samples, and set Done on the last block.
package capture

import (
	"context"
	"time"
)

// Format describes how the samples of a stream are laid out.
type Format struct {
	Rate     float64 // samples per second and channel; 0: unknown
	Channels int
}

// Mark says where a block lies in a segment whose bounds the sender chooses. The zero
// value marks nothing.
type Mark uint8

const (
	MarkBegin Mark = 1 << iota // a segment begins before the block's first sample
	MarkEnd                    // the open segment ends after the block's last sample
)

// Health is the state of a source or a sink.
type Health string

const (
	Up     Health = "up"     // it works, or works again
	Down   Health = "down"   // it delivers nothing, or a part of the input was refused
	Slow   Health = "slow"   // it falls behind, and data may be lost
	Silent Health = "silent" // it delivers samples, but they have been silent for long

	Doubtful Health = "doubtful" // it delivers samples that look wrong, as those of a mistaken format do
)

func (h Health) String() string { return string(h) }

// Timing says which clock the times of samples are of. The zero value is that of no clock:
// the times are unknown.
type Timing string

const (
	SensorTime  Timing = "sensor"  // of what took the samples: the source gives times
	ArrivalTime Timing = "arrival" // of this machine, when samples came to it
)

func (t Timing) String() string { return string(t) }

// A Fault reports a change in a source's health. It does not end the stream.
type Fault struct {
	State  Health
	Reason string
}

// A Block is a run of consecutive samples of one stream. It is valid until the next
// Read of its source, which may reuse every field.
type Block struct {
	Stream  string    // the stream's name: file path, device, subject
	Format  Format    // may differ from block to block; a change ends the segment
	Offset  uint64    // index, per channel, of the first sample; a jump means lost samples
	Time    time.Time // capture time of the first sample; zero if unknown, as for audio files
	Clock   Timing    // of Time; "" beside a Time that is not zero: ArrivalTime
	Arrived time.Time // when it came to the process, from which latency counts; zero: when it is read
	Mark    Mark
	Samples []float32 // channels interleaved, full scale ±1 for PCM; may be empty
	Fault   *Fault    // not nil: a report of the source's health; Samples is empty then
	Done    bool      // the stream ends with this block; other streams of the source may go on
}

// Len returns the number of samples per channel.
func (b *Block) Len() int {
	if b.Format.Channels <= 1 {
		return len(b.Samples)
	}
	return len(b.Samples) / b.Format.Channels
}

// A Source yields blocks until it ends with io.EOF, or for ever.
//
// Read fills b. Only one goroutine at a time calls it. When ctx is cancelled Read
// returns the context's error, and the block that it was waiting for comes with the
// next Read.
//
// Close releases the source. It may be called while Read is waiting, and makes it
// return.
type Source interface {
	Read(ctx context.Context, b *Block) error
	Close() error
}

// A Readier is a Source that reports whether Read would return without waiting. A
// reader that batches streams may wait for further blocks only while Ready reports
// true.
type Readier interface{ Ready() bool }

// A Holder is a Source of many streams that can leave some of them out. After Hold, Read
// returns no more samples of a stream until Release, while those of others come. Both may
// be called at any time, and while Read is waiting.
type Holder interface {
	Hold(stream string)
	Release(stream string)
}

// A Drainer is a Source that goes on arriving while nobody reads, as a subject or a
// device does, and so can hold samples that have arrived and have not been read.
//
// After Drain the source takes in nothing more: Read returns what has arrived, then
// io.EOF. After Abandon, Read returns one empty block for each stream of which samples
// were still waiting, with the Offset behind them, so that their loss is a gap; then
// io.EOF. Abandon follows Drain. Both may be called while Read is waiting.
type Drainer interface {
	Drain()
	Abandon()
}

// A Chronicler is a Source of what has been stored with the times at which it came. Reached
// returns the time up to which everything has been read: that of the last block, or a later
// one if nothing else had been stored until then. Whoever reads it goes by this clock, so that
// reading at another speed, or once more, gives the same.
type Chronicler interface{ Reached() time.Time }
