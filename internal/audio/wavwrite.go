package audio

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// SampleFormat is the format of samples in a WAV file.
type SampleFormat int

const (
	PCM16   SampleFormat = iota // rounded to 16 bits and clipped to [−1, 1)
	Float32                     // unchanged
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

// NewSizedWAVWriter writes the header of a file with this number of samples per channel.
// The caller must write exactly these. Close is not needed.
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

// A WAVWriter writes a file of unknown length. Until Close, the header says "until the end
// of the file", so that an interrupted recording can be read.
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

// header returns 44 bytes for PCM, and 58 for floats, as all formats but PCM require an
// extension size and a fact chunk.
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

// Close completes the header if the underlying writer can seek and the file is smaller than
// 4 GB. Otherwise the header keeps saying "until the end of the file". Close does not close
// the underlying writer.
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
