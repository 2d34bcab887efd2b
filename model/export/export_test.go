package export_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/export"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream/parity"
)

// write exports m into a new folder.
func write(t *testing.T, m *model.Model, o export.Options) (dir string, x *export.Export) {
	t.Helper()
	x, err := export.C(m, o)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range x.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir, x
}

// compile builds the exported files with gcc, all warnings being errors, and returns the
// program.
func compile(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("there is no gcc to compile the exported code with")
	}
	args := append([]string{"-O2", "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-DTOP=100", "-o", "device", "main.c", "inkling.c", "-lm"}, flags...)
	cmd := exec.Command(gcc, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return filepath.Join(dir, "device")
}

// say runs the program on streams and returns what it prints.
func say(t *testing.T, program string, m *model.Model, streams [][]float32) []byte {
	t.Helper()
	var in, stderr bytes.Buffer
	for _, x := range streams {
		if err := export.WriteSamples(&in, x, m.Config.Channels); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("the program: %v\n%s", err, stderr.Bytes())
	}
	return out
}

// compare compares what a program printed with the events of the streams.
func compare(t *testing.T, m *model.Model, out []byte, streams [][]float32, tolerance float64) parity.Compared {
	t.Helper()
	d, err := parity.NewDevice(m, bytes.NewReader(out), tolerance)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range streams {
		if err := d.Example("stream "+string(rune('0'+i)), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return d.Result
}

// The compiled code prints the events that a stream of the same samples has: labels, rules and
// positions exactly, probabilities of an integer model over raw frames to the bit, and others
// within 1e-6 where only the network rounds otherwise. With INKLING_LONG=1 all models are
// compiled, with gcc's sanitizers.
func TestCompiledCodeSaysTheSame(t *testing.T) {
	long := os.Getenv("INKLING_LONG") == "1"
	missing := map[string]bool{}
	for _, k := range []string{"running", "early", "confirmed", "dropped", "gap", "silence", "quiet", "maximum", "fixed", "message", "eof", "short", "no_step", "background", "threshold", "cusum"} {
		missing[`"`+k+`"`] = true
	}
	for _, v := range variants(t) {
		for _, kind := range []string{"float", "int8"} {
			if !long && v.short != kind {
				continue
			}
			t.Run(v.name+"/"+kind, func(t *testing.T) {
				m, tolerance := v.m, v.tolerance
				var flags []string
				if kind == "int8" {
					m, tolerance = integers(t, v.m), v.integer
				}
				if long {
					flags = []string{"-fsanitize=undefined,address", "-fno-sanitize-recover=all"}
				}
				dir, _ := write(t, m, v.o)
				out := say(t, compile(t, dir, flags...), m, v.streams)
				r := compare(t, m, out, v.streams, tolerance)
				if r.Different > 0 {
					t.Errorf("%d of %d events differ: %s", r.Different, r.Events, r.First)
				}
				if r.Greatest > tolerance || r.Confirmed < v.least {
					t.Errorf("a probability differs by %v (at most %v), in %d steps and %d confirmed segments (at least %d)", r.Greatest, tolerance, r.Steps, r.Confirmed, v.least)
				}
				t.Logf("%d steps, %d events, %d confirmed: at most %.2g apart", r.Steps, r.Events, r.Confirmed, r.Greatest)
				for k := range missing {
					if bytes.Contains(out, []byte(k)) {
						delete(missing, k)
					}
				}
			})
		}
	}
	if long && !t.Failed() && len(missing) > 0 {
		t.Errorf("no stream had an event with %v", missing)
	}
}

// What the code leaves out with -DINKLING_STEPS=0 is what an export with 0 steps leaves out.
func TestWithoutTheConfirmHead(t *testing.T) {
	for _, v := range variants(t)[:1] {
		dir, _ := write(t, v.m, export.Options{Steps: 3000})
		compare(t, v.m, say(t, compile(t, dir, "-DINKLING_STEPS=0"), v.m, v.streams), v.streams, v.tolerance)
		dir, x := write(t, v.m, export.Options{})
		if r := compare(t, v.m, say(t, compile(t, dir), v.m, v.streams), v.streams, v.tolerance); r.Different > 0 {
			t.Error(r.First)
		}
		if strings.Contains(x.Files[1].Text, "backward_ih") {
			t.Error("the code has the weights of the backward half")
		}
	}
}

// A transform in single precision changes probabilities little, and no label.
func TestSinglePrecision(t *testing.T) {
	for _, v := range variants(t) {
		if v.m.Config.Front.MixesChannels() && v.name == "activity over bands" {
			dir, _ := write(t, v.m, v.o)
			out := say(t, compile(t, dir, "-DINKLING_SINGLE"), v.m, v.streams)
			r := compare(t, v.m, out, v.streams, 1e-3)
			if r.Different > 0 || r.Greatest == 0 {
				t.Errorf("%d events differ, by %v: %s", r.Different, r.Greatest, r.First)
			}
			t.Logf("at most %.2g apart", r.Greatest)
		}
	}
}

// A log that is not what the model says is noticed.
func TestComparingNotices(t *testing.T) {
	v := variants(t)[0]
	dir, _ := write(t, v.m, v.o)
	out := string(say(t, compile(t, dir), v.m, v.streams))
	check := func(log string) (parity.Compared, error) {
		d, err := parity.NewDevice(v.m, strings.NewReader(log), v.tolerance)
		for i := 0; err == nil && i < len(v.streams); i++ {
			err = d.Example("x", v.streams[i])
		}
		if err == nil {
			err = d.End()
		}
		if d == nil {
			return parity.Compared{}, err
		}
		return d.Result, err
	}
	if r, err := check(out); err != nil || r.Different > 0 {
		t.Fatalf("%v, %s", err, r.First)
	}
	lines := strings.SplitAfter(out, "\n")
	for name, log := range map[string]string{
		"a position":  strings.Replace(out, `"step":5,"sample":`, `"step":5,"sample":1`, 1),
		"a label":     strings.Replace(out, `"label":"a"`, `"label":"b"`, 1),
		"agreement":   strings.Replace(out, `"agrees":true`, `"agrees":false`, 1),
		"the ending":  strings.Replace(out, `"ended_by":"eof"`, `"ended_by":"silence"`, 1),
		"probability": strings.Replace(out, `,"p":0.`, `,"p":0.9`, 1),
		"a list":      strings.Replace(out, `"top":[[`, `"top":[["z",0.5],[`, 1),
		"a lost line": strings.Join(append(append([]string{}, lines[:9]...), lines[10:]...), ""),
		"a line more": strings.Join(append(append([]string{}, lines[:9]...), lines[8:]...), ""),
	} {
		if r, err := check(log); log == out || err != nil || r.Different == 0 || r.First == "" {
			t.Errorf("%s: not noticed, %v", name, err)
		}
	}
	for want, log := range map[string]string{
		"empty":                  "",
		"cut off":                strings.Join(lines[:5], ""),
		"samples were lost":      strings.Replace(out, `"samples":`, `"samples":1`, 1),
		"goes on":                out + lines[1],
		"of the model":           strings.Replace(out, `"model":"`, `"model":"0`, 1),
		"want the status event":  strings.Join(lines[1:], ""),
		"how the code cuts":      strings.Replace(out, "started: ", "", 1),
		"line 2":                 lines[0] + "panic\n",
		"want 0 to":              strings.Replace(out, "at most ", "at most -", 1),
		"reads text":             strings.Replace(out, "segments whole", "segments line", 1),
		"needs a detector":       strings.Replace(out, "segments whole", "segments label", 1),
		`unknown field "volume"`: lines[0] + strings.Replace(lines[1], `"p":`, `"volume":`, 1),
	} {
		if _, err := check(log); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// Integer models of any settings say the same to the bit.
func TestAnySettings(t *testing.T) {
	if os.Getenv("INKLING_LONG") != "1" {
		t.Skip("compiling takes long: INKLING_LONG=1")
	}
	draws, confirmed := 6, 0
	if n, err := strconv.Atoi(os.Getenv("INKLING_DRAWS")); err == nil {
		draws = n
	}
	for i := range draws {
		m, o, streams := draw(t, uint64(i))
		dir, _ := write(t, m, o)
		r := compare(t, m, say(t, compile(t, dir), m, streams), streams, 0)
		if confirmed += r.Confirmed; r.Different > 0 {
			t.Errorf("draw %d: %d of %d events differ: %s\n%+v\n%+v", i, r.Different, r.Events, r.First, m.Config.Segment, m.Config.Decision)
		}
	}
	if confirmed < 3*draws {
		t.Errorf("%d draws had %d confirmed segments: they say little", draws, confirmed)
	}
}

// What there is no C for is refused by name, with what to do.
func TestWhatCannotBeExported(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	labels := func(edit func(*model.Config)) *model.Model {
		c := testmodel.Labels(1000, 1, "a", "b")
		edit(&c)
		return testmodel.New(t, c, rng)
	}
	plain := labels(func(c *model.Config) {
		c.Segment, c.Calibration = segment.Config{Kind: segment.Activity}, &model.Calibration{Steps: 40}
	})
	for _, x := range []struct {
		want string
		m    *model.Model
		o    export.Options
	}{
		{"front end stats", labels(func(c *model.Config) { c.Front = feature.Config{Kind: feature.KindStats} }), export.Options{Steps: 10}},
		{"what comes next", testmodel.New(t, testmodel.Next(10, 1, 2, nil), rng), export.Options{Steps: 10}},
		{"heartbeats", plain, export.Options{Steps: 300, Segment: segment.Beat}},
		{"segmenter line, which reads text: set export.Options.Segment", plain, export.Options{Steps: 300, Segment: segment.Line}},
		{"set export.Options.Steps to 1 or more", labels(func(c *model.Config) { c.Running = model.RunningNone }), export.Options{}},
		{"set export.Options.State to reset", labels(func(c *model.Config) { c.Decision.State = decide.Carry }), export.Options{Steps: 10}},
		{"begins each segment from a state of zero", plain, export.Options{Steps: 300, State: decide.Carry}},
		{"want 0 to", plain, export.Options{Steps: -1}},
		{"at most 100 steps: segment: hold", plain, export.Options{Steps: 100}},
		{"measured every 10 samples: give more", plain, export.Options{Steps: 5}},
		{"40 steps, and export.Options.Steps is 10: set it to 40", plain, export.Options{Steps: 10, Segment: segment.Fixed}},
		{"needs a detector", plain, export.Options{Steps: 300, Segment: segment.Label}},
	} {
		if _, err := export.C(x.m, x.o); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", x.want, err)
		}
	}
}
