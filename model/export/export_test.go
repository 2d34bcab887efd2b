package export

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"inkling/internal/f32"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/quantize"
)

// compile builds the exported files with gcc, all warnings being errors, and returns the
// program.
func compile(t *testing.T, m *model.Model, steps int, flags ...string) string {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("there is no gcc to compile the exported code with")
	}
	files, _, err := C(m, steps)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"-O2", "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-o", "device", "main.c", "inkling.c", "-lm"}, flags...)
	cmd := exec.Command(gcc, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return filepath.Join(dir, "device")
}

// A spoken is what the program printed of an example.
type spoken struct {
	labels []string
	probs  [][]float32 // the last one is that of the whole
}

// speak runs the program on the examples.
func speak(t *testing.T, program string, examples [][]float32, channels int) (all []spoken) {
	t.Helper()
	var in strings.Builder
	for _, x := range examples {
		for i, v := range x {
			fmt.Fprint(&in, strconv.FormatFloat(float64(v), 'g', -1, 32), [2]string{" ", "\n"}[(i%channels+1)/channels])
		}
		in.WriteString("end\n")
	}
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader(in.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("the program: %v\n%s", err, stderr.Bytes())
	}
	one := spoken{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		var p []float32
		for _, f := range fields[2:] {
			v, err := strconv.ParseFloat(f, 32)
			if err != nil {
				t.Fatal(err)
			}
			p = append(p, float32(v))
		}
		one.labels, one.probs = append(one.labels, fields[1]), append(one.probs, p)
		if fields[0] == "end" {
			all, one = append(all, one), spoken{}
		}
	}
	return all
}

// kinds returns models that between them have every part of the code.
func kinds(t *testing.T) map[string]*model.Model {
	rng := rand.New(rand.NewPCG(1, 1))
	all := map[string]*model.Model{}
	raw := testmodel.Labels(100, 2, "a", "b \"?\" \\", "Straße")
	raw.Front = feature.Config{Kind: feature.KindRaw, Samples: 3, Decimate: 2, Deltas: 2}
	raw.Hidden = 12
	raw.Decision.Warm, raw.Decision.Smooth, raw.Decision.Hold = 2, 3, 4
	raw.Decision.RunningOn, raw.Decision.RunningOff = map[string]float64{"a": 0.34}, map[string]float64{"a": 0.33}
	all["raw"] = testmodel.New(t, raw, rng)
	deep := testmodel.Labels(100, 1, "a", "b")
	deep.Layers, deep.Hidden, deep.ConfirmEvidence, deep.Running = 3, 9, true, model.RunningEvidence
	deep.Detector = &model.DetectorConfig{Hidden: 7}
	deep.Calibration = &model.Calibration{Steps: 20, Running: []float64{3, 2.5, 2, 1.5, 1.2, 1, 0.9, 0.8, 0.7, 0.6}, Confirm: 1.7}
	all["deep"] = testmodel.New(t, deep, rng)
	mel := testmodel.Labels(8000, 2, "a", "b", "c")
	mel.Front = feature.Config{Kind: feature.KindLogMel, Bands: 12, Deltas: 1}
	all["logmel"] = testmodel.New(t, mel, rng)
	mel.Front = feature.Config{Kind: feature.KindMFCC, Bands: 20, Coefficients: 8}
	mel.Confirm = false
	all["mfcc"] = testmodel.New(t, mel, rng)
	return all
}

func examples(m *model.Model) (list [][]float32) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{1, 37, 400, 3001} {
		x := make([]float32, n*m.Config.Channels)
		for i := range x {
			x[i] = float32(0.3*rng.NormFloat64() + 0.3*math.Sin(float64(i)/9))
		}
		list = append(list, x)
	}
	return list
}

// The compiled code says what the model says: an integer model to the bit for raw frames, and
// a float model within 1e-6 a step; with INKLING_LONG=1 all models and gcc's sanitizers.
func TestCompiledCodeSaysTheSame(t *testing.T) {
	for name, float := range kinds(t) {
		for _, kind := range []string{"float", "int8"} {
			var flags []string
			if os.Getenv("INKLING_LONG") == "1" {
				flags = []string{"-fsanitize=undefined,address", "-fno-sanitize-recover=all"}
			} else if v := name + kind; v != "deepint8" && v != "logmelfloat" && v != "rawint8" {
				continue
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				m, tolerance := float, 1e-6
				if m.Config.Running == model.RunningEvidence {
					tolerance = 1e-4 // errors of the logits add up
				}
				if m.Config.Front.MixesChannels() {
					tolerance = 2e-5 // the code computes bands and logarithms in float64, inkling in float32
				}
				if kind == "int8" {
					m, tolerance = integers(t, float), 0
					if m.Config.Front.MixesChannels() {
						tolerance = 1e-3 // where the last bit of a frame rounds otherwise
					}
				}
				list := examples(m)
				got := speak(t, compile(t, m, 4000, flags...), list, m.Config.Channels)
				if len(got) != len(list) {
					t.Fatalf("%d examples came back of %d", len(got), len(list))
				}
				worst := 0.0
				for i, x := range list {
					worst = max(worst, differs(t, m, x, got[i]))
				}
				if worst > tolerance {
					t.Errorf("a probability differs by %v, want at most %v", worst, tolerance)
				}
			})
		}
	}
}

func integers(t *testing.T, m *model.Model) *model.Model {
	c, err := quantize.New(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range examples(m) {
		c.Add(frames(t, m, x))
	}
	small, err := c.Model()
	if err != nil {
		t.Fatal(err)
	}
	return small
}

func frames(t *testing.T, m *model.Model, x []float32) []float32 {
	front, err := m.Front()
	if err != nil {
		t.Fatal(err)
	}
	return front.Flush(front.Push(nil, x))
}

// differs returns the greatest difference of a probability.
func differs(t *testing.T, m *model.Model, x []float32, got spoken) (worst float64) {
	p := m.Predict(frames(t, m, x))
	n := m.Classes()
	if len(got.probs) != p.Steps+1 {
		t.Fatalf("%d steps came back of %d", len(got.probs)-1, p.Steps)
	}
	for i, probs := range got.probs {
		want := p.Confirm
		if i < p.Steps {
			want = p.Running[i*n:][:n]
		} else if !m.HasConfirm() {
			continue
		} else if got.labels[i] != m.Config.Labels[f32.Argmax(want)] {
			t.Errorf("the label at the end is %s, want %s", got.labels[i], m.Config.Labels[f32.Argmax(want)])
		}
		for k, v := range want {
			worst = max(worst, math.Abs(float64(probs[k])-float64(v)))
		}
	}
	return worst
}

// What there is no C for is refused by name.
func TestWhatCannotBeExported(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	stats := testmodel.Labels(100, 1, "a", "b")
	stats.Front = feature.Config{Kind: feature.KindStats}
	for want, m := range map[string]*model.Model{"front end stats": testmodel.New(t, stats, rng), "what comes next": testmodel.New(t, testmodel.Next(10, 1, 2, nil), rng)} {
		if _, _, err := C(m, 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
