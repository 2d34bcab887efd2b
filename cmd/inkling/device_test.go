//go:build !edge

package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A model becomes C and a program, whose output verify compares with the model: of the test
// vectors, and of examples.
func TestExportedCodeIsVerified(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("there is no gcc to compile the exported code with")
	}
	t.Chdir(t.TempDir())
	command := func(want int, args ...string) string {
		t.Helper()
		var out, log bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &log); code != want {
			t.Fatalf("%v: exit %d, want %d\n%s%s", args, code, want, &out, &log)
		}
		return out.String() + log.String()
	}
	device := func(samples, log string) {
		t.Helper()
		in, err := os.ReadFile(samples)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("./device")
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(log, out, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if out := command(0, "export", "--c", "fw", "bundled:notes"); !strings.Contains(out, "together") || !strings.Contains(out, "run --maximum") {
		t.Errorf("export prints neither the memory nor what is otherwise: %s", out)
	}
	if out, err := exec.Command(gcc, "-O2", "-std=c99", "-o", "device", "fw/main.c", "fw/inkling.c", "-lm").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	device("fw/vectors.txt", "vectors.log")
	if out := command(0, "verify", "bundled:notes", "--against", "vectors.log"); !strings.Contains(out, "2 examples") || !strings.Contains(out, "says what the model says") {
		t.Error(out)
	}
	events, _ := os.ReadFile("fw/vectors.jsonl")
	said, _ := os.ReadFile("vectors.log")
	if n, want := bytes.Count(said, []byte("\n")), bytes.Count(events, []byte("\n"))+3; n != want {
		t.Errorf("the device printed %d lines of the vectors, want %d: their events, a status and two summaries", n, want)
	}
	command(0, "verify", "bundled:notes", "bundled:notes", "-n", "3", "--samples", "samples.txt")
	device("samples.txt", "device.log")
	if out := command(0, "verify", "bundled:notes", "bundled:notes", "-n", "3", "--against", "device.log"); !strings.Contains(out, "3 examples") {
		t.Error(out)
	}
	if out := command(1, "verify", "bundled:notes", "--against", "device.log"); !strings.Contains(out, "samples were lost") {
		t.Errorf("another signal: %s", out)
	}
	if out := command(2, "verify", "bundled:notes", "--samples", "samples.txt"); !strings.Contains(out, "give data as well") {
		t.Errorf("samples without data: %s", out)
	}
	if out := command(1, "export", "--c", "fw", "bundled:notes", "--segment", "label"); !strings.Contains(out, "detector") {
		t.Errorf("a segmenter without its detector: %s", out)
	}
	if out := command(1, "export", "--c", "fw", "bundled:notes", "--steps", "10"); !strings.Contains(out, "raise --steps") {
		t.Errorf("too few steps: %s", out)
	}
}
