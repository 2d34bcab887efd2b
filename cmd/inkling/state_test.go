package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"inkling/internal/testkit"
)

// process returns the command in a process of its own.
func process(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: exe, Args: append([]string{"inkling"}, args...)}
}

// notesStream writes a WAV of many notes, one after another, and returns its name.
func notesStream(t *testing.T, notes int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notes.wav")
	out, err := process(t, "play", "bundled:notes", "-n", fmt.Sprint(notes), "--pause", "0.3", "-o", name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return name
}

// labelled returns the events of a file of JSON lines but for those of status, each without
// what depends on the time of day: session, latency and seconds.
func labelled(t *testing.T, data []byte) (lines []string) {
	t.Helper()
	for line := range bytes.Lines(data) {
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if e["type"] == "status" {
			continue
		}
		delete(e, "session")
		delete(e, "latency_ms")
		delete(e, "seconds")
		lines = append(lines, fmt.Sprint(e))
	}
	return lines
}

// A run that is killed again and again gives every event of one that is not, none twice,
// whether it writes to a file of its own or to its standard output.
func TestKilledRunGoesOn(t *testing.T) {
	kills := 3
	if os.Getenv("INKLING_LONG") != "" {
		kills = 20
	}
	first, second := notesStream(t, 16), notesStream(t, 3)
	whole, err := process(t, "run", "bundled:notes", first, second, "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := labelled(t, whole)
	for _, stdout := range []bool{false, true} {
		t.Run(fmt.Sprintf("stdout %v", stdout), func(t *testing.T) {
			dir := t.TempDir()
			state, out := filepath.Join(dir, "run.state"), filepath.Join(dir, "out.jsonl")
			args := []string{"run", "bundled:notes", first, second, "--state", state, "--save-every", "5ms"}
			killed := runKilled(t, args, []string{"--speed", "50"}, nil, kills, len(whole), out, stdout)
			got := labelled(t, testkit.ReadFile(t, out))
			sameLines(t, got, want)
			t.Logf("%d kills, %d events", killed, len(got))
		})
	}
}

// runKilled runs a command until it has been killed so often, and then to its end, and returns
// how often it was. Its events go to out, of which there will be about size bytes. slow are
// arguments that leave time to be killed in, last those of the run that is not killed.
func runKilled(t *testing.T, args, slow, last []string, kills, size int, out string, stdout bool) (killed int) {
	t.Helper()
	for {
		all := slices.Clone(args)
		if killed < kills {
			all = append(all, slow...)
		} else {
			all = append(all, last...)
		}
		var file *os.File
		if stdout {
			var err error
			if file, err = os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
				t.Fatal(err)
			}
			all = append(all, "--json")
		} else {
			all = append(all, "-q", "--to", "file:"+out)
		}
		p := process(t, all...)
		var log bytes.Buffer
		if p.Stderr = &log; file != nil {
			p.Stdout = file
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- p.Wait() }()
		if killed < kills {
			part := int64(size / (kills + 1)) // of the output, in which it is killed
			killAt(p.Process, out, int64(killed)*part+rand.Int64N(part), ended)
		}
		err := <-ended
		if file != nil {
			file.Close()
		}
		if err == nil {
			break
		}
		if p.ProcessState.ExitCode() >= 0 {
			t.Fatalf("%v: %s", err, &log)
		}
		killed++
	}
	if killed < kills {
		t.Errorf("killed %d times only", killed)
	}
	return killed
}

func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("event %d of %d (want %d):\n got %s\nwant %s", i, len(got), len(want), got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
}

// killAt kills a process when a file has a size, or when the process has ended anyway.
func killAt(p *os.Process, name string, size int64, ended chan error) {
	for {
		select {
		case err := <-ended:
			go func() { ended <- err }()
			return
		case <-time.After(time.Millisecond):
		}
		if info, err := os.Stat(name); err == nil && info.Size() >= size {
			p.Kill()
			return
		}
	}
}
