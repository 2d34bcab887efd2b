package dataset

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"inkling/internal/audio"
)

// wav is a file of a tone.
func wav(rate float64, channels, frames, pitch int) *fstest.MapFile {
	c := &audio.Clip{Rate: rate, Channels: channels, Samples: make([]float32, frames*channels)}
	for i := range c.Samples {
		c.Samples[i] = float32(0.5 * math.Sin(float64(i/channels)*float64(pitch)*0.01))
	}
	var b bytes.Buffer
	if err := audio.EncodeWAV(&b, c, audio.PCM16); err != nil {
		panic(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func open(t *testing.T, fsys fstest.MapFS, name string, o Options) *Set {
	t.Helper()
	s, err := OpenFS(fsys, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLabelFolders(t *testing.T) {
	s := open(t, fstest.MapFS{
		"d/b/1.wav": wav(8000, 1, 100, 1), "d/b/deep/2.WAV": wav(8000, 1, 100, 2), "d/a/1.wav": wav(8000, 1, 100, 3),
		"d/a/.hidden.wav": text("no"), "d/.git/x.wav": text("no"), "d/a/notes.txt": text("hm"), "d/a/x.pdf": text("%PDF"),
		"d/stray.wav": text("no"),
	}, "d", Options{})
	var names []string
	for _, e := range s.Examples {
		names = append(names, s.Labels[e.Label]+"="+e.Name)
	}
	if want := []string{"a=d/a/1.wav", "b=d/b/1.wav", "b=d/b/deep/2.WAV"}; !slices.Equal(names, want) {
		t.Fatalf("%q, want %q", names, want)
	}
	if s.Kind != Audio || s.Rate != 8000 || s.Channels != 1 || s.Frames(0) != 100 || !slices.Equal(s.Counts(), []int{1, 2}) {
		t.Errorf("%v %v %v %v", s.Kind, s.Rate, s.Channels, s.Counts())
	}
	if label, share := s.Majority(); label != 1 || share != 2.0/3 {
		t.Errorf("majority %d of %v", label, share)
	}
	notes := strings.Join(s.Notes, "\n")
	for _, want := range []string{".txt", ".pdf", "beside the label folders"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q: %s", want, notes)
		}
	}
}

func TestMixedAudio(t *testing.T) {
	fsys := fstest.MapFS{"a/x.wav": wav(16000, 2, 1600, 1), "b/x.wav": wav(8000, 1, 800, 2), "b/y.wav": wav(44100, 1, 4410, 3)}
	s := open(t, fsys, ".", Options{})
	if s.Rate != 8000 || s.Channels != 1 || len(s.Notes) != 2 {
		t.Fatalf("%v Hz, %d channels, notes %q", s.Rate, s.Channels, s.Notes)
	}
	for i := range s.Examples {
		if n := s.Frames(i); n < 790 || n > 810 || s.Examples[i].Rate != 8000 {
			t.Errorf("%s: %d frames at %v", s.Examples[i].Name, n, s.Examples[i].Rate)
		}
	}
	up := open(t, fsys, ".", Options{Rate: 16000})
	if up.Rate != 16000 || up.Hash != s.Hash {
		t.Errorf("%v Hz, hash %s, want %s whatever the rate", up.Rate, up.Hash, s.Hash)
	}
	if _, err := OpenFS(fsys, ".", Options{Channels: 2}); err == nil || !strings.Contains(err.Error(), "b/x.wav") {
		t.Errorf("two channels demanded: %v", err)
	}
}

func TestStereoStaysStereo(t *testing.T) {
	fsys := fstest.MapFS{"a/x.wav": wav(8000, 2, 10, 1), "b/x.wav": wav(8000, 2, 10, 2)}
	if s := open(t, fsys, ".", Options{}); s.Channels != 2 || s.Frames(0) != 10 || len(s.Notes) != 0 {
		t.Errorf("%d channels, notes %q", s.Channels, s.Notes)
	}
	if s := open(t, fsys, ".", Options{Channels: 1}); s.Channels != 1 || s.Frames(0) != 10 || len(s.Notes) != 1 {
		t.Errorf("%d channels, notes %q", s.Channels, s.Notes)
	}
}

func TestIndex(t *testing.T) {
	fsys := fstest.MapFS{
		"d/index.csv": text("\ufefflabel, FILE,note,split,group\nx,sub/1.wav,\"a, b\",train,g1\ny,../2.wav,,test,g2\n"),
		"d/sub/1.wav": wav(8000, 1, 10, 1), "2.wav": wav(8000, 1, 20, 2),
	}
	for _, name := range []string{"d", "d/index.csv"} {
		s := open(t, fsys, name, Options{})
		e := s.Examples[1]
		if len(s.Examples) != 2 || e.Name != "2.wav" || e.Split != "test" || e.Group != "g2" || s.Labels[e.Label] != "y" || s.Frames(1) != 20 {
			t.Errorf("%s: %+v", name, s.Examples)
		}
	}
}

func TestDamage(t *testing.T) {
	good := wav(8000, 1, 100, 1)
	cut := &fstest.MapFile{Data: good.Data[:100]}
	fsys := fstest.MapFS{"a/1.wav": good, "a/2.wav": cut, "b/1.wav": text("noise, but not sound"), "b/2.wav": wav(8000, 1, 0, 1), "b/3.wav": wav(8000, 1, 5, 9)}
	_, err := OpenFS(fsys, ".", Options{})
	if err == nil || !strings.Contains(err.Error(), "a/2.wav: cut off: 28 of 100 samples") {
		t.Errorf("the first damaged file: %v", err)
	}
	calls := 0
	s := open(t, fsys, ".", Options{SkipBad: true, Progress: func(done, total int) {
		if calls++; done != calls || total != 5 {
			t.Errorf("progress %d of %d at call %d", done, total, calls)
		}
	}})
	if len(s.Examples) != 2 || len(s.Skipped) != 3 || calls != 5 {
		t.Fatalf("%d examples, skipped %v, %d calls", len(s.Examples), s.Skipped, calls)
	}
	for i, want := range []string{"a/2.wav", "b/1.wav", "b/2.wav"} {
		if !strings.Contains(s.Skipped[i].Error(), want) {
			t.Errorf("skipped %v, want %s", s.Skipped[i], want)
		}
	}
}

func TestErrors(t *testing.T) {
	ts := "@univariate true\n@classLabel true a b\n@data\n1,2:a\n"
	for name, c := range map[string]struct {
		fsys       fstest.MapFS
		open, want string
	}{
		"nothing":       {fstest.MapFS{"d/.keep": text("")}, "d", "no labelled data"},
		"only ogg":      {fstest.MapFS{"d/a/x.ogg": text("OggS")}, "d", "Ogg"},
		"absent":        {fstest.MapFS{}, "d/x", "d/x_TRAIN.ts"},
		"half a pair":   {fstest.MapFS{"x_TRAIN.ts": text(ts)}, "x", "x_TEST.ts, the other file of the pair, is missing"},
		"two pairs":     {fstest.MapFS{"d/x_TRAIN.ts": text(ts), "d/y_TRAIN.ts": text(ts)}, "d", "x, y"},
		"no data set":   {fstest.MapFS{"x.json": text("{}")}, "x.json", "not a data set"},
		"empty index":   {fstest.MapFS{"x.csv": text("")}, "x.csv", "is empty"},
		"other csv":     {fstest.MapFS{"x.csv": text("time,value\n1,2\n")}, "x.csv", "no column label"},
		"no lines":      {fstest.MapFS{"x.csv": text("file,label\n")}, "x.csv", "it lists no files"},
		"two labels":    {fstest.MapFS{"x.csv": text("file,label,Label\n")}, "x.csv", "two columns"},
		"empty label":   {fstest.MapFS{"x.csv": text("file,label\na.wav,\n")}, "x.csv", "x.csv:2: label: it is empty"},
		"ragged":        {fstest.MapFS{"x.csv": text("file,label\na.wav\n")}, "x.csv", "x.csv:2: 1 cells, the first line has 2"},
		"lost file":     {fstest.MapFS{"x.csv": text("file,label\na.wav,b\n")}, "x.csv", "x.csv:2: open a.wav"},
		"negative rate": {fstest.MapFS{}, "", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{}
			if c.open == "" {
				o.Rate, c.want = -1, "Options.Rate -1, Options.Channels 0: give finite numbers of 0 or more"
			}
			_, err := OpenFS(c.fsys, c.open, o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestCheckTrainable(t *testing.T) {
	s := open(t, fstest.MapFS{"a/1.wav": wav(8000, 1, 9, 1), "a/2.wav": wav(8000, 1, 9, 2)}, ".", Options{})
	if err := s.CheckTrainable(); err != nil {
		t.Errorf("one label of sound: %v", err)
	}
	s.Kind = Series
	if err := s.CheckTrainable(); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("one label of series: %v", err)
	}
	s = open(t, fstest.MapFS{"background/1.wav": wav(8000, 1, 9, 1)}, ".", Options{})
	if err := s.CheckTrainable(); err == nil || !strings.Contains(err.Error(), "add examples of what") {
		t.Errorf("background alone: %v", err)
	}
	if err := (&Set{}).CheckTrainable(); err == nil {
		t.Error("an empty set is trainable")
	}
	s = open(t, fstest.MapFS{"a/1.wav": wav(8000, 1, 9, 1), "b/2.wav": wav(8000, 1, 9, 2)}, ".", Options{})
	if err := s.CheckTrainable(); err != nil {
		t.Error(err)
	}
}

func TestCopiesAreNoted(t *testing.T) {
	fsys := fstest.MapFS{"i.csv": text("file,label,split\n1.wav,x,train\n2.wav,x,test\n3.wav,y,test\n"),
		"1.wav": wav(8000, 1, 50, 1), "2.wav": wav(8000, 1, 50, 1), "3.wav": wav(8000, 1, 50, 1)}
	s := open(t, fsys, "i.csv", Options{})
	if len(s.Notes) != 2 || !strings.HasPrefix(s.Notes[0], "1 examples are exact copies of others, 1 of them") ||
		!strings.Contains(s.Notes[1], "1.wav (x) and 3.wav (y)") {
		t.Errorf("notes %q", s.Notes)
	}
}

func TestExamplesWithoutSplitAreNoted(t *testing.T) {
	fsys := fstest.MapFS{"i.csv": text("file,label,split\n1.wav,x,train\n2.wav,y,\n"), "1.wav": wav(8000, 1, 50, 1), "2.wav": wav(8000, 1, 50, 2)}
	if s := open(t, fsys, "i.csv", Options{}); len(s.Notes) != 1 || !strings.HasPrefix(s.Notes[0], "1 examples name no split") {
		t.Errorf("notes %q", s.Notes)
	}
}

func TestSameOnAnyNumberOfProcessors(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 40 {
		fsys[fmt.Sprintf("%d/%02d.wav", i%3, i)] = wav([]float64{8000, 16000}[i%2], 1, 400+i, i)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := open(t, fsys, ".", Options{})
	runtime.GOMAXPROCS(4)
	if four := open(t, fsys, ".", Options{}); !reflect.DeepEqual(one, four) {
		t.Error("the set depends on the number of processors")
	}
}

// data is the folder of real data sets.
func data(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("INKLING_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir = filepath.Join(dir, name)
	if _, err := os.Stat(filepath.Dir(dir)); err != nil {
		t.Skipf("no data set %s: set INKLING_DATA to the folder of data sets", name)
	}
	return dir
}

func TestRealData(t *testing.T) {
	for _, c := range []struct {
		name        string
		kind        Kind
		labels      int
		channels    int
		rate        float64
		train, test int
		short, long int // frames
	}{
		{"japanese-vowels/JapaneseVowels", Series, 9, 12, 0, 270, 370, 7, 29},
		{"japanese-vowels", Series, 9, 12, 0, 270, 370, 7, 29},
		{"imu/Epilepsy", Series, 4, 3, 0, 137, 138, 206, 207},
		{"natops", Series, 6, 24, 0, 180, 180, 51, 51},
		{"pendigits", Series, 10, 2, 0, 7494, 3498, 8, 8},
		{"ucr-uea/ItalyPowerDemand", Series, 2, 1, 0, 67, 1029, 24, 24},
		{"ucr-uea/ArrowHead", Series, 3, 1, 0, 36, 175, 251, 251},
		{"ucr-uea/ACSF1", Series, 10, 1, 0, 100, 100, 1460, 1460},
		{"ucr-uea/PLAID", Series, 11, 1, 0, 537, 537, 100, 1344},
		{"fsdd", Audio, 10, 1, 8000, 1800, 200, 1000, 20000},
		{"instruments", Audio, 5, 1, 44100, 43, 23, 20000, 110250},
		{"esc10", Audio, 10, 1, 16000, 90, 30, 79000, 85000},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Open(data(t, c.name), Options{})
			if err != nil {
				t.Fatal(err)
			}
			train, err1 := s.Train()
			test, err2 := s.Test()
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if s.Kind != c.kind || len(s.Labels) != c.labels || s.Channels != c.channels || s.Rate != c.rate ||
				len(train.Examples) != c.train || len(test.Examples) != c.test {
				t.Errorf("%v, %d labels, %d channels, %v Hz, %d and %d examples", s.Kind, len(s.Labels), s.Channels, s.Rate,
					len(train.Examples), len(test.Examples))
			}
			for i := range s.Examples {
				if n := s.Frames(i); n < c.short || n > c.long {
					t.Errorf("%s has %d frames", s.Examples[i].Name, n)
				}
			}
			t.Logf("notes: %q", s.Notes)
		})
	}
}
