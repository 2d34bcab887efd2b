package model

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/f32"
	"inkling/internal/testkit"
)

// everyKind loads a model of every kind, float and integer.
func everyKind(t *testing.T) map[string]*Model {
	t.Helper()
	files, err := filepath.Glob("../stream/testdata/before/*.model")
	files = append(files, "quantize/testdata/integer.model", "testdata/heard.model")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d models, %v", len(files), err)
	}
	all := map[string]*Model{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = reload(t, data)
	}
	return all
}

func reload(t *testing.T, data []byte) *Model {
	t.Helper()
	m, err := Load(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A file that is written has a self-test, which holds with every kernel: to the bit with those
// of the same class. The hash is that of a file without, and writing again changes no byte.
func TestSelfTestHoldsWithEveryKernel(t *testing.T) {
	defer f32.Use(f32.Kernel())
	for name, m := range everyKind(t) {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{} // by class
			for _, writer := range f32.Kernels() {
				f32.Use(writer)
				data := m.Bytes()
				if first := files[f32.Class()]; first != nil && !bytes.Equal(first, data) {
					t.Errorf("%s kernels write another file than others that are %s", writer, f32.Class())
				}
				files[f32.Class()] = data
			}
			integer := m.exact()
			if fused := files["fused"]; integer && fused != nil && !bytes.Equal(fused, files["generic"]) { // some builds have generic kernels alone
				t.Error("an integer model has another file with other kernels")
			}
			for class, data := range files {
				for _, reader := range f32.Kernels() {
					f32.Use(reader)
					read := reload(t, data)
					if read.Hash() != m.Hash() || !bytes.Equal(read.Bytes(), data) {
						t.Errorf("written with %s, read with %s kernels: another file", class, reader)
					}
					got, err := read.Test()
					if err != nil {
						t.Errorf("written with %s, read with %s kernels: %v", class, reader, err)
					}
					if exact := class == f32.Class() || integer; got.Exact != exact || got.Values == 0 || got.Steps == 0 {
						t.Errorf("written with %s, read with %s kernels: %+v", class, reader, got)
					}
				}
			}
		})
	}
}

// No part of a network can differ without its self-test being another.
func TestSelfTestSeesEveryTensor(t *testing.T) {
	for name, m := range everyKind(t) {
		t.Run(name, func(t *testing.T) {
			want, err := m.newSelfTest("")
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range m.Params.Tensors() {
				if strings.HasPrefix(x.Name, "front.") {
					continue // the signal is made to their measure
				}
				other := reload(t, m.encode(nil))
				x := other.Params.Tensors()[i]
				for k := range x.Data {
					x.Data[k] = x.Data[k]*0.9 + 0.01*float32(1+k%3)
				}
				n, err := New(other.Config, other.Params)
				if err != nil {
					t.Fatalf("%s: %v", x.Name, err)
				}
				got, err := n.newSelfTest("")
				if err != nil {
					t.Fatal(err)
				}
				a, _ := json.Marshal(want)
				b, _ := json.Marshal(got)
				if bytes.Equal(a, b) {
					t.Errorf("%s is another and the self-test is the same: %s", x.Name, a)
				}
			}
		})
	}
}

// What is not as the file says is refused by name, and what a program changed as well.
func TestSelfTestRefuses(t *testing.T) {
	m := random(t, 1, Config{Hidden: 3, Layers: 1, Running: RunningSoftmax, Confirm: true})
	with := func(edit func(*SelfTest)) error {
		x, err := m.newSelfTest(m.Hash())
		if err != nil {
			t.Fatal(err)
		}
		edit(x)
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		_, err = reload(t, m.encode(map[string]string{selfTestKey: string(text)})).Test()
		return err
	}
	if err := with(func(*SelfTest) {}); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		edit func(*SelfTest)
		says string
	}{
		"a bit":               {func(x *SelfTest) { x.Confirm[1] = bump(x.Confirm[1]) }, "confirm: value 1 is "},
		"a running value":     {func(x *SelfTest) { x.Running[5] -= 0.01 }, "running: value 5 is "},
		"far, elsewhere":      {func(x *SelfTest) { x.Arch = "s390x"; x.Running[5] -= 0.01 }, "written with s390x "},
		"another number":      {func(x *SelfTest) { x.Confirm = nil }, "confirm: 3 values here, 0 in the file"},
		"a part that is not":  {func(x *SelfTest) { x.Detector = []float32{1} }, "detector: 0 values here, 1 in the file"},
		"other steps":         {func(x *SelfTest) { x.Steps = 7 }, "7 where the file was written"},
		"a newer one":         {func(x *SelfTest) { x.Version = 2 }, "use a newer inkling"},
		"that of another one": {func(x *SelfTest) { x.Model = "0123" }, "is of the model 0123"},
	} {
		err := with(c.edit)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if err := with(func(x *SelfTest) { x.Arch = "s390x"; x.Confirm[1] = bump(x.Confirm[1]) }); err != nil {
		t.Errorf("a bit, elsewhere: %v", err)
	}
	_, err := Load(bytes.NewReader(m.encode(map[string]string{selfTestKey: "{"})))
	testkit.Message(t, "damaged", err, "model: inkling.selftest: unexpected end of JSON input: the file is damaged")
	_, err = reload(t, m.encode(nil)).Test()
	testkit.Message(t, "an old file", err, ErrNoSelfTest.Error())
}

func bump(v float32) float32 { return v * (1 + 1e-6) }

// A model that was changed and is written again has the self-test of what it is now.
func TestSelfTestFollowsTheModel(t *testing.T) {
	m := reload(t, random(t, 1, Config{Hidden: 3, Layers: 1, Running: RunningSoftmax, Confirm: true}).Bytes())
	m.Config.Labels[0] = "other"
	n := reload(t, m.Bytes())
	if _, err := n.Test(); err != nil {
		t.Error(err)
	}
	if n.SelfTest().Model != n.Hash() {
		t.Error("the self-test is of the model before")
	}
}
