//go:build portaudio

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"inkling/internal/audio"
	"inkling/internal/bundled"
	"inkling/stream"
)

// rig is a virtual microphone that .ci/mic/server makes; .ci/mic/run sets its place.
type rig struct {
	dir, mode string
	env       []string
}

func newRig(t *testing.T, mode string) *rig {
	t.Helper()
	root := os.Getenv("INKLING_MIC_RIG")
	if root == "" {
		t.Skip("the virtual microphone is not there: run .ci/mic/run")
	}
	r := &rig{dir: filepath.Join(root, mode), mode: mode}
	r.up(t)
	t.Cleanup(r.down)
	return r
}

func (r *rig) up(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Getenv("INKLING_MIC_SERVER"), r.dir, r.mode)
	cmd.Env = append(os.Environ(), "RATE=44100")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.env = append(os.Environ(), strings.Fields(string(out))...)
}

func (r *rig) down() { exec.Command(os.Getenv("INKLING_MIC_SERVER"), r.dir, "stop").Run() }

// withMicrophone builds inkling with the microphone.
var withMicrophone = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "inkling-rig")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "inkling")
	if out, err := exec.Command("go", "build", "-tags", "portaudio", "-o", bin, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return bin, nil
})

// listener is a running inkling whose events arrive in a channel.
type listener struct {
	cmd    *exec.Cmd
	events chan stream.Event
	stderr bytes.Buffer
}

func listen(t *testing.T, env []string, args ...string) *listener {
	t.Helper()
	bin, err := withMicrophone()
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{cmd: exec.Command(bin, args...), events: make(chan stream.Event, 1<<16)}
	l.cmd.Env, l.cmd.Stderr = env, &l.stderr
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.cmd.Process.Kill() })
	go func() {
		defer close(l.events)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e stream.Event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Errorf("%s: %v", lines.Text(), err)
			}
			l.events <- e
		}
	}()
	return l
}

// await returns the first event that fits, and how long it took.
func (l *listener) await(t *testing.T, what string, within time.Duration, fits func(*stream.Event) bool) (stream.Event, time.Duration) {
	t.Helper()
	began := time.Now()
	for timeout := time.After(within); ; {
		select {
		case e, ok := <-l.events:
			if !ok {
				t.Fatalf("%s: the program ended: %s", what, &l.stderr)
			}
			if fits(&e) {
				return e, time.Since(began)
			}
		case <-timeout:
			t.Fatalf("%s did not come within %s: %s", what, within, &l.stderr)
		}
	}
}

// stop ends the program as Ctrl-C does and returns the events left.
func (l *listener) stop(t *testing.T) (rest []stream.Event) {
	t.Helper()
	l.cmd.Process.Signal(os.Interrupt)
	for e := range l.events {
		rest = append(rest, e)
	}
	if err := l.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &l.stderr)
	}
	return rest
}

// excerpt writes the first seconds of the bundled minute as a WAV and returns its
// path, its samples as s16le and its notes.
func excerpt(t *testing.T, seconds float64) (path string, pcm []byte, notes []bundled.Note) {
	t.Helper()
	clip, err := audio.Decode(bytes.NewReader(bundled.Minute()), "minute.flac")
	if err != nil {
		t.Fatal(err)
	}
	clip.Samples = clip.Samples[:int(seconds*clip.Rate)]
	for _, v := range clip.Samples {
		n := int16(v * 32768)
		pcm = append(pcm, byte(n), byte(n>>8))
	}
	var buf bytes.Buffer
	if err := audio.EncodeWAV(&buf, clip, audio.PCM16); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "excerpt.wav")
	if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, pcm, notesWithin(len(clip.Samples))
}

// essence is what of an event must be the same from a file and a microphone.
func essence(es []stream.Event) (out []string) {
	for _, e := range es {
		switch e.Type {
		case stream.Running, stream.Early, stream.Confirmed:
			e.Session, e.Stream, e.Time, e.LatencyMS = "", "", time.Time{}, 0
			out = append(out, string(stream.AppendJSON(nil, &e)))
		}
	}
	return out
}

// Samples written into the microphone give the very events of the same file.
func TestRigFIFOEqualsFile(t *testing.T) {
	r := newRig(t, "fifo")
	path, pcm, notes := excerpt(t, 6)
	file := listen(t, os.Environ(), "run", "bundled:notes", path, "--json")
	var want []stream.Event
	for e := range file.events {
		want = append(want, e)
	}
	live := listen(t, r.env, "run", "bundled:notes", "mic", "--json", "--listen", "0")
	fifo, err := os.OpenFile(filepath.Join(r.dir, "mic.fifo"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	live.await(t, "status up", 10*time.Second, func(e *stream.Event) bool { return e.Type == stream.Status && e.State == "up" })
	settling := make([]byte, 2*44100/4) // dropped, as a device may click
	go feed(fifo, append(append(settling, pcm...), make([]byte, 2*44100)...))
	var got []stream.Event
	for confirmed := 0; confirmed < len(notes); {
		e, _ := live.await(t, "the next event", 10*time.Second, func(*stream.Event) bool { return true })
		got = append(got, e)
		if e.Type == stream.Confirmed {
			confirmed++
		}
	}
	live.stop(t)
	a, b := essence(got), essence(want)
	b = b[:min(len(a), len(b))]
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			t.Fatalf("event %d from the microphone:\n%s\nfrom the file:\n%s", i, a[i], b[min(i, len(b)-1)])
		}
	}
	t.Logf("%d events, %d notes, equal to the bit", len(a), len(notes))
}

func heardRoom(e *stream.Event) bool {
	return e.Type == stream.Status && e.State == "up" && strings.HasPrefix(e.Reason, "listened for")
}

// A microphone that clicks as it starts, and a note in the first two seconds, open no segment;
// what was heard is told, and the notes after it are labelled.
func TestRigListensFirst(t *testing.T) {
	r := newRig(t, "fifo")
	_, pcm, notes := excerpt(t, 3)
	live := listen(t, r.env, "run", "bundled:notes", "mic", "--json", "--emit", "confirmed")
	fifo, err := os.OpenFile(filepath.Join(r.dir, "mic.fifo"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	live.await(t, "status up", 10*time.Second, func(e *stream.Event) bool { return e.Type == stream.Status && e.State == "up" })
	begin := make([]byte, 2*44100*9/4) // settling, and two seconds
	for i := range 2 * 44100 {
		begin[i] = byte(i * i >> 7) // a second of noise, at full level
	}
	go feed(fifo, append(append(begin, pcm...), make([]byte, 2*44100)...))
	e, _ := live.await(t, "what is heard", 10*time.Second, func(e *stream.Event) bool {
		if e.Type == stream.Confirmed || e.Type == stream.Dropped {
			t.Errorf("a segment before anything was heard: %+v", e)
		}
		return heardRoom(e)
	})
	t.Log(e.Reason)
	labels(t, live, notes)
	live.stop(t)
}

// feed writes PCM at the pace of the clock.
func feed(w *os.File, pcm []byte) {
	const block = 2 * 441
	for next := time.Now(); len(pcm) > 0; next = next.Add(10 * time.Millisecond) {
		n := min(block, len(pcm))
		if _, err := w.Write(pcm[:n]); err != nil {
			return
		}
		pcm = pcm[n:]
		time.Sleep(time.Until(next))
	}
}

// A file played into the microphone gives its labels; when the device dies it is
// told within a second, and when it is back, labels come again.
func TestRigSinkLabelsAndReconnection(t *testing.T) {
	r := newRig(t, "sink")
	path, _, notes := excerpt(t, 5)
	l := listen(t, r.env, "run", "bundled:notes", "mic", "--json", "--emit", "confirmed", "--listen", "200ms")
	l.await(t, "what is heard", 10*time.Second, heardRoom)
	r.play(t, path)
	labels(t, l, notes)
	r.down()
	_, took := l.await(t, "status down", 5*time.Second, func(e *stream.Event) bool { return e.Type == stream.Status && e.State == "down" })
	if took > time.Second {
		t.Errorf("the lost device was told after %s", took)
	}
	time.Sleep(time.Second)
	r.up(t)
	_, back := l.await(t, "status up", 10*time.Second, func(e *stream.Event) bool { return e.Type == stream.Status && e.State == "up" })
	time.Sleep(300 * time.Millisecond) // the device settles
	r.play(t, path)
	labels(t, l, notes)
	l.stop(t)
	t.Logf("down told after %s, up %s after the server was back", took, back)
}

func (r *rig) play(t *testing.T, path string) {
	t.Helper()
	cmd := exec.Command("paplay", "--device=mic", "--latency-msec=50", path)
	cmd.Env = append(r.env, "HOME="+r.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
}

func labels(t *testing.T, l *listener, notes []bundled.Note) {
	t.Helper()
	for i, n := range notes {
		e, _ := l.await(t, "a note", 15*time.Second, func(e *stream.Event) bool { return e.Type == stream.Confirmed })
		if e.Label != n.Label {
			t.Errorf("note %d is %s, labelled %s", i, n.Label, e.Label)
		}
	}
}

// A stranger to the list of devices is refused in words.
func TestRigUnknownDevice(t *testing.T) {
	r := newRig(t, "fifo")
	bin, err := withMicrophone()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "run", "bundled:notes", "mic:no-such-thing")
	cmd.Env = r.env
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "no-such-thing") || strings.Count(string(out), "\n") > 3 {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), out)
	}
	list := exec.Command(bin, "devices")
	list.Env = r.env
	if out, err := list.CombinedOutput(); err != nil || !strings.Contains(string(out), "default") {
		t.Errorf("devices: %v: %s", err, out)
	}
}
