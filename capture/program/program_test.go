//go:build unix

package program

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"inkling/capture"
)

var raw = Options{PCM: capture.PCMFormat{Encoding: capture.U8, Format: capture.Format{Rate: 1000, Channels: 1}}, Wait: time.Millisecond, MaxWait: 4 * time.Millisecond}

func open(t *testing.T, line string, o Options) *Source {
	s, err := Shell(line, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestRestart: the end of a command is told with its status and its standard error, and
// the next one's samples come after a gap.
func TestRestart(t *testing.T) {
	s := open(t, "printf abcdef; echo no such card >&2; exit 3", raw)
	var b capture.Block
	for round := range 3 {
		before := s.next
		if err := s.Read(t.Context(), &b); err != nil || b.Len() != 6 || b.Done {
			t.Fatalf("round %d: %v, %+v", round, err, b)
		}
		if round > 0 && b.Offset <= before || round == 0 && b.Offset != 0 {
			t.Fatalf("round %d: offset %d after %d, want a gap", round, b.Offset, before)
		}
		for f := range 2 {
			if round == 0 && f == 0 {
				continue // not back, but there from the start
			}
			if err := s.Read(t.Context(), &b); err != nil || b.Fault == nil {
				t.Fatalf("round %d: %v, %+v, want a fault", round, err, b)
			}
		}
		if r := b.Fault.Reason; b.Fault.State != capture.Down || !strings.Contains(r, "exit status 3: no such card") {
			t.Fatalf("round %d: %v: %s", round, b.Fault.State, r)
		}
	}
}

// TestCloseEndsTheGroup: Close makes Read return, and ends what the command started.
func TestCloseEndsTheGroup(t *testing.T) {
	alive := filepath.Join(t.TempDir(), "alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, "exec 3>'"+alive+"'; sleep 1000 & printf abc; sleep 1000 | sleep 1000", raw)
	held, err := os.Open(alive)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	done := make(chan error)
	go func() {
		var b capture.Block
		for {
			if err := s.Read(context.Background(), &b); err != nil {
				done <- err
				return
			}
		}
	}()
	s.Close()
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read returned %v", err)
	}
	if _, err := io.ReadAll(held); err != nil { // it ends with the last process of the group
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	if _, err := Shell(" ", raw); err == nil {
		t.Error("an empty command was accepted")
	}
	s := open(t, "echo this is no sound at all", Options{})
	var b capture.Block
	if err := s.Read(t.Context(), &b); !errors.Is(err, capture.ErrNoFormat) {
		t.Errorf("raw samples without a format: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := open(t, "sleep 1000", raw).Read(ctx, &b); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

func TestIsURL(t *testing.T) {
	for name, want := range map[string]bool{"rtsp://a/b": true, "HTTPS://x": true, "nats:a": false, "file:///etc/passwd": false, "http:x": false, "a.wav": false} {
		if IsURL(name) != want {
			t.Errorf("IsURL(%q) = %v", name, !want)
		}
	}
}
