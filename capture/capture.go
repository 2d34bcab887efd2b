// Package capture brings samples in: the Source and Block that every input
// speaks, and the sources that need neither device nor network: File, PCM and
// Stdin for pipes, Memory, and Replay, which holds another source back to the
// pace of the clock.
package capture

import (
	"context"
	"time"
)

// Format says how the samples of a stream are laid out. Rate is in samples per
// second and channel, 0 if the source does not know it.
type Format struct {
	Rate     float64
	Channels int
}

// Mark tells where a message stands in a segment that the sender delimits.
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
)

func (h Health) String() string { return string(h) }

// A Fault reports a change in a source's health. It does not end the stream.
type Fault struct {
	State  Health
	Reason string
}

// Block is a run of consecutive samples of one stream, valid until the next
// Read of its source. The source may reuse every field.
type Block struct {
	Stream  string    // the stream's name: file path, device, subject
	Format  Format    // may differ from block to block; a change ends the segment
	Offset  uint64    // index, per channel, of the first sample; a jump is lost samples
	Time    time.Time // capture time of the first sample; zero for files
	Mark    Mark
	Samples []float32 // channels interleaved, full scale ±1 for PCM; may be empty
	Fault   *Fault    // not nil: a health report; Samples is then empty
	Done    bool      // the stream ended with this block (end of file); others of the source may go on
}

// Len is the number of samples a channel.
func (b *Block) Len() int {
	if b.Format.Channels <= 1 {
		return len(b.Samples)
	}
	return len(b.Samples) / b.Format.Channels
}

// A Source yields blocks until it ends with io.EOF, or for ever. Read fills b
// and returns; it is called by one goroutine at a time. A cancelled context
// ends Read with the context's error. Close releases the source; it may be
// called while Read is waiting and makes it return.
type Source interface {
	Read(ctx context.Context, b *Block) error
	Close() error
}

// A Readier is a Source that knows whether Read would return at once. Who reads
// the streams of many, and gains by having blocks of several, may wait for more
// only while there are more.
type Readier interface{ Ready() bool }
