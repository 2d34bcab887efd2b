package program

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// patience is how long a program may live on after it has closed its output.
const patience = 2 * time.Second

// A process is a running program in a group of its own.
type process struct {
	cmd    *exec.Cmd
	errors tail
	once   sync.Once
	why    string
}

// launch starts a program and returns its standard output.
func launch(args []string) (*process, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	p := &process{cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = w, &p.errors, patience
	ownGroup(p.cmd)
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	return p, r, nil
}

func (p *process) kill() { killGroup(p.cmd) }

// end waits for the program, ends what is left of its group, and returns its exit status
// with the end of its standard error.
func (p *process) end() string {
	p.once.Do(func() {
		t := time.AfterFunc(patience, p.kill)
		p.cmd.Wait()
		t.Stop()
		p.kill()
		p.why = "it ended with " + p.cmd.ProcessState.String()
		if last := p.errors.String(); last != "" {
			p.why += ": " + last
		}
	})
	return p.why
}

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	p  []byte
}

const tailBytes = 400

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.p = append(t.p, p[max(0, len(p)-tailBytes):]...)
	t.p = append(t.p[:0], t.p[max(0, len(t.p)-tailBytes):]...)
	return len(p), nil
}

// String returns the last three lines, joined.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.p), "")), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}
