//go:build unix

package screen

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
)

// A keyboard reads single keys from a terminal. Signals stay what they are: Ctrl-C is an
// interrupt and no key.
//
// The terminal is changed so that keys come at once and are not echoed. A guard, a process
// of its own, changes it back when this one closes the pipe to it, which the system does
// however this process ends. A terminal that has been changed by someone else meanwhile,
// such as a shell, is left as it is.
type keyboard struct {
	tty   *os.File
	guard *exec.Cmd
	pipe  *os.File // to the guard
	once  sync.Once
	done  chan struct{}
}

// guardScript waits for a line or the end of its input, then restores the terminal.
// $1 is how it was, $2 what it was changed to.
const guardScript = `read -r end
if [ "$(stty -g <&3)" = "$2" ]; then stty "$1" <&3; fi
if [ "$end" != closed ]; then printf '\033[?25h\033[J' >&3; fi`

// stty runs the program of this name on a terminal.
func stty(tty *os.File, args ...string) (string, error) {
	cmd := exec.Command("stty", args...)
	cmd.Stdin = tty
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// openKeyboard returns nil if keys cannot be read from tty, or if nothing could restore it.
func openKeyboard(tty *os.File) *keyboard {
	if !term.IsTerminal(int(tty.Fd())) {
		return nil
	}
	was, err := stty(tty, "-g")
	if err != nil {
		return nil
	}
	k := &keyboard{tty: tty, done: make(chan struct{})}
	if _, err = stty(tty, "-icanon", "-echo", "min", "0", "time", "1"); err == nil {
		err = k.watch(was)
	}
	if err != nil {
		stty(tty, was)
		return nil
	}
	return k
}

// watch starts the guard.
func (k *keyboard) watch(was string) error {
	is, err := stty(k.tty, "-g")
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	k.guard = exec.Command("sh", "-c", guardScript, "sh", was, is)
	k.guard.Stdin, k.guard.ExtraFiles = read, []*os.File{k.tty}
	k.guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends this process spares it
	if err := k.guard.Start(); err != nil {
		write.Close()
		return err
	}
	k.pipe = write
	debug.SetCrashOutput(write, debug.CrashOptions{}) // so that it knows before the process ends
	return nil
}

// read calls press with each key until close.
func (k *keyboard) read(press func(string)) {
	fd, buf := int(k.tty.Fd()), make([]byte, 64)
	for {
		n, err := syscall.Read(fd, buf)
		select {
		case <-k.done:
			return
		default:
		}
		switch {
		case n > 0:
			for _, name := range keyNames(buf[:n]) {
				press(name)
			}
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN), err == nil: // a tenth of a second without a key
			if errors.Is(err, syscall.EAGAIN) {
				time.Sleep(time.Second / 10)
			}
		default:
			return
		}
	}
}

// close restores the terminal. It may be called again, also of nil.
func (k *keyboard) close() {
	if k == nil {
		return
	}
	k.once.Do(func() {
		close(k.done)
		debug.SetCrashOutput(nil, debug.CrashOptions{})
		io.WriteString(k.pipe, "closed\n")
		k.pipe.Close()
		k.guard.Wait()
	})
}
