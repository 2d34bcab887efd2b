package audio

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"inkling/internal/testkit"
)

// Files of other formats are read through ffmpeg: those without loss give the same samples,
// the others a sound of the same length. `.ci/run` has ffmpeg.
func TestOtherFormatsThroughFFmpeg(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	dir := t.TempDir()
	tone := &Clip{48000, 2, make([]float32, 2*48000)}
	for i := range tone.Samples {
		tone.Samples[i] = float32(math.Round(16000*math.Sin(float64(i/2)*[]float64{0.05, 0.08}[i%2]))) / 32768
	}
	var wav bytes.Buffer
	if err := EncodeWAV(&wav, tone, PCM16); err != nil {
		t.Fatal(err)
	}
	in := testkit.WriteFile(t, dir, "in.wav", wav.Bytes())
	for name, c := range map[string]struct {
		args []string
		loss bool
	}{
		"a.aiff": {nil, false}, "a.au": {nil, false}, "a.caf": {nil, false}, "a.w64": {nil, false}, "a.wv": {nil, false}, "a.mka": {[]string{"-c:a", "flac"}, false},
		"alac.m4a": {[]string{"-c:a", "alac"}, false}, "flac.ogg": {[]string{"-c:a", "flac"}, false},
		"a.m4a": {nil, true}, "a.aac": {nil, true}, "a.opus": {nil, true}, "a.ogg": {[]string{"-c:a", "libvorbis"}, true}, "a.wma": {nil, true}, "a.mp2": {nil, true},
		"film.mkv": {[]string{"-f", "lavfi", "-i", "color=c=red:s=16x16:d=1", "-shortest"}, true},
	} {
		path := filepath.Join(dir, name)
		args := append([]string{"-v", "error", "-i", in}, append(c.args, path)...)
		if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		got, err := DecodeFile(os.DirFS(dir), name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got.Rate != 48000 || got.Channels != 2 {
			t.Errorf("%s: %v Hz, %d channels", name, got.Rate, got.Channels)
		}
		if c.loss {
			if n := got.Frames(); n < 47000 || n > 52000 {
				t.Errorf("%s: %d samples, want about 48000", name, n)
			}
			continue
		}
		if d := farthest(t, got.Samples, tone.Samples); d != 0 {
			t.Errorf("%s: a sample is off by %.2g", name, d)
		}
	}
	damaged := testkit.ReadFile(t, filepath.Join(dir, "a.m4a"))
	testkit.WriteFile(t, dir, "cut.m4a", damaged[:len(damaged)/2])
	if _, err := DecodeFile(os.DirFS(dir), "cut.m4a"); err == nil {
		t.Error("a file without its index was read")
	}
	if r, err := NewFileReader(bytes.NewReader(testkit.ReadFile(t, filepath.Join(dir, "a.opus"))), "a pipe"); err != nil {
		t.Error(err)
	} else if n, err := r.Read(make([]float32, 100)); n != 100 || err != nil || r.Close() != nil {
		t.Errorf("from a pipe: %d samples, %v", n, err)
	}
}

// Without ffmpeg, and in what strangers send, other formats are refused by name.
func TestOtherFormatsWithoutFFmpeg(t *testing.T) {
	t.Setenv("PATH", "")
	ogg := "OggS\x00\x02aaaaaaaaaaaaaaaa"
	_, err := NewFileReader(bytes.NewReader([]byte(ogg)), "x")
	testkit.Message(t, "a file", err, "x: unknown audio format: Ogg; install ffmpeg, through which it is then read, or convert it to FLAC or WAV")
	if !errors.Is(err, ErrFormat) {
		t.Error("it is not ErrFormat")
	}
	var r io.Reader = bytes.NewReader([]byte(ogg))
	_, err = NewReader(r, "x")
	testkit.Message(t, "a message", err, "x: unknown audio format: Ogg; convert it to FLAC or WAV (ffmpeg -i in out.flac)")
}
