package capture

import (
	"context"
	"io"
	"os"
	"sync/atomic"
)

// Memory is a Source of blocks that exist already, for tests, examples and computed
// signals.
type Memory struct {
	blocks []Block
	read   int // of blocks
	closed atomic.Bool
}

// NewMemory returns a source that yields blocks in order, then io.EOF. It does not
// copy their samples.
func NewMemory(blocks ...Block) *Memory { return &Memory{blocks: blocks} }

// Cut divides samples, channels interleaved, into blocks of size samples per channel.
// The last block may be shorter, and is Done. Cut panics if size or f.Channels is not
// positive, or if samples does not hold whole frames.
func Cut(stream string, f Format, samples []float32, size int) []Block {
	if f.Channels < 1 || size < 1 || len(samples)%f.Channels != 0 {
		panic("capture: Cut needs a positive size, positive channels and whole frames")
	}
	var blocks []Block
	step := size * f.Channels
	for at := 0; at < len(samples) || at == 0; at += step {
		end := min(at+step, len(samples))
		blocks = append(blocks, Block{Stream: stream, Format: f, Offset: uint64(at / f.Channels), Samples: samples[at:end], Done: end == len(samples)})
	}
	return blocks
}

// Read implements Source.
func (m *Memory) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.closed.Load() {
		return os.ErrClosed
	}
	if m.read == len(m.blocks) {
		return io.EOF
	}
	*b = m.blocks[m.read]
	m.read++
	return nil
}

// Ready implements Readier.
func (m *Memory) Ready() bool { return m.read < len(m.blocks) }

// Close implements Source.
func (m *Memory) Close() error {
	m.closed.Store(true)
	return nil
}
