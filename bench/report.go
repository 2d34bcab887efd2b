package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	ort "github.com/yalue/onnxruntime_go"

	"inkling/internal/f32"
	"inkling/model/measure"
)

// titles holds the title and a remark for the table of each section.
var titles = map[string][2]string{
	"step": {"One step of one stream",
		"With a 3-class head and its softmax, on one thread. ONNX Runtime runs its LSTM operator with bound memory, and its state is fed back. PyTorch runs `nn.LSTMCell` in TorchScript. gonum runs `blas32.Gemv`, with the gates written in Go."},
	"batch": {"Many streams, one step each",
		"D = 40. On several threads each has its share of the streams, like the workers of a run, and makes its steps without waiting for the others; ONNX Runtime divides every step. The peak is the rate of multiply-adds in registers on the same number of threads, the best of several measurements in the same rounds."},
	"sequence": {"Whole sequences, bidirectional, last mode",
		"T = 3528, D = 1, with the confirm head."},
	"train": {"Training, an epoch",
		"The losses of both heads, backward pass, clipping and AdamW. Some batches are timed, and the time is scaled to the epoch. PyTorch uses OpenBLAS on one thread, which is its fastest setting, and packed sequences if lengths differ."},
	"front": {"The front end of sound, a second",
		"On one thread. For inkling the signal arrives in blocks of 10 ms, as in a stream. SciPy runs `scipy.fft.rfft` and a product with the matrix of triangles, in float32: with all frames of the second in one call, and frame by frame."},
	"confirm": {"Confirm at a segment's end",
		"The work left when the segment ends, compared with the single steps that came before."},
}

// report writes the tables as markdown.
func (p *peers) report(w io.Writer, results []result, sizes []size) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# Performance\n\n%s\n\n", p.machine())
	fmt.Fprintf(b, "This page compares inkling with ONNX Runtime, PyTorch, SciPy and gonum on one machine; `bench/run` measures and writes it. Every program does the same work in turn (a b c a b c …), after their numbers were found to agree within 1e-4. "+
		"A time is that of the fastest run, with the median run in brackets. × says how many times faster inkling is, by the fastest runs. The last column is the target; a figure that misses it follows in bold. "+
		"H = %d, float32.\n", hidden)
	for _, section := range sections {
		of := slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.section != section })
		if len(of) > 0 {
			fmt.Fprintf(b, "\n## %s\n\n%s\n\n", titles[section][0], titles[section][1])
			writeTable(b, of)
		}
	}
	if sizes != nil {
		fmt.Fprintf(b, "\n## One step at other sizes\n\nWithout a head: the time of the fastest run, GFLOP/s (twice that number is GB/s of weights read), and the rate as a share of the rate at H = %d. The target is a share of at least %v; less is in bold.\n\n", hidden, sizeAsked)
		writeSizes(b, sizes)
	}
	return b.Flush()
}

// writeTable writes the table of one section, with a column for each peer and one for the
// targets.
func writeTable(w io.Writer, results []result) {
	var columns []string
	rates, peak := false, false
	for _, r := range results {
		for _, p := range r.peers {
			if !slices.Contains(columns, p.Name) {
				columns = append(columns, p.Name)
			}
		}
		rates, peak = rates || r.ours.Flops > 0, peak || r.peak > 0
	}
	head := append([]string{"", inklingName}, columns...)
	if rates {
		head = append(head, "GFLOP/s")
	}
	if peak {
		head = append(head, "of the peak")
	}
	head = append(head, "target")
	writeRow(w, head)
	writeRow(w, slices.Repeat([]string{"---"}, len(head)))
	for _, r := range results {
		row := []string{r.what, span(r.times[inklingName], r.scale)}
		for _, c := range columns {
			row = append(row, r.cell(c))
		}
		if rates {
			row = append(row, fmt.Sprintf("%.1f", rate(r.ours.Flops, r.times[inklingName])))
		}
		if peak {
			row = append(row, fmt.Sprintf("%.2f of %.0f", r.share(), r.peak))
		}
		writeRow(w, append(row, r.verdict()))
	}
}

func writeRow(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

// cell returns the time of a peer and how many times faster inkling is.
func (r *result) cell(column string) string {
	t, ok := r.times[column]
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%s, %s×", span(t, r.scale), digits(r.faster(column)))
}

// verdict lists the targets of the line and whether they are missed.
func (r *result) verdict() string {
	var out []string
	for _, a := range r.asked {
		got, known := r.reached(a)
		s := fmt.Sprintf("≥ %v× %s", a.ratio, a.of)
		switch {
		case a.atMost:
			s = fmt.Sprintf("≤ %v of the %s", a.ratio, a.of)
		case a.of == peakName:
			s = fmt.Sprintf("≥ %v of the peak", a.ratio)
		}
		if known && (got < a.ratio) != a.atMost {
			s += fmt.Sprintf(": **%.2f**", got)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// reached returns the ratio that a bounds; for several columns it is the worst of them.
func (r *result) reached(a target) (got float64, known bool) {
	if a.of == peakName {
		return r.share(), r.peak > 0
	}
	for _, p := range r.peers {
		if !strings.HasPrefix(p.Name, a.of) {
			continue
		}
		if f := r.faster(p.Name); !known || f < got {
			got, known = f, true
		}
	}
	if a.atMost && known {
		got = 1 / got
	}
	return got, known
}

// machine describes the machine and the versions with which the tables were made.
func (p *peers) machine() string {
	s := fmt.Sprintf("%s, %s, %s/%s. inkling with the %s kernels, %s", processor(), count(p.cores, "core"), runtime.GOOS, runtime.GOARCH, f32.Kernel(), goVersion())
	if p.ort {
		s += "; " + ortName + " " + ort.GetVersion()
	}
	if p.torch != nil {
		s += fmt.Sprintf("; %s %s with %s", torchName, p.torch.version, strings.Join(p.torch.blas, ", "))
	}
	if p.torch != nil {
		s += "; " + scipyName + " " + p.torch.scipy
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "gonum.org/v1/gonum" {
				s += "; gonum " + d.Version
			}
		}
	}
	return s + "."
}

func goVersion() string { return "Go " + strings.TrimPrefix(runtime.Version(), "go") }

// processor returns the name of the processor according to Linux.
func processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "A processor of unknown name"
}

// line returns a result on one line, to show progress.
func (r *result) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-9s %-36s inkling %s", r.section, r.what, span(r.times[inklingName], r.scale))
	for _, p := range r.peers {
		fmt.Fprintf(&b, "  %s %s %s×", p.Name, span(r.times[p.Name], r.scale), digits(r.faster(p.Name)))
	}
	if r.ours.Flops > 0 {
		fmt.Fprintf(&b, "  %.1f GFLOP/s", rate(r.ours.Flops, r.times[inklingName]))
	}
	if s := r.share(); s > 0 {
		fmt.Fprintf(&b, " = %.2f of %.1f", s, r.peak)
	}
	return b.String()
}

// span formats the times of the fastest and the median run.
func span(t measure.Times, scale float64) string {
	if scale == 0 {
		scale = 1
	}
	return fmt.Sprintf("%s (%s)", duration(t.Min*scale), duration(t.Median*scale))
}

// duration formats microseconds with three digits.
func duration(us float64) string {
	switch {
	case us >= 1e6:
		return digits(us/1e6) + " s"
	case us >= 1e3:
		return digits(us/1e3) + " ms"
	}
	return digits(us) + " µs"
}

func digits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
