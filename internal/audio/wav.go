package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// RIFF WAVE as in Microsoft's and IBM's "Multimedia Programming Interface and
// Data Specifications 1.0" and Microsoft's "Multiple Channel Audio Data and
// WAVE Files"; RF64 as in EBU Tech 3306.
const (
	wavPCM        = 1
	wavFloat      = 3
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xFFFE

	// Programs that cannot seek write one of these lengths for "until the end": all
	// ones or the largest signed length, perhaps less a header.
	streamedFrom   = 0x7FFFF000
	streamedTo     = 0x80000000
	streamedNearly = 0xFFFF0000
	streamed       = 0xFFFFFFFF

	maxChannels = 1024
	maxRate     = 100e6 // Hz
)

// wavCodings names codings that are not decoded, as Microsoft's mmreg.h lists them.
var wavCodings = map[uint16]string{
	0x02: "Microsoft ADPCM", 0x08: "DTS", 0x10: "OKI ADPCM", 0x11: "IMA ADPCM", 0x14: "G.723 ADPCM", 0x20: "Yamaha ADPCM",
	0x22: "TrueSpeech", 0x31: "GSM 6.10", 0x40: "G.721 ADPCM", 0x42: "G.723.1", 0x45: "G.726 ADPCM", 0x50: "MPEG layer I or II",
	0x55: "MP3", 0x61: "Duck DK4 ADPCM", 0x62: "Duck DK3 ADPCM", 0x64: "G.726 ADPCM", 0x83: "G.729", 0x92: "AC-3 by S/PDIF",
	0xFF: "AAC", 0x160: "WMA 1", 0x161: "WMA", 0x162: "WMA Professional", 0x163: "WMA Lossless", 0x674F: "Ogg Vorbis",
	0x1600: "AAC (ADTS)", 0x1610: "AAC (HE)", 0x2000: "AC-3", 0xA109: "Speex", 0xF1AC: "FLAC",
}

// subformatTail is the part of an extensible format's GUID after the format code.
const subformatTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

type wavFormat struct {
	code      uint16
	channels  int
	rate      uint32
	container int // bytes per sample
}

type wavReader struct {
	r     io.Reader
	f     wavFormat
	want  int64 // samples according to the header; −1: until the end
	got   int64
	buf   []byte // a whole number of frames
	ended bool
}

func isWAV(h []byte) bool {
	return (string(h[:4]) == "RIFF" || string(h[:4]) == "RF64") && string(h[8:12]) == "WAVE"
}

func (a *Reader) openWAV(b *bufio.Reader, raw io.Reader, start int64) error {
	w, err := parseWAV(b, raw, start)
	if err != nil {
		return err
	}
	a.Rate, a.Channels, a.dec = float64(w.f.rate), w.f.channels, w
	if w.want >= 0 {
		a.Frames = w.want / int64(a.Channels)
	}
	return nil
}

// parseWAV reads the chunks before the samples. start is the position of RIFF in raw.
func parseWAV(b *bufio.Reader, raw io.Reader, start int64) (*wavReader, error) {
	var h [12]byte
	if _, err := io.ReadFull(b, h[:]); err != nil {
		return nil, fmt.Errorf("RIFF header %w", ErrTruncated)
	}
	riff := binary.LittleEndian.Uint32(h[4:])
	pos := int64(12)
	var format *wavFormat
	var size64 uint64 // data size of a ds64 chunk
	dataAt, dataSize := int64(-1), int64(0)
	for {
		if _, err := io.ReadFull(b, h[:8]); err != nil {
			if format == nil {
				return nil, fmt.Errorf("no fmt chunk: %w", ErrTruncated)
			}
			return nil, fmt.Errorf("no data chunk: %w", ErrTruncated)
		}
		pos += 8
		id, size := string(h[:4]), int64(binary.LittleEndian.Uint32(h[4:8]))
		switch id {
		case "fmt ":
			f, err := readFormat(b, size)
			if err != nil {
				return nil, err
			}
			format = &f
			if dataAt >= 0 {
				return rewindWAV(b, raw, start+dataAt, dataSize, f)
			}
		case "ds64":
			var d [16]byte
			if size < 16 {
				return nil, fmt.Errorf("ds64 chunk of %d bytes", size)
			}
			if _, err := io.ReadFull(b, d[:]); err != nil {
				return nil, fmt.Errorf("ds64 chunk %w", ErrTruncated)
			}
			size64 = binary.LittleEndian.Uint64(d[8:])
			if err := discard(b, size-16+size&1, id); err != nil {
				return nil, err
			}
		case "data":
			if size = dataLength(size, size64, riff, pos); format != nil {
				return newWAVReader(b, *format, size)
			}
			if size < 0 {
				return nil, errors.New("the data chunk has no length and no fmt chunk before it")
			}
			dataAt, dataSize = pos, size
			fallthrough
		default:
			if err := discard(b, size+size&1, id); err != nil {
				return nil, err
			}
		}
		pos += size + size&1
	}
}

// dataLength returns the number of bytes of samples, or −1 for all that follow.
func dataLength(size int64, size64 uint64, riff uint32, pos int64) int64 {
	switch {
	case size == streamed && size64 > 0 && size64 < 1<<62:
		return int64(size64)
	case size >= streamedNearly, size >= streamedFrom && size <= streamedTo:
		return -1
	case size == 0 && (int64(riff) <= pos-8 || riff >= streamedFrom):
		return -1 // the header was never completed
	}
	return size
}

// rewindWAV seeks back to samples that precede their format.
func rewindWAV(b *bufio.Reader, raw io.Reader, at, size int64, f wavFormat) (*wavReader, error) {
	s, ok := raw.(io.Seeker)
	if !ok {
		return nil, errors.New("the fmt chunk follows the data: read it from a file, not a pipe")
	}
	if _, err := s.Seek(at, io.SeekStart); err != nil {
		return nil, fmt.Errorf("the fmt chunk follows the data: %w", err)
	}
	b.Reset(raw)
	return newWAVReader(b, f, size)
}

func discard(b *bufio.Reader, n int64, id string) error {
	if _, err := io.CopyN(io.Discard, b, n); err != nil {
		return fmt.Errorf("%q chunk of %d bytes: %w", id, n, ErrTruncated)
	}
	return nil
}

func readFormat(b *bufio.Reader, size int64) (f wavFormat, err error) {
	if size < 16 {
		return f, fmt.Errorf("fmt chunk of %d bytes, want 16 or more", size)
	}
	var h [40]byte
	n := min(size, int64(len(h)))
	if _, err := io.ReadFull(b, h[:n]); err != nil {
		return f, fmt.Errorf("fmt chunk %w", ErrTruncated)
	}
	if err := discard(b, size-n+size&1, "fmt "); err != nil {
		return f, err
	}
	le := binary.LittleEndian
	f = wavFormat{code: le.Uint16(h[0:]), channels: int(le.Uint16(h[2:])), rate: le.Uint32(h[4:])}
	align, bits := int(le.Uint16(h[12:])), int(le.Uint16(h[14:]))
	if f.code == wavExtensible {
		if n < 40 || string(h[26:40]) != subformatTail {
			return f, errors.New("extensible format with an unknown subformat: convert it to plain PCM WAV or FLAC")
		}
		f.code = le.Uint16(h[24:])
	}
	return f, f.check(align, bits)
}

func (f *wavFormat) check(align, bits int) error {
	if f.channels == 0 {
		return errors.New("fmt chunk says 0 channels")
	}
	if f.rate == 0 {
		return errors.New("fmt chunk says a sampling rate of 0 Hz")
	}
	if f.channels > maxChannels {
		return fmt.Errorf("fmt chunk says %d channels: at most %d are read; the file is damaged, or split its channels into several files", f.channels, maxChannels)
	}
	if f.rate > maxRate {
		return fmt.Errorf("fmt chunk says a sampling rate of %d Hz: at most %.0f are read; the file is damaged or its header lies", f.rate, float64(maxRate))
	}
	switch f.code {
	case wavPCM, wavFloat, wavALaw, wavMuLaw:
	default:
		name := ""
		if n := wavCodings[f.code]; n != "" {
			name = " (" + n + ")"
		}
		return fmt.Errorf("WAV coding %#x%s is not supported: convert it to PCM WAV or FLAC (ffmpeg -i in.wav out.flac)", f.code, name)
	}
	f.container = align / f.channels
	if f.container*f.channels != align || f.container*8 < bits || bits < 1 {
		return fmt.Errorf("fmt chunk contradicts itself: %d channels of %d bits in frames of %d bytes", f.channels, bits, align)
	}
	switch {
	case f.code == wavPCM && f.container >= 1 && f.container <= 4:
	case f.code == wavFloat && (f.container == 4 || f.container == 8) && bits == 8*f.container:
	case (f.code == wavALaw || f.code == wavMuLaw) && f.container == 1 && bits == 8:
	default:
		return fmt.Errorf("WAV coding %#x of %d bits is not supported: convert it to PCM WAV or FLAC (ffmpeg -i in.wav out.flac)", f.code, bits)
	}
	return nil
}

// decode decodes whole samples and returns their number.
func (f *wavFormat) decode(dst []float32, p []byte) int {
	switch {
	case f.code == wavALaw:
		return expand(dst, p, &aLaw)
	case f.code == wavMuLaw:
		return expand(dst, p, &muLaw)
	case f.code == wavFloat && f.container == 4:
		return F32LE.Decode(dst, p)
	case f.code == wavFloat:
		return F64LE.Decode(dst, p)
	}
	return [...]Encoding{U8, S16LE, S24LE, S32LE}[f.container-1].Decode(dst, p)
}

func newWAVReader(r io.Reader, f wavFormat, size int64) (*wavReader, error) {
	frame := f.container * f.channels
	w := &wavReader{r: r, f: f, want: -1, buf: make([]byte, max(1, 8192/frame)*frame)}
	if size >= 0 {
		if size%int64(frame) != 0 {
			return nil, fmt.Errorf("data chunk of %d bytes is no whole number of frames of %d bytes: the file is damaged or its header lies", size, frame)
		}
		w.want = size / int64(f.container)
	}
	return w, nil
}

func (w *wavReader) read(dst []float32) (int, error) {
	n := len(dst)
	if w.want >= 0 {
		n = int(min(int64(n), w.want-w.got))
	}
	if n == 0 || w.ended {
		return 0, io.EOF
	}
	done := 0
	for done < n {
		part := w.buf[:min(len(w.buf), (n-done)*w.f.container)]
		m, err := io.ReadFull(w.r, part)
		frame := w.f.container * w.f.channels
		whole := m / frame * frame
		got := w.f.decode(dst[done:], part[:whole])
		done += got
		w.got += int64(got)
		if err != nil {
			w.ended = true
			if done == 0 || err != io.EOF {
				err = w.atEnd(err, part[whole:m])
			} else {
				err = w.atEnd(err, nil)
			}
			return done, err
		}
	}
	return done, nil
}

// atEnd returns io.EOF, or why the file must not end here. rest is an incomplete frame.
func (w *wavReader) atEnd(err error, rest []byte) error {
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	have := w.got / int64(w.f.channels)
	if w.want >= 0 {
		return fmt.Errorf("%w: %d of %d samples", ErrTruncated, have, w.want/int64(w.f.channels))
	}
	padding := len(rest) == 1 && rest[0] == 0 && w.f.container*w.f.channels%2 == 1
	if len(rest) > 0 && !padding {
		return fmt.Errorf("%w: ends within sample %d", ErrTruncated, have)
	}
	return io.EOF
}
