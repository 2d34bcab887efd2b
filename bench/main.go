// Bench runs the same work in turn with inkling, ONNX Runtime, PyTorch, SciPy and gonum, and writes
// tables of the times and their ratios. It compares the numbers of each peer with those of
// inkling before it times anything.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	ort "github.com/yalue/onnxruntime_go"

	"inkling/internal/atomicfile"
	"inkling/internal/f32"
	"inkling/model/measure"
)

// options holds the flags of the command line.
type options struct {
	ort, python, out string
	only             string
	seconds          float64
	quick            bool
}

func main() {
	var o options
	flag.StringVar(&o.ort, "ort", "", "`FILE` of the ONNX Runtime library; without it that peer is left out")
	flag.StringVar(&o.python, "python", "", "`COMMAND` of a Python that has PyTorch; without it that peer is left out")
	flag.StringVar(&o.out, "o", "", "`FILE` for the tables instead of standard output")
	flag.StringVar(&o.only, "only", "", "these tables alone, comma-separated: "+strings.Join(sections, ", "))
	flag.Float64Var(&o.seconds, "seconds", 8, "time for a line of a table; a slow one takes what three rounds take")
	flag.BoolVar(&o.quick, "quick", false, "a few lines, measured briefly: does everything still run?")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if err := f32.Use(os.Getenv("INKLING_KERNEL")); err != nil {
		return fmt.Errorf("INKLING_KERNEL: %w", err)
	}
	if load := busy(); load > 0.3 {
		fmt.Fprintf(os.Stderr, "bench: others keep %.1f processors busy here: wait until they are done, or trust no figure of several threads\n", load)
	}
	p, err := start(o)
	if err != nil {
		return err
	}
	defer p.close()
	plan := measure.Plan{Budget: time.Duration(o.seconds * float64(time.Second)), Slice: 25 * time.Millisecond}
	if o.quick {
		plan = measure.Plan{Budget: 200 * time.Millisecond, Slice: time.Millisecond, Rounds: 1}
	}
	var results []result
	for _, build := range p.comparisons(o) {
		r, err := measured(ctx, plan, build)
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, r.line())
		results = append(results, r)
	}
	var others []size
	if o.wants("sizes") && !o.quick {
		if others, err = sizes(ctx, plan); err != nil {
			return err
		}
	}
	samePeak(results)
	return p.write(o.out, results, others)
}

// write writes the report to the file path, atomically, or to standard output.
func (p *peers) write(path string, results []result, others []size) error {
	if path == "" {
		return p.report(os.Stdout, results, others)
	}
	return atomicfile.WriteFile(path, func(w io.Writer) error { return p.report(w, results, others) })
}

// wants reports whether o includes the table of a section.
func (o *options) wants(section string) bool {
	return o.only == "" || slices.Contains(strings.Split(o.only, ","), section)
}

// busy returns the load average of the last minute, or 0 if it is not available.
func busy() (load float64) {
	data, _ := os.ReadFile("/proc/loadavg")
	fmt.Sscan(string(data), &load)
	return load
}

// start starts the peers that o names.
func start(o options) (p *peers, err error) {
	p = &peers{cores: runtime.NumCPU()}
	if o.ort != "" {
		ort.SetSharedLibraryPath(o.ort)
		if err := ort.InitializeEnvironment(); err != nil {
			return nil, fmt.Errorf("%s: %w", o.ort, err)
		}
		p.ort = true
	}
	if o.python != "" {
		p.torch, err = startTorch(o.python)
	}
	return p, err
}

func (p *peers) close() {
	if p.torch != nil {
		p.torch.close()
	}
	if p.ort {
		ort.DestroyEnvironment()
	}
}

// measured builds one comparison and times it.
func measured(ctx context.Context, plan measure.Plan, build func() (*comparison, error)) (r result, err error) {
	c, err := build()
	if c != nil {
		defer c.close()
	}
	if err != nil {
		return r, err
	}
	times, err := measure.Alternate(ctx, plan, c.cases())
	if err != nil {
		return r, fmt.Errorf("%s, %s: %w", c.section, c.what, err)
	}
	return c.result(times), nil
}

// sections lists the tables in order.
var sections = []string{"step", "batch", "sequence", "train", "confirm", "front", "sizes"}

// comparisons returns the functions that build the lines that o includes, in order.
func (p *peers) comparisons(o options) (all []func() (*comparison, error)) {
	add := func(section string, brief bool, build func() (*comparison, error)) {
		if o.wants(section) && (brief || !o.quick) {
			all = append(all, build)
		}
	}
	for _, d := range []int{1, 13, 40} {
		add("step", true, func() (*comparison, error) { return p.step(d) })
	}
	for _, threads := range []int{1, p.cores} {
		for _, n := range []int{16, 64, 256, 1024} {
			add("batch", n == 64, func() (*comparison, error) { return p.batch(n, threads) })
		}
	}
	add("sequence", true, func() (*comparison, error) { return p.sequence(1, 1, 1.4) })
	add("sequence", false, func() (*comparison, error) { return p.sequence(1, p.cores, 2.4) })
	add("sequence", false, func() (*comparison, error) { return p.sequence(32, p.cores, 1.7) })
	for _, e := range epochs {
		add("train", e.longest < 100, func() (*comparison, error) { return p.training(e) })
	}
	add("confirm", true, confirm)
	add("front", true, p.front)
	return all
}
