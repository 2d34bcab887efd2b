package sdnotify

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

func TestSend(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m, err := Dial(name)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Send("READY=1", Status("%d\npipelines", 2), Extend(time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1000)
	n, err := l.Read(b)
	if want := "READY=1\nSTATUS=2 pipelines\nEXTEND_TIMEOUT_USEC=1000000"; err != nil || string(b[:n]) != want {
		t.Errorf("%q, %v, want %q", b[:n], err, want)
	}
}

func TestWithoutManager(t *testing.T) {
	if m, err := Dial(""); m != nil || err != nil {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := Dial(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a socket that is not there")
	}
}

func TestWatchdog(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"30000000", "7", 30 * time.Second}, {"30000000", "", 30 * time.Second}, {"30000000", "8", 0},
		{"", "7", 0}, {"-1", "", 0}, {"x", "", 0}, {"9223372036854775807", "", 0},
	} {
		if got := Watchdog(c.usec, c.pid, 7); got != c.want {
			t.Errorf("%q, %q: %v, want %v", c.usec, c.pid, got, c.want)
		}
	}
}
