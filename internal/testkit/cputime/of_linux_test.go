package cputime

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// self is what getrusage(2) says of this process.
func self(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// busy uses at least d of processor time, in a thread that ends with it.
func busy(t *testing.T, d time.Duration) {
	t.Helper()
	begin := self(t)
	ended := make(chan bool)
	go func() {
		defer close(ended)
		runtime.LockOSThread() // without an unlock: the thread ends
		for now := begin; now < begin+d; now = self(t) {
		}
	}()
	<-ended
}

// Threads that have ended count.
func TestOfSelf(t *testing.T) {
	busy(t, 30*time.Millisecond)
	before := self(t)
	of, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	after := self(t)
	const tick = 10 * time.Millisecond // some kernels count user and system by ticks
	if of < max(before-tick, 30*time.Millisecond-tick) || of > after+tick {
		t.Errorf("%v, between %v and %v of this process", of, before, after)
	}
}

// Another process is read too, and one that is gone is an error.
func TestOfAnother(t *testing.T) {
	c := exec.Command("cat")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	used, err := Of(c.Process.Pid)
	in.Close()
	c.Wait()
	if err != nil || used < 0 || used > time.Minute {
		t.Errorf("%v, %v", used, err)
	}
	if used, err := Of(c.Process.Pid); err == nil {
		t.Errorf("a process that is gone has used %v", used)
	}
}
