//go:build unix

package capture

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"inkling/internal/testkit"
)

func TestNamedPipeDoesNotHoldUpRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	data := testkit.ReadFile(t, writeTone(t, "a.wav", 8000, 1, 1000))
	src := Files(Options{}, name)
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	if err := src.Read(ctx, &Block{}); err != context.DeadlineExceeded {
		t.Fatal(err)
	}
	go func() {
		if w, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
			w.Write(data)
			w.Close()
		}
	}()
	got := play(t, src)
	testkit.Message(t, "end", got.err, "")
	testkit.SameBits(t, "samples", got.x[name], tone(1000, 1))
}
