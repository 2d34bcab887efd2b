package main

import (
	"bufio"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inkling/model"
)

//go:embed worker.py
var workerScript string

// A torchPeer is a process that runs worker.py, which describes the protocol.
type torchPeer struct {
	cmd     *exec.Cmd
	dir     string // with the script
	in      io.WriteCloser
	out     *bufio.Reader
	version string
	scipy   string
	blas    []string
}

// A torchAnswer is an answer of the worker to any request.
type torchAnswer struct {
	Error      string
	ID         int
	Out        string
	Loss, Norm float64
	Seconds    float64
	Version    string
	SciPy      string
	BLAS       []string
}

// startTorch starts python with OpenBLAS on one thread, which is fastest for PyTorch, and
// with the kernels for this processor.
func startTorch(python string) (*torchPeer, error) {
	dir, err := os.MkdirTemp("", "bench") // TorchScript reads its source from a file
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "worker.py")
	p := &torchPeer{cmd: exec.Command(python, script), dir: dir}
	if err := os.WriteFile(script, []byte(workerScript), 0o600); err != nil {
		return nil, err
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "OPENBLAS_") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	p.cmd.Env = append(p.cmd.Env, "OPENBLAS_NUM_THREADS=1")
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	hello, err := p.read()
	if err != nil {
		return nil, fmt.Errorf("%s does not run PyTorch: %w", python, err)
	}
	p.version, p.scipy, p.blas = hello.Version, hello.SciPy, hello.BLAS
	return p, nil
}

func (p *torchPeer) read() (a torchAnswer, err error) {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("the PyTorch process ended: %w", err)
	}
	if err = json.Unmarshal(line, &a); err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	return a, err
}

func (p *torchPeer) ask(request map[string]any) (torchAnswer, error) {
	line, err := json.Marshal(request)
	if err != nil {
		return torchAnswer{}, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return torchAnswer{}, fmt.Errorf("the PyTorch process ended: %w", err)
	}
	return p.read()
}

// timer returns a measure.Case.Run for the work that the worker knows as id.
func (p *torchPeer) timer(id, threads int) func(n int) (time.Duration, error) {
	return func(n int) (time.Duration, error) {
		a, err := p.ask(map[string]any{"run": id, "n": n, "threads": threads})
		return time.Duration(a.Seconds * float64(time.Second)), err
	}
}

// drop makes the worker discard the work known as id.
func (p *torchPeer) drop(id int) { p.ask(map[string]any{"drop": id}) }

func (p *torchPeer) close() {
	p.in.Close()
	p.cmd.Wait()
	os.RemoveAll(p.dir)
}

// encode returns an array in the format that the worker reads.
func encode(x []float32) string {
	raw := make([]byte, 0, 4*len(x))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func decode(s string) ([]float32, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	var x []float32
	for b := range slices.Chunk(raw, 4) {
		x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return x, nil
}

// torchParams returns the arrays of p by their names in the model file, which are those of
// PyTorch.
func torchParams(p *model.Params) map[string]string {
	out := map[string]string{}
	for _, t := range p.Tensors() {
		if !t.Fixed {
			out[t.Name] = encode(t.Data)
		}
	}
	return out
}
