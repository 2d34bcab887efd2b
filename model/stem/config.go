// Package stem is what a network may have learned below its LSTM: strided causal
// filters that make few timesteps of many samples.
//
//   - conv: convolutions over frames, each followed by ReLU. Frame n of a layer sees
//     frames up to n·stride of the one below, and zeros before the first; so the stem
//     gives a frame for every product-of-strides frames from the start on.
//   - gabor: complex Gabor filters over raw sound and the logarithm of their power,
//     of which centre and bandwidth are learned (compare Zeghidour et al. 2021, LEAF).
//     Windows begin with the signal, as log-mel's do.
//
// A stem streams: any split of its input gives the same bits, and so does Forward
// over the whole of it.
package stem

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"inkling/model/feature"
)

// Kind names a stem. The zero Config is none.
type Kind string

const (
	KindConv  Kind = "conv"
	KindGabor Kind = "gabor"
)

// Config describes a stem; it is part of the model file. Fields of another kind
// stay zero and out of the file.
type Config struct {
	Kind Kind `json:"kind"`

	Layers []Layer `json:"layers,omitempty"` // conv, the lowest first

	// Gabor: window and hop in milliseconds (default 25 and 5), Filters (default 40)
	// whose centres begin evenly on the mel scale between Low and High Hz (default 20
	// and half the rate, at most 8000); Floor is the power, relative to full scale,
	// added under the logarithm (default 1e-11).
	WindowMS float64 `json:"window_ms,omitempty"`
	HopMS    float64 `json:"hop_ms,omitempty"`
	Filters  int     `json:"filters,omitempty"`
	LowHz    float64 `json:"low_hz,omitempty"`
	HighHz   float64 `json:"high_hz,omitempty"`
	Floor    float64 `json:"floor,omitempty"`
}

// A Layer is one convolution: Kernel frames, every Stride of them, to Channels.
type Layer struct {
	Kernel   int `json:"kernel"`
	Stride   int `json:"stride"`
	Channels int `json:"channels"`
}

// Limits that keep a lying file from asking for more than a machine has.
const (
	maxLayers   = 8
	maxKernel   = 1 << 12
	maxChannels = 1 << 12
	maxStride   = 1 << 20 // of all layers together
	maxTaps     = 1 << 21 // values of all filters together
)

// Normalize returns c with its defaults filled in for frames of the front end, of a
// signal of so many samples a second and channels, or the first field that cannot be.
func (c Config) Normalize(front feature.Config, rate float64, channels int) (Config, error) {
	switch c.Kind {
	case "":
		return c, nil
	case KindConv:
		if front.Kind == feature.KindChars {
			return c, fmt.Errorf("stem conv: takes features, not the codes of the front end chars: leave the stem out")
		}
		x, err := feature.New(front, rate, channels)
		if err != nil {
			return c, err
		}
		return c, c.checkLayers(x.Dim())
	case KindGabor:
		front, err := front.Normalize(rate, channels)
		if err != nil {
			return c, err
		}
		if front.Kind != feature.KindRaw || front.Samples != 1 || front.Decimate != 1 || front.Deltas != 0 || channels != 1 {
			return c, fmt.Errorf("stem gabor: takes the samples of one channel as they are: give the raw front end with one sample a step and no deltas, and one channel")
		}
		return c.normalizeGabor(rate)
	}
	return c, fmt.Errorf("stem %q: want %s or %s", c.Kind, KindConv, KindGabor)
}

func (c Config) checkLayers(in int) error {
	if len(c.Layers) < 1 || len(c.Layers) > maxLayers {
		return fmt.Errorf("stem conv: %d layers: want 1 to %d", len(c.Layers), maxLayers)
	}
	stride, taps := 1, 0
	for i, l := range c.Layers {
		switch {
		case l.Kernel < 1 || l.Kernel > maxKernel:
			return fmt.Errorf("stem conv: layer %d: kernel %d: want 1 to %d", i, l.Kernel, maxKernel)
		case l.Stride < 1 || l.Stride > l.Kernel:
			return fmt.Errorf("stem conv: layer %d: stride %d: want 1 to the kernel's %d", i, l.Stride, l.Kernel)
		case l.Channels < 1 || l.Channels > maxChannels:
			return fmt.Errorf("stem conv: layer %d: channels %d: want 1 to %d", i, l.Channels, maxChannels)
		}
		stride *= l.Stride
		taps += l.Kernel * in * l.Channels
		if stride > maxStride || taps > maxTaps {
			return fmt.Errorf("stem conv: layer %d: %d weights and a total stride of %d: at most %d and %d", i, taps, stride, maxTaps, maxStride)
		}
		in = l.Channels
	}
	return nil
}

func (c Config) normalizeGabor(rate float64) (Config, error) {
	if !(rate >= 1000) {
		return c, fmt.Errorf("stem gabor: needs a sampling rate of at least 1000 Hz, not %v: give the rate, or take the conv stem", rate)
	}
	setDefault(&c.WindowMS, 25)
	setDefault(&c.HopMS, 5)
	setDefault(&c.Filters, 40)
	setDefault(&c.LowHz, 20)
	setDefault(&c.HighHz, min(8000, rate/2))
	setDefault(&c.Floor, 1e-11)
	window, hop := samples(c.WindowMS, rate), samples(c.HopMS, rate)
	switch {
	case window < 4 || window > 1<<16:
		return c, fmt.Errorf("stem gabor: window_ms %v is %d samples: want 4 to %d", c.WindowMS, window, 1<<16)
	case hop < 1 || hop > window:
		return c, fmt.Errorf("stem gabor: hop_ms %v is %d samples: want 1 to the window's %d", c.HopMS, hop, window)
	case c.Filters < 1 || c.Filters > maxChannels || 2*c.Filters*window > maxTaps:
		return c, fmt.Errorf("stem gabor: %d filters of %d samples: want 1 to %d filters, of %d values in all", c.Filters, window, maxChannels, maxTaps)
	case !(c.LowHz >= 0 && c.LowHz < c.HighHz && c.HighHz <= rate/2):
		return c, fmt.Errorf("stem gabor: low_hz %v and high_hz %v: want 0 ≤ low < high ≤ half the rate, %v", c.LowHz, c.HighHz, rate/2)
	case !(c.Floor > 0 && c.Floor < 1):
		return c, fmt.Errorf("stem gabor: floor %v: want over 0 and under 1", c.Floor)
	}
	return c, nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// samples rounds, and saturates what no window can be.
func samples(ms, rate float64) int { return int(math.Round(min(max(ms*rate/1000, -1), 1<<20))) }

// Dim is how many values a frame of the stem has, of a Config that passed Normalize.
func (c *Config) Dim() int {
	if c.Kind == KindGabor {
		return c.Filters
	}
	return c.Layers[len(c.Layers)-1].Channels
}

// Values counts the numbers of the stem's parameters over frames of in features.
func (c *Config) Values(in int) (n int64) {
	if c.Kind == KindGabor {
		return 4 * int64(c.Filters)
	}
	for _, l := range c.Layers {
		n += int64(l.Kernel*in+1) * int64(l.Channels)
		in = l.Channels
	}
	return n
}

// defaultLayers make an eighth as many steps of a series; they suit a hundred to a few
// hundred frames.
func defaultLayers() []Layer { return []Layer{{8, 2, 64}, {5, 2, 64}, {3, 2, 64}} }

// Parse reads what String writes: none, conv, conv:8/2x64,5/2x64 (kernel/stride x
// channels, the lowest layer first), gabor, gabor:25/5x40 (window and hop in
// milliseconds x filters).
func Parse(text string) (Config, error) {
	name, rest, long := strings.Cut(text, ":")
	kind := Kind(name)
	c := Config{Kind: kind}
	switch {
	case text == "none" || text == "":
		return Config{}, nil
	case kind == KindConv && !long:
		c.Layers = defaultLayers()
		return c, nil
	case kind == KindConv:
		for part := range strings.SplitSeq(rest, ",") {
			kernel, stride, channels, err := triple(part)
			if err != nil || kernel != math.Trunc(kernel) || stride != math.Trunc(stride) {
				return Config{}, fmt.Errorf("stem %q: layer %q: want KERNEL/STRIDExCHANNELS, such as 8/2x64", text, part)
			}
			c.Layers = append(c.Layers, Layer{int(kernel), int(stride), channels})
		}
		return c, nil
	case kind == KindGabor && !long:
		return c, nil
	case kind == KindGabor:
		var err error
		if c.WindowMS, c.HopMS, c.Filters, err = triple(rest); err != nil {
			return Config{}, fmt.Errorf("stem %q: want gabor:WINDOW/HOPxFILTERS, times in milliseconds, such as gabor:25/5x40", text)
		}
		return c, nil
	}
	return Config{}, fmt.Errorf("stem %q: want none, conv, conv:KERNEL/STRIDExCHANNELS,…, gabor or gabor:WINDOW/HOPxFILTERS", text)
}

// triple reads A/BxN: positive numbers.
func triple(text string) (a, b float64, n int, err error) {
	ratio, count, ok1 := strings.Cut(text, "x")
	first, second, ok2 := strings.Cut(ratio, "/")
	a, err1 := strconv.ParseFloat(first, 64)
	b, err2 := strconv.ParseFloat(second, 64)
	n, err3 := strconv.Atoi(count)
	if !ok1 || !ok2 || err1 != nil || err2 != nil || err3 != nil || !(a > 0 && a < 1<<20) || !(b > 0 && b < 1<<20) || n < 1 {
		return 0, 0, 0, fmt.Errorf("%q is no A/BxN", text)
	}
	return a, b, n, nil
}

func (c Config) String() string {
	switch c.Kind {
	case KindConv:
		parts := make([]string, len(c.Layers))
		for i, l := range c.Layers {
			parts[i] = fmt.Sprintf("%d/%dx%d", l.Kernel, l.Stride, l.Channels)
		}
		return "conv:" + strings.Join(parts, ",")
	case KindGabor:
		if c.WindowMS == 0 {
			return string(KindGabor)
		}
		return fmt.Sprintf("gabor:%v/%vx%d", c.WindowMS, c.HopMS, c.Filters)
	}
	return "none"
}
