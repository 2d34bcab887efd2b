//go:build unix

package capture

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A named pipe is a file like any other, but does not keep Read waiting.
func TestFileOfNamedPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	data, _ := os.ReadFile(write(t, "a.wav", 8000, 1, 1000))
	src := File(Options{}, name)
	defer src.Close()
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	if err := src.Read(ctx, &Block{}); err != context.DeadlineExceeded {
		t.Fatalf("%v", err)
	}
	go func() {
		w, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err == nil {
			w.Write(data)
			w.Close()
		}
	}()
	if got, err := drain(t, src); err != io.EOF || !slices.Equal(got[name], tone(1000, 1)) {
		t.Errorf("%d samples, %v", len(got[name]), err)
	}
}
