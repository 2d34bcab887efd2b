//go:build linux && !edge

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A pty is a terminal with a program on it.
type pty struct {
	t      *testing.T
	master *os.File
	tty    *os.File
	cmd    *exec.Cmd

	mu   sync.Mutex
	more *sync.Cond // out has grown, or the test has hung
	out  []byte
	hung bool
}

// onTerminal runs inkling on a terminal of 80 columns.
func onTerminal(t *testing.T, env string, args ...string) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	p := &pty{t: t, master: master, tty: tty, cmd: exec.Command("inkling", args...)}
	p.more = sync.NewCond(&p.mu)
	p.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "NO_COLOR=", env)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, tty, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			p.mu.Lock()
			p.out = append(p.out, buf[:n]...)
			p.more.Broadcast()
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// until waits for text on the terminal.
func (p *pty) until(text string) {
	p.t.Helper()
	defer time.AfterFunc(time.Minute, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hung = true
		p.more.Broadcast()
	}).Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !bytes.Contains(p.out, []byte(text)) {
		if p.hung {
			p.t.Fatalf("the terminal has no %q: %q", text, p.out)
		}
		p.more.Wait()
	}
}

// raw reports whether the terminal gives keys at once.
func (p *pty) raw() bool {
	s, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return s.Lflag&(unix.ICANON|unix.ECHO) != unix.ICANON|unix.ECHO
}

// end waits for the end of the program, and of the guard that restores its terminal, and
// returns all that was written.
func (p *pty) end() (string, error) {
	err := p.cmd.Wait()
	fmt.Fprintln(p.tty, "the end")
	p.until("the end")
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.out), err
}

// A run on a terminal ends, by itself or by Ctrl-C, with the terminal as it was, and with
// every lasting line on it.
func TestScreenOnATerminal(t *testing.T) {
	p := onTerminal(t, "A=b", "demo", "--fast")
	out, err := p.end()
	if err != nil || p.raw() {
		t.Errorf("%v, raw %v", err, p.raw())
	}
	if n := strings.Count(out, "by silence") + strings.Count(out, "by interrupt") + strings.Count(out, "by\r\n"); n < 56 || !strings.Contains(out, "confirmed right 56") {
		t.Errorf("%d lines of segments in %q", n, out)
	}
	if strings.Contains(out, "\x1b[?1049h") || strings.Count(out, "\x1b[?25l") > strings.Count(out, "\x1b[?25h") {
		t.Error("the cursor is left hidden, or the history of the terminal")
	}

	p = onTerminal(t, "A=b", "demo")
	p.until("Ctrl-C: end")
	if !p.raw() {
		t.Error("keys are not read")
	}
	io.WriteString(p.master, "p\x03")
	if out, err = p.end(); err != nil || p.raw() || !strings.Contains(out, "notes 56") {
		t.Errorf("Ctrl-C: %v, raw %v, %q", err, p.raw(), out)
	}
}

// A run that is killed leaves the terminal as it was.
func TestScreenKilled(t *testing.T) {
	p := onTerminal(t, "A=b", "demo")
	p.until("Ctrl-C: end")
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.until("\x1b[?25h\x1b[J") // of the guard, which then ends
	if p.raw() {
		t.Error("keys are not echoed")
	}
}

// With NO_COLOR or --plain, and on a terminal that can do nothing, whole lines are written
// and nothing else.
func TestPlainOnATerminal(t *testing.T) {
	for _, args := range [][]string{{"A=b", "demo", "--fast", "--seconds", "5", "--plain"}, {"NO_COLOR=1", "demo", "--fast", "--seconds", "5"}, {"TERM=dumb", "demo", "--fast", "--seconds", "5"}} {
		p := onTerminal(t, args[0], args[1:]...)
		out, err := p.end()
		if err != nil || strings.Contains(out, "\x1b") || !strings.Contains(out, "confirmed right") || p.raw() {
			t.Errorf("%q: %v, %q", args, err, out)
		}
	}
}

// record draws the level of what it hears, and leaves nothing of it.
func TestRecordOnATerminal(t *testing.T) {
	dir := t.TempDir()
	three := filepath.Join(dir, "three.wav")
	p := onTerminal(t, "A=b", "play", "bundled:notes", "1", "2", "3", "-o", three)
	if out, err := p.end(); err != nil {
		t.Fatal(err, out)
	}
	p = onTerminal(t, "A=b", "record", "flute", three, "-o", dir, "--countdown", "0.2", "-n", "2")
	out, err := p.end()
	if err != nil || !strings.Contains(out, "\rflute") && !strings.Contains(out, "Kflute  0 of 2 in 1 …  ") || !strings.Contains(out, "Kflute  1 of 2  █") {
		t.Errorf("%v: %q", err, out)
	}
	if wiped := strings.LastIndex(out, "\x1b[K"); strings.Contains(out[wiped:], "dB") {
		t.Errorf("a meter is left: %q", out[wiped:])
	}
}
