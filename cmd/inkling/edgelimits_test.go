//go:build linux && limits

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/internal/testkit/cputime"
	"inkling/internal/testkit/testnats"
)

// limited returns the program of the variable INKLING_EDGE_BINARY, which .ci/edge/run sets.
func limited(t *testing.T) string {
	program := os.Getenv("INKLING_EDGE_BINARY")
	if program == "" {
		t.Fatal("INKLING_EDGE_BINARY names no program: .ci/edge/run does")
	}
	return program
}

// beeps is sound of 16 kHz in s16le: a tone for a quarter of a second out of each half.
func beeps(from, to int, pitch float64) []byte {
	var b []byte
	for i := from; i < to; i++ {
		v := 0.0
		if i/4000%2 == 1 {
			v = 9000 * math.Sin(2*math.Pi*pitch*float64(i)/16000)
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(v)))
	}
	return b
}

// mostResident returns the most memory that a process has had at once, in bytes.
func mostResident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	n, err := strconv.Atoi(strings.Fields(line)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// The small program gives its first label within 100 ms of processor time after its start, and
// has at most 25 MB resident with one stream.
func TestEdgeStart(t *testing.T) {
	program := limited(t)
	least, resident := time.Hour, 0
	for range 9 { // the least: other programs take caches away
		c := exec.Command(program, "run", "bundled:notes", "-", "--rate", "16000", "--format", "s16le", "--channels", "1", "--listen", "0s", "--json")
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		in.Write(beeps(0, 16000, 440))
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if bytes.Contains(lines.Bytes(), []byte(`"label"`)) {
				used, err := cputime.Of(c.Process.Pid)
				if err != nil {
					t.Fatal(err)
				}
				least = min(least, used)
				break
			}
		}
		resident = max(resident, mostResident(t, c.Process.Pid))
		c.Process.Kill()
		c.Wait()
	}
	t.Logf("%v until the first label, %.1f MB resident", least, float64(resident)/1e6)
	if least > 100*time.Millisecond {
		t.Errorf("%v of processor time until the first label, at most 100 ms", least)
	}
	if resident > 25e6 {
		t.Errorf("%d bytes resident, at most 25 MB", resident)
	}
}

// A hundred streams of 16 kHz sound stay within 64 MB.
func TestEdgeHundredStreams(t *testing.T) {
	program := limited(t)
	s := testnats.StartWith(t, t.TempDir())
	nc, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := exec.Command(program, "run", "bundled:notes", "nats:in.*", "--urls", s.URL(), "--emit", "confirmed", "--json")
	c.Env = append(os.Environ(), "GOMEMLIMIT=48MiB")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	started := make(chan bool)
	var labels, slow atomic.Int64
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			switch line := lines.Text(); {
			case strings.Contains(line, `"reason":"started"`):
				close(started)
			case strings.Contains(line, `"type":"confirmed"`):
				labels.Add(1)
			case strings.Contains(line, `"state":"slow"`):
				slow.Add(1)
			}
		}
	}()
	<-started
	const streams, block, blocks = 100, 1600, 100
	for b := range blocks {
		for i := range streams {
			m := nats.NewMsg(fmt.Sprintf("in.%d", i))
			m.Header.Set("Content-Type", "application/x-s16le;rate=16000")
			m.Data = beeps(b*block, (b+1)*block, float64(200+7*i))
			if err := nc.PublishMsg(m); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(100 * time.Millisecond) // real time: a faster sender fills the inbox, which has a bound of its own
	}
	resident := mostResident(t, c.Process.Pid)
	t.Logf("%d labels of %d streams, %.1f MB resident", labels.Load(), streams, float64(resident)/1e6)
	if labels.Load() < streams || slow.Load() > 0 {
		t.Errorf("%d labels, %d times too slow", labels.Load(), slow.Load())
	}
	if resident > 64e6 {
		t.Errorf("%d bytes resident with %d streams, at most 64 MB", resident, streams)
	}
}
