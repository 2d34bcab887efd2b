package audio

import (
	"crypto/md5"
	"fmt"
	"io"
	"math"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// FLACBits returns how many bits a sample, 16 or 24, FLAC needs to hold c exactly; 0 if it
// cannot.
func FLACBits(c *Clip) int {
	if c.Rate != math.Trunc(c.Rate) || c.Rate < 1 || c.Rate > 655350 || c.Channels < 1 || c.Channels > 8 || len(c.Samples) == 0 {
		return 0
	}
	bits := 16
	for _, v := range c.Samples {
		if v < -1 || v >= 1 {
			return 0
		}
		if bits == 16 && !whole(v*(1<<15)) {
			bits = 24
		}
		if bits == 24 && !whole(v*(1<<23)) {
			return 0
		}
	}
	return bits
}

// whole reports whether v is a whole number and no negative zero, which integers have none of.
func whole(v float32) bool {
	return v == float32(int32(v)) && (v != 0 || !math.Signbit(float64(v)))
}

const flacBlock = 4096 // samples a channel

// EncodeFLAC writes a whole file that holds the samples exactly. It returns an error if FLAC
// cannot do so, as FLACBits tells.
func EncodeFLAC(w io.Writer, c *Clip) error {
	bits := FLACBits(c)
	if bits == 0 {
		return fmt.Errorf("audio: FLAC does not hold %d samples of %d channels at %v Hz exactly: write a WAV file of floats", len(c.Samples), c.Channels, c.Rate)
	}
	n, scale := c.Frames(), float32(int32(1)<<(bits-1))
	data := make([]int32, len(c.Samples))
	raw := make([]byte, 0, len(c.Samples)*bits/8)
	for i, v := range c.Samples {
		x := int32(v * scale)
		data[i] = x
		if raw = append(raw, byte(x), byte(x>>8)); bits == 24 {
			raw = append(raw, byte(x>>16))
		}
	}
	block := min(max(n, 16), flacBlock)
	info := &meta.StreamInfo{BlockSizeMin: uint16(block), BlockSizeMax: uint16(block), SampleRate: uint32(c.Rate),
		NChannels: uint8(c.Channels), BitsPerSample: uint8(bits), NSamples: uint64(n), MD5sum: md5.Sum(raw)}
	e, err := flac.NewEncoder(struct{ io.Writer }{w}, info) // without Seek: the header is complete
	if err != nil {
		return fmt.Errorf("audio: FLAC: %w", err)
	}
	for at := 0; at < n; at += flacBlock {
		size := min(flacBlock, n-at)
		f := &frame.Frame{Header: frame.Header{HasFixedBlockSize: true, Num: uint64(at / flacBlock), BlockSize: uint16(size), Channels: frame.Channels(c.Channels - 1), BitsPerSample: uint8(bits)}}
		for ch := range c.Channels {
			sub := &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, NSamples: size, Samples: make([]int32, size)}
			for i := range sub.Samples {
				sub.Samples[i] = data[(at+i)*c.Channels+ch]
			}
			f.Subframes = append(f.Subframes, sub)
		}
		if err := e.WriteFrame(f); err != nil {
			return fmt.Errorf("audio: FLAC: %w", err)
		}
	}
	return nil
}
