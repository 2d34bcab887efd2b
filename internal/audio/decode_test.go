package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
)

// chunk builds a RIFF chunk, padded; size < 0 states the true one.
func chunk(id string, size int64, body ...byte) []byte {
	if size < 0 {
		size = int64(len(body))
	}
	p := binary.LittleEndian.AppendUint32([]byte(id), uint32(size))
	p = append(p, body...)
	if len(body)%2 == 1 {
		p = append(p, 0)
	}
	return p
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func fmtChunk(code, channels, bits uint16, extra ...byte) []byte {
	le := binary.LittleEndian
	align := channels * ((bits + 7) / 8)
	p := le.AppendUint16(nil, code)
	p = le.AppendUint16(p, channels)
	p = le.AppendUint32(p, 360)
	p = le.AppendUint32(p, 360*uint32(align))
	p = le.AppendUint16(p, align)
	p = le.AppendUint16(p, bits)
	return chunk("fmt ", -1, append(p, extra...)...)
}

func extensible(code uint16, bits byte) []byte {
	p := []byte{22, 0, bits, 0, 0, 0, 0, 0}
	p = binary.LittleEndian.AppendUint16(p, code)
	return append(p, subformatTail...)
}

func f32(v float32) []byte { return binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)) }
func f64(v float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }

func TestWAVForms(t *testing.T) {
	half, floats := []float32{0.5, -1}, append(f32(0.5), f32(-1)...)
	s16, junk := []byte{0, 0x40, 0, 0x80}, chunk("LIST", -1, 1, 2, 3)
	for name, c := range map[string]struct {
		file     []byte
		channels int
		want     []float32
	}{
		"u8":           {riff(fmtChunk(1, 1, 8), chunk("data", -1, 192, 0, 128)), 1, []float32{0.5, -1, 0}},
		"s16":          {riff(fmtChunk(1, 2, 16), chunk("data", -1, s16...)), 2, half},
		"s24":          {riff(fmtChunk(1, 1, 24), chunk("data", -1, 0, 0, 0x40, 0, 0, 0x80, 1, 0, 0)), 1, []float32{0.5, -1, 1.0 / (1 << 23)}},
		"s32":          {riff(fmtChunk(1, 1, 32), chunk("data", -1, 0, 0, 0, 0x40, 0, 0, 0, 0x80)), 1, half},
		"f32":          {riff(fmtChunk(3, 1, 32), chunk("data", -1, floats...)), 1, half},
		"f64":          {riff(fmtChunk(3, 1, 64), chunk("data", -1, append(f64(0.5), f64(-1)...)...)), 1, half},
		"beyond one":   {riff(fmtChunk(3, 1, 32), chunk("data", -1, f32(7.5)...)), 1, []float32{7.5}},
		"12 in 16":     {riff(fmtChunk(1, 1, 12), chunk("data", -1, s16...)), 1, half},
		"ext s16":      {riff(fmtChunk(0xFFFE, 2, 16, extensible(1, 16)...), chunk("data", -1, s16...)), 2, half},
		"ext f32":      {riff(fmtChunk(0xFFFE, 1, 32, extensible(3, 32)...), chunk("data", -1, floats...)), 1, half},
		"ext 24 in 32": {riff(fmtChunk(0xFFFE, 1, 32, extensible(1, 24)...), chunk("data", -1, 0, 0, 0, 0x40)), 1, []float32{0.5}},
		"junk around":  {riff(junk, fmtChunk(1, 1, 16), junk, chunk("data", -1, s16...), junk), 1, half},
		"data first":   {riff(junk, chunk("data", -1, s16...), junk, fmtChunk(1, 1, 16)), 1, half},
		"odd padding":  {riff(chunk("data", -1, 192, 0, 128), fmtChunk(1, 1, 8)), 1, []float32{0.5, -1, 0}},
		"streamed":     {riff(fmtChunk(1, 1, 16), chunk("data", 0xFFFFFFFF, s16...)), 1, half},
		"A-law":        {riff(fmtChunk(6, 2, 8), chunk("data", -1, 0xAA, 0x55)), 2, []float32{32256.0 / 32768, -8.0 / 32768}},
		"µ-law":        {riff(fmtChunk(7, 1, 8, 0, 0), chunk("data", -1, 0x80, 0xFF)), 1, []float32{32124.0 / 32768, 0}},
		"ext A-law":    {riff(fmtChunk(0xFFFE, 1, 8, extensible(6, 8)...), chunk("data", -1, 0xAA)), 1, []float32{32256.0 / 32768}},
		"less header":  {riff(fmtChunk(1, 1, 16), chunk("data", 0xFFFFFFFF-36, s16...)), 1, half},
		"even, near":   {riff(fmtChunk(1, 1, 16), chunk("data", 0xFFFFFFD6, s16...)), 1, half},
		"less a page":  {riff(fmtChunk(1, 1, 16), chunk("data", 0xFFFFF000, s16...)), 1, half},
		"sox pipe":     {riff(fmtChunk(1, 1, 16), chunk("data", 0x7FFFF000, s16...)), 1, half},
		"zero length":  {append(riff(fmtChunk(1, 1, 16)), chunk("data", 0, s16...)...), 1, half},
		"truly empty":  {riff(fmtChunk(1, 1, 16), chunk("data", 0), junk), 1, nil},
		"ID3 before":   {append([]byte("ID3\x03\x00\x00\x00\x00\x00\x03abc"), riff(chunk("data", -1, s16...), fmtChunk(1, 1, 16))...), 1, half},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, decode(t, c.file), &Clip{360, c.channels, c.want})
		})
	}
}

func TestRF64(t *testing.T) {
	ds := make([]byte, 28)
	ds[8] = 4
	file := riff(chunk("ds64", -1, ds...), fmtChunk(1, 1, 16), chunk("data", 0xFFFFFFFF, 0, 0x40, 0, 0x80), chunk("LIST", -1, 9, 9))
	copy(file, "RF64")
	same(t, decode(t, file), &Clip{360, 1, []float32{0.5, -1}})
}

func TestErrorsSayWhat(t *testing.T) {
	s16 := []byte{0, 0x40, 0, 0x80}
	nan := float32(math.NaN())
	var whole bytes.Buffer
	tone := make([]float32, 9000)
	for i := range tone {
		tone[i] = float32(math.Sin(float64(i) * 0.1))
	}
	encodeFLAC(&whole, &Clip{8000, 1, tone})
	flacFile := whole.Bytes()
	broken := bytes.Clone(flacFile)
	broken[len(broken)-100] ^= 4
	for name, c := range map[string]struct {
		file []byte
		want string
		is   error
	}{
		"empty":           {nil, "empty", nil},
		"text":            {[]byte("hello, this is no sound at all"), "neither WAV, FLAC nor MP3", ErrFormat},
		"ogg":             {[]byte("OggS\x00\x02aaaaaaaaaaaaaaaa"), "ffmpeg", ErrFormat},
		"wav cut":         {riff(fmtChunk(1, 2, 16), chunk("data", 400, s16...)), "1 of 100 samples", ErrTruncated},
		"wav cut at half": {riff(fmtChunk(1, 1, 16), chunk("data", 400, 0, 1, 2)), "2 of 200 samples", ErrTruncated},
		"stream cut":      {riff(fmtChunk(1, 2, 16), chunk("data", 0xFFFFFFFF, 1, 2, 3, 4, 5, 6)), "within sample 1", ErrTruncated},
		"no data":         {riff(fmtChunk(1, 2, 16)), "no data chunk", ErrTruncated},
		"no fmt":          {riff(chunk("data", -1, s16...)), "no fmt chunk", ErrTruncated},
		"odd data":        {riff(fmtChunk(1, 2, 16), chunk("data", -1, 1, 2, 3)), "no whole number of frames", nil},
		"adpcm":           {riff(fmtChunk(2, 1, 4), chunk("data", -1, s16...)), "convert", nil},
		"no channels":     {riff(fmtChunk(1, 0, 16), chunk("data", -1)), "0 channels", nil},
		"gsm":             {riff(chunk("fmt ", -1, 0x31, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x59, 6, 0, 0, 65, 0, 0, 0, 2, 0, 0x40, 1), chunk("data", -1, s16...)), "coding 0x31 (GSM 6.10) is not supported: convert", nil},
		"mp3 in wav":      {riff(fmtChunk(0x55, 1, 0), chunk("data", -1, s16...)), "0x55 (MP3)", nil},
		"nameless coding": {riff(fmtChunk(0x1234, 1, 16), chunk("data", -1, s16...)), "coding 0x1234 is not", nil},
		"16-bit A-law":    {riff(fmtChunk(6, 1, 16), chunk("data", -1, s16...)), "of 16 bits", nil},
		"many channels":   {riff(fmtChunk(1, 65535, 8), chunk("data", -1, s16...)), "at most 1024", nil},
		"4 GHz":           {riff(chunk("fmt ", -1, 1, 0, 1, 0, 0, 0, 0, 0xEE, 0, 0, 0, 0, 1, 0, 8, 0), chunk("data", -1, s16...)), "3992977408 Hz: at most 100000000", nil},
		"f16":             {riff(fmtChunk(3, 1, 16), chunk("data", -1, s16...)), "not supported", nil},
		"odd guid":        {riff(fmtChunk(0xFFFE, 1, 16, make([]byte, 24)...), chunk("data", -1)), "subformat", nil},
		"nan":             {riff(fmtChunk(3, 2, 32), chunk("data", -1, append(f64(0), append(f32(1), f32(nan)...)...)...)), "sample 1 of channel 2 is NaN", nil},
		"f64 too large":   {riff(fmtChunk(3, 1, 64), chunk("data", -1, f64(1e300)...)), "sample 0 of channel 1 is +Inf", nil},
		"flac cut":        {flacFile[:len(flacFile)-50], "8192 of 9000 samples", ErrTruncated},
		"flac cut early":  {flacFile[:30], "metadata", ErrTruncated},
		"flac broken":     {broken, "sample 8192", nil},
		"id3 only":        {[]byte("ID3\x03\x00\x00\x7f\x7f\x7f\x7fabc"), "ID3 tag", ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(bytes.NewReader(c.file), "a/b.wav")
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), "a/b.wav: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: want %q", err, c.want)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
		})
	}
}

// What was good before the fault is delivered.
func TestReadUpToTheFault(t *testing.T) {
	r, err := NewReader(bytes.NewReader(riff(fmtChunk(1, 1, 8), chunk("data", 100, 192, 0))), "x")
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float32, 10)
	n, err := r.Read(p)
	if n != 2 || err != nil || r.Frames != 100 {
		t.Fatalf("%d, %v, of %d", n, err, r.Frames)
	}
	for range 2 {
		if n, err = r.Read(p); n != 0 || !errors.Is(err, ErrTruncated) {
			t.Fatalf("%d, %v", n, err)
		}
	}
}

func TestMP3(t *testing.T) {
	for _, c := range []struct {
		file     string
		rate     float64
		channels int
		frames   int
		shift    int // delay of a file without the header that tells it
	}{
		{"mono44.mp3", 44100, 1, 8820, 0}, {"stereo24.mp3", 24000, 2, 4800, 0}, {"noxing.mp3", 24000, 2, 11 * 576, 576 + 529},
	} {
		t.Run(c.file, func(t *testing.T) {
			clip, err := DecodeFile(os.DirFS("testdata"), c.file)
			if err != nil {
				t.Fatal(err)
			}
			if clip.Rate != c.rate || clip.Channels != c.channels || clip.Frames() != c.frames {
				t.Fatalf("%v Hz, %d channels, %d frames", clip.Rate, clip.Channels, clip.Frames())
			}
			var fault, power float64
			for i := 1000; i < 3800; i++ {
				for ch := range c.channels {
					want := 0.5 * math.Sin(2*math.Pi*[]float64{440, 660}[ch]*float64(i)/c.rate)
					d := want - float64(clip.Samples[(i+c.shift)*c.channels+ch])
					fault, power = fault+d*d, power+want*want
				}
			}
			if snr := 10 * math.Log10(power/fault); snr < 25 {
				t.Errorf("the tones come back with only %.1f dB", snr)
			}
		})
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	clip := &Clip{16000, 2, make([]float32, 2*16000*4)}
	for i := range clip.Samples {
		clip.Samples[i] = float32(math.Sin(float64(i/2) * 0.1 * (1 + 0.2*float64(i%2))))
	}
	var w, f bytes.Buffer
	EncodeWAV(&w, clip, PCM16)
	encodeFLAC(&f, clip)
	for name, b := range map[string]*bytes.Buffer{"wav": &w, "flac": &f} {
		r, err := NewReader(b, name)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float32, 640)
		read := func() {
			if _, err := r.Read(p); err != nil {
				t.Fatal(err)
			}
		}
		for range 50 {
			read()
		}
		if n := testing.AllocsPerRun(100, read); n != 0 {
			t.Errorf("%s: %v allocations a Read", name, n)
		}
	}
}

func fuzz(f *testing.F, accept func([]byte) bool, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if !accept(p) {
			return
		}
		r, err := NewReader(bytes.NewReader(p), "x")
		if err != nil {
			return
		}
		dst := make([]float32, 256*r.Channels)
		total := 0
		for {
			n, err := r.Read(dst)
			if err != nil {
				break
			}
			total += n
			if total > 1<<22 {
				return // FLAC may hold much silence in few bytes
			}
			for _, v := range dst[:n] {
				if v-v != 0 {
					t.Fatalf("sample %v", v)
				}
			}
		}
		c, err := Decode(bytes.NewReader(p), "x")
		if err == nil && len(c.Samples) != total {
			t.Fatalf("Decode gives %d samples, Read %d", len(c.Samples), total)
		}
	})
}

func FuzzWAV(f *testing.F) {
	s16 := []byte{0, 0x40, 0, 0x80}
	fuzz(f, func(p []byte) bool { return len(p) >= 12 && isWAV(p) },
		riff(fmtChunk(1, 1, 16), chunk("data", -1, s16...)),
		riff(fmtChunk(0xFFFE, 1, 32, extensible(3, 32)...), chunk("data", 0xFFFFFFFF, s16...)),
		riff(chunk("data", -1, s16...), fmtChunk(1, 2, 8)))
}

func FuzzFLAC(f *testing.F) {
	var seeds [][]byte
	for _, c := range []*Clip{{8000, 1, make([]float32, 100)}, {44100, 2, make([]float32, 400)}} {
		for i := range c.Samples {
			c.Samples[i] = float32(i*i%97) / 100
		}
		var b bytes.Buffer
		encodeFLAC(&b, c)
		seeds = append(seeds, b.Bytes())
	}
	fuzz(f, func(p []byte) bool { return bytes.HasPrefix(p, []byte("fLaC")) }, seeds...)
}

func FuzzMP3(f *testing.F) {
	var seeds [][]byte
	for _, name := range []string{"mono44.mp3", "noxing.mp3"} {
		p, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, p)
	}
	fuzz(f, func(p []byte) bool { return len(p) > 0 && p[0] == 0xFF }, seeds...)
}

func BenchmarkFLAC(b *testing.B) {
	clip := &Clip{16000, 1, make([]float32, 160000)}
	seed := uint32(1)
	for i := range clip.Samples {
		seed = seed*1664525 + 1013904223
		clip.Samples[i] = float32(0.5*math.Sin(float64(i)*0.1) + float64(seed>>8)/(1<<24)*0.1)
	}
	var f bytes.Buffer
	encodeFLAC(&f, clip)
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			Decode(bytes.NewReader(f.Bytes()), "x")
		}
	})
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			encodeFLAC(io.Discard, clip)
		}
	})
}
