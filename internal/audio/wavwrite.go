package audio

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// SampleFormat is how EncodeWAV and WAVWriter store a sample.
type SampleFormat int

const (
	PCM16   SampleFormat = iota // nearest, clipped to [−1, 1)
	Float32                     // as it is
)

func (f SampleFormat) bytes() int {
	if f == Float32 {
		return 4
	}
	return 2
}

// EncodeWAV writes a whole file.
func EncodeWAV(w io.Writer, c *Clip, format SampleFormat) error {
	if err := checkEncodable(c.Rate, c.Channels, len(c.Samples)); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	out, err := NewSizedWAVWriter(b, c.Rate, c.Channels, format, int64(c.Frames()))
	if err != nil {
		return err
	}
	if err := out.Write(c.Samples); err != nil {
		return err
	}
	return b.Flush()
}

// NewSizedWAVWriter writes the header of a file of so many samples a channel; they
// are to follow, and no more. It needs no Close.
func NewSizedWAVWriter(w io.Writer, rate float64, channels int, format SampleFormat, frames int64) (*WAVWriter, error) {
	if err := checkEncodable(rate, channels, 0); err != nil {
		return nil, err
	}
	frame := int64(channels * format.bytes())
	if frames > (math.MaxUint32-64)/frame {
		return nil, fmt.Errorf("audio: %d samples of %d bytes exceed what a WAV file can hold", frames, frame)
	}
	out := &WAVWriter{w: w, rate: uint32(rate), channels: channels, format: format}
	_, err := w.Write(out.header(uint32(frames * frame)))
	return out, err
}

// A WAVWriter writes a file whose length is not known beforehand. Until Close
// the header says "to the end of the file", so that what an interrupted
// recording leaves is readable.
type WAVWriter struct {
	w        io.Writer
	rate     uint32
	channels int
	format   SampleFormat
	size     int64 // bytes of samples
	buf      []byte
}

// NewWAVWriter writes the header.
func NewWAVWriter(w io.Writer, rate float64, channels int, format SampleFormat) (*WAVWriter, error) {
	if err := checkEncodable(rate, channels, 0); err != nil {
		return nil, err
	}
	out := &WAVWriter{w: w, rate: uint32(rate), channels: channels, format: format}
	_, err := w.Write(out.header(streamed))
	return out, err
}

// header is 44 bytes for PCM; float has the extension size and fact chunk that
// the format asks of everything but PCM: 58 bytes.
func (w *WAVWriter) header(size uint32) []byte {
	le := binary.LittleEndian
	frame := uint32(w.channels * w.format.bytes())
	code, extra := uint16(wavPCM), uint32(0)
	if w.format == Float32 {
		code, extra = wavFloat, 14
	}
	riff := uint32(streamed)
	if size != streamed {
		riff = 36 + extra + size
	}
	h := append([]byte(nil), "RIFF"...)
	h = le.AppendUint32(h, riff)
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 16+extra/14*2)
	h = le.AppendUint16(h, code)
	h = le.AppendUint16(h, uint16(w.channels))
	h = le.AppendUint32(h, w.rate)
	h = le.AppendUint32(h, w.rate*frame)
	h = le.AppendUint16(h, uint16(frame))
	h = le.AppendUint16(h, uint16(8*w.format.bytes()))
	if w.format == Float32 {
		h = le.AppendUint16(h, 0)
		h = append(h, "fact\x04\x00\x00\x00"...)
		frames := uint32(streamed)
		if size != streamed {
			frames = size / frame
		}
		h = le.AppendUint32(h, frames)
	}
	h = append(h, "data"...)
	return le.AppendUint32(h, size)
}

// Write appends samples, channels interleaved.
func (w *WAVWriter) Write(samples []float32) error {
	if len(samples)%w.channels != 0 {
		panic(fmt.Sprintf("audio: Write of %d samples, no whole number of frames of %d channels", len(samples), w.channels))
	}
	const block = 4096
	for len(samples) > 0 {
		n := min(len(samples), block)
		w.buf = w.buf[:0]
		for _, v := range samples[:n] {
			if w.format == Float32 {
				w.buf = binary.LittleEndian.AppendUint32(w.buf, math.Float32bits(v))
			} else {
				w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(quantise(v)))
			}
		}
		if _, err := w.w.Write(w.buf); err != nil {
			return err
		}
		w.size += int64(len(w.buf))
		samples = samples[n:]
	}
	return nil
}

// Close completes the header where the underlying writer can seek; elsewhere,
// and beyond 4 GB, it stays at "to the end of the file". It does not close the
// underlying writer.
func (w *WAVWriter) Close() error {
	s, ok := w.w.(io.WriteSeeker)
	if !ok || w.size > math.MaxUint32-64 {
		return nil
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return nil // a pipe
	}
	if _, err := s.Write(w.header(uint32(w.size))); err != nil {
		return err
	}
	_, err := s.Seek(0, io.SeekEnd)
	return err
}
