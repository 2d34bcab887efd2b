package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/internal/testkit"
)

// decodeMP3 decodes a file in memory.
func decodeMP3(t *testing.T, data []byte) *Clip {
	t.Helper()
	c, err := Decode(bytes.NewReader(data), "x.mp3")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// farthest returns the greatest difference between two clips, which have the same length.
func farthest(t *testing.T, got, want []float32) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d samples, want %d", len(got), len(want))
	}
	worst := 0.0
	for i, v := range got {
		worst = max(worst, math.Abs(float64(v)-float64(want[i])))
	}
	return worst
}

// Short blocks, joint and intensity stereo, and all generations of the format give the
// samples that ffmpeg gives; it rounded them to 16 bits.
func TestMP3IsThatOfFFmpeg(t *testing.T) {
	files, err := filepath.Glob("testdata/mp3/*.mp3")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			want, err := DecodeFile(os.DirFS("."), strings.TrimSuffix(name, ".mp3")+".flac")
			if err != nil {
				t.Fatal(err)
			}
			got := decodeMP3(t, testkit.ReadFile(t, name))
			if got.Rate != want.Rate || got.Channels != want.Channels {
				t.Fatalf("%v Hz and %d channels, want %v and %d", got.Rate, got.Channels, want.Rate, want.Channels)
			}
			for i, v := range got.Samples {
				got.Samples[i] = min(max(v, -1), 32767.0/32768)
			}
			if d := farthest(t, got.Samples, want.Samples); d > 0.51/32768 {
				t.Errorf("a sample is off by %.2g", d)
			}
		})
	}
}

// Files of lame and ffmpeg, over rates, modes and bit rates, are decoded as ffmpeg decodes
// them; so are those of MPEG-1 with intensity stereo, which lame never writes, set in their
// headers. `.ci/run` has both programs; without INKLING_LONG=1 the test takes a tenth of the
// files.
func TestMP3OfManyEncodersIsThatOfFFmpeg(t *testing.T) {
	for _, tool := range []string{"ffmpeg", "lame", "sox"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		var log bytes.Buffer
		cmd.Stderr = &log
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, &log)
		}
		return out
	}
	run("sox", "-R", "-D", "-n", "-r", "48000", "-b", "16", "-c", "2", "noise.wav", "synth", "0.05", "pinknoise", "vol", "0.5", "fade", "0", "0.05", "0.045", "pad", "0.07", "repeat", "7")
	run("sox", "-R", "-D", "-n", "-r", "48000", "-b", "16", "-c", "2", "tone.wav", "synth", "1", "sine", "440", "sine", "660", "vol", "0.2")
	run("sox", "-D", "-m", "noise.wav", "tone.wav", "in.wav")
	var commands [][]string
	for _, rate := range []string{"8", "11.025", "12", "16", "22.05", "24", "32", "44.1", "48"} {
		kbit := []string{"64", "128", "320"}
		if rate == "8" || rate[0] == '1' || rate[0] == '2' {
			kbit = []string{"24", "48", "64"}
		}
		for _, mode := range []string{"s", "j", "m", "f"} {
			for _, b := range kbit {
				commands = append(commands, []string{"lame", "--quiet", "--resample", rate, "-m", mode, "-b", b})
			}
		}
		commands = append(commands, []string{"lame", "--quiet", "--resample", rate, "-V", "3"}, []string{"ffmpeg", "-ar", rate, "-b:a", kbit[1] + "k"})
	}
	check := func(name string, data []byte, c []string) {
		t.Helper()
		raw := run("ffmpeg", "-v", "error", "-i", name, "-f", "f32le", "-")
		want := make([]float32, len(raw)/4)
		binary.Decode(raw, binary.LittleEndian, want)
		if d := farthest(t, decodeMP3(t, data).Samples, want); d > 1e-4 {
			t.Errorf("%s of %v: a sample is off by %.2g", name, c, d)
		}
	}
	if os.Getenv("INKLING_LONG") == "" {
		for i := range commands[:len(commands)/10] {
			commands[i] = commands[10*i]
		}
		commands = commands[:len(commands)/10]
	}
	for i, c := range commands {
		name := fmt.Sprintf("%d.mp3", i)
		if c[0] == "lame" {
			run(slices.Concat(c, []string{"in.wav", name})...)
		} else {
			var hz float64
			fmt.Sscan(c[2], &hz)
			run("ffmpeg", "-v", "error", "-i", "in.wav", "-ar", fmt.Sprint(math.Round(hz*1000)), "-b:a", c[4], name)
		}
		data := testkit.ReadFile(t, filepath.Join(dir, name))
		check(name, data, c)
		if c[0] == "lame" && c[5] != "m" && !header(data).Low() {
			joined := fmt.Sprintf("%d-intensity.mp3", i)
			data = intensity(data, byte(1+i%2*2))
			testkit.WriteFile(t, dir, joined, data)
			check(joined, data, c)
		}
	}
	t.Logf("%d files", len(commands))
}

// intensity sets the mode of all frames to joint stereo with this mode extension.
func intensity(data []byte, extension byte) []byte {
	data = bytes.Clone(data)
	for i := 0; i+4 <= len(data); i += header(data[i:]).Size() {
		data[i+3] = data[i+3]&15 | 0x40 | extension<<4
	}
	return data
}

// frameAt returns where frame k of a file begins; that of a Xing header is frame 0.
func frameAt(data []byte, k int) (at int) {
	for range k {
		at += header(data[at:]).Size()
	}
	return at
}

// concat joins files.
func concat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func apeTag(version uint32, header bool) []byte {
	item := concat([]byte{4, 0, 0, 0, 0, 0, 0, 0}, []byte("Title\x00name"))
	block := func(flags uint32) []byte {
		b := append([]byte("APETAGEX"), make([]byte, 24)...)
		binary.LittleEndian.PutUint32(b[8:], version)
		binary.LittleEndian.PutUint32(b[12:], uint32(len(item)+32))
		binary.LittleEndian.PutUint32(b[16:], 1)
		binary.LittleEndian.PutUint32(b[20:], flags)
		return b
	}
	if header {
		return concat(block(0xA0000000), item, block(0x80000000))
	}
	return concat(item, block(0))
}

// Tags round the frames are no sound, and files that were joined are decoded one after the
// other, each without what its encoder added.
func TestMP3TagsAndJoinedFiles(t *testing.T) {
	mono, plain := testkit.ReadFile(t, "testdata/mono44.mp3"), testkit.ReadFile(t, "testdata/noxing.mp3")
	id3v1 := append([]byte("TAG"), make([]byte, 125)...)
	id3v2 := append([]byte("ID3\x03\x00\x00\x00\x00\x00\x14"), make([]byte, 20)...)
	one, other := decodeMP3(t, mono).Samples, decodeMP3(t, plain).Samples
	twice := slices.Concat(one, one)
	for name, c := range map[string]struct {
		data []byte
		want []float32
	}{
		"ID3v1":                      {concat(mono, id3v1), one},
		"ID3v2 at the end":           {concat(mono, id3v2), one},
		"APEv2 with header":          {concat(mono, apeTag(2000, true)), one},
		"APEv2 without header":       {concat(mono, apeTag(2000, false)), one},
		"APEv1 and ID3v1":            {concat(mono, apeTag(1000, false), id3v1), one},
		"APEv1, no Xing":             {concat(plain, apeTag(1000, false)), other},
		"a few zeros":                {concat(mono, make([]byte, 50)), one},
		"joined":                     {concat(mono, mono), twice},
		"joined with tags":           {concat(id3v2, mono, id3v1, id3v2, mono, apeTag(2000, true), id3v1), twice},
		"joined with APE in between": {concat(mono, apeTag(2000, true), mono), twice},
	} {
		if d := farthest(t, decodeMP3(t, c.data).Samples, c.want); d != 0 {
			t.Errorf("%s: a sample is off by %.2g", name, d)
		}
	}
}

// A file that ends early, or has a hole, is an error that says where; so is damage.
func TestMP3CutOff(t *testing.T) {
	mono, plain := testkit.ReadFile(t, "testdata/mono44.mp3"), testkit.ReadFile(t, "testdata/noxing.mp3")
	zeroed := func(data []byte, from, to int) []byte {
		data = bytes.Clone(data)
		clear(data[from:to])
		return data
	}
	five := frameAt(mono, 5)
	junk := bytes.Repeat([]byte("junk"), 100)
	for name, c := range map[string]struct {
		data []byte
		want string
		cut  bool
	}{
		"cut within a frame":    {mono[:len(mono)-50], "cut off: 8111 of 8820 samples", true},
		"a frame lost":          {mono[:len(mono)-209], "cut off: 8111 of 8820 samples", true},
		"the end is zeros":      {zeroed(mono, five, len(mono)), "cut off: 3503 of 8820 samples, and then zeros", true},
		"a hole of zeros":       {zeroed(mono, five, frameAt(mono, 7)), "cut off: 3503 of 8820 samples, and then zeros", true},
		"joined to a cut one":   {concat(mono, mono[:1000]), "cut off: 2351 of 8820 samples", true},
		"a cut one is joined":   {concat(mono[:five], mono), "cut off: 3503 of 8820 samples", true},
		"no Xing, cut":          {plain[:len(plain)-50], "cut off: after 5760 samples", true},
		"no Xing, many zeros":   {concat(plain, make([]byte, 500)), "cut off: after 6336 samples, and then zeros", true},
		"rubbish in the middle": {concat(mono[:five], junk, mono[five:]), "damaged: no MP3 frame after frame 4", false},
		"another rate follows":  {concat(mono, plain), "MP3 frame 10 differs from the first in rate or channels: convert the file to FLAC or WAV", false},
	} {
		_, err := Decode(bytes.NewReader(c.data), "x.mp3")
		testkit.Message(t, name, err, "x.mp3: "+c.want)
		if errors.Is(err, ErrTruncated) != c.cut {
			t.Errorf("%s: cut off: %v", name, !c.cut)
		}
	}
}

func BenchmarkMP3(b *testing.B) {
	data, err := os.ReadFile("testdata/mp3/joint44.1.mp3")
	if err != nil {
		b.Fatal(err)
	}
	dst, samples := make([]float32, 2048), 0
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(data), "x")
		if err != nil {
			b.Fatal(err)
		}
		for {
			n, err := r.Read(dst)
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			samples += n
		}
	}
	b.ReportMetric(float64(samples)/2/44100/b.Elapsed().Seconds(), "×real-time")
}
