// Package stem implements the learned layers that a network may have between its front
// end and its LSTM: strided causal filters that reduce many samples to few timesteps.
//
//   - conv: convolutions over frames, each followed by ReLU. Frame n of a layer depends
//     on frames up to n·stride of the layer below, and on zeros before the first. The
//     stem thus gives a frame for every P frames, where P is the product of the strides.
//   - gabor: complex Gabor filters over raw sound, followed by the logarithm of their
//     power. Their centres and bandwidths are learned (compare Zeghidour et al. 2021,
//     LEAF). As for log-mel, the first window begins with the signal.
//
// Parse reads the description of a stem, New packs its parameters, and Front puts it
// behind a front end. Any split of the input gives the same bits, and so does Forward
// over the whole input, which training uses together with Backward.
package stem

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"inkling/model/feature"
)

// Kind names a stem. The zero value means no stem.
type Kind string

const (
	// KindConv is a stack of strided convolutions, each followed by ReLU.
	KindConv Kind = "conv"
	// KindGabor is a bank of Gabor filters with the logarithm of their power.
	KindGabor Kind = "gabor"
)

// Config describes a stem. It is part of the model file. Fields of another kind stay
// zero and are not stored.
type Config struct {
	Kind Kind `json:"kind"`

	Layers []Layer `json:"layers,omitempty"` // conv, the lowest first

	// Gabor: WindowMS and HopMS (default 25 and 5), and Filters (default 40), whose
	// initial centres are equidistant on the mel scale between LowHz and HighHz
	// (default 20 and half the rate, at most 8000). Floor is the power, relative to
	// full scale, that is added before the logarithm (default 1e-11).
	WindowMS float64 `json:"window_ms,omitempty"`
	HopMS    float64 `json:"hop_ms,omitempty"`
	Filters  int     `json:"filters,omitempty"`
	LowHz    float64 `json:"low_hz,omitempty"`
	HighHz   float64 `json:"high_hz,omitempty"`
	Floor    float64 `json:"floor,omitempty"`
}

// A Layer is one convolution over Kernel frames, applied every Stride frames, with
// Channels outputs.
type Layer struct {
	Kernel   int `json:"kernel"`
	Stride   int `json:"stride"`
	Channels int `json:"channels"`
}

// Limits that keep a corrupt file from requesting more memory than a machine has.
const (
	maxLayers   = 8
	maxKernel   = 1 << 12
	maxChannels = 1 << 12
	maxStride   = 1 << 20 // of all layers together
	maxTaps     = 1 << 21 // weights of all filters together
)

// Normalize returns c with defaults for its zero fields, for frames of the front end
// and a signal with the given rate in samples per second and number of channels. Its
// error names the first invalid field.
func (c Config) Normalize(front feature.Config, rate float64, channels int) (Config, error) {
	switch c.Kind {
	case "":
		return c, nil
	case KindConv:
		if front.Kind == feature.KindChars {
			return c, fmt.Errorf("stem conv: it cannot filter the codes of the front end chars: leave the stem out")
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
			return c, fmt.Errorf("stem gabor: it filters the samples of a single channel: use the raw front end with one sample per step, no decimation and no deltas, on one channel")
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
			return fmt.Errorf("stem conv: layer %d: %d weights and a total stride of %d: want at most %d and %d", i, taps, stride, maxTaps, maxStride)
		}
		in = l.Channels
	}
	return nil
}

func (c Config) normalizeGabor(rate float64) (Config, error) {
	if !(rate >= 1000) {
		return c, fmt.Errorf("stem gabor: sampling rate %v: want at least 1000 Hz: give the rate, or use the conv stem", rate)
	}
	c.WindowMS = cmp.Or(c.WindowMS, 25)
	c.HopMS = cmp.Or(c.HopMS, 5)
	c.Filters = cmp.Or(c.Filters, 40)
	c.LowHz = cmp.Or(c.LowHz, 20)
	c.HighHz = cmp.Or(c.HighHz, min(8000, rate/2))
	c.Floor = cmp.Or(c.Floor, 1e-11)
	window, hop := samples(c.WindowMS, rate), samples(c.HopMS, rate)
	switch {
	case window < 4 || window > 1<<16:
		return c, fmt.Errorf("stem gabor: window_ms %v is %d samples: want 4 to %d", c.WindowMS, window, 1<<16)
	case hop < 1 || hop > window:
		return c, fmt.Errorf("stem gabor: hop_ms %v is %d samples: want 1 to the window's %d", c.HopMS, hop, window)
	case c.Filters < 1 || c.Filters > maxChannels || 2*c.Filters*window > maxTaps:
		return c, fmt.Errorf("stem gabor: %d filters of %d samples: want 1 to %d filters with at most %d weights in total", c.Filters, window, maxChannels, maxTaps)
	case !(c.LowHz >= 0 && c.LowHz < c.HighHz && c.HighHz <= rate/2):
		return c, fmt.Errorf("stem gabor: low_hz %v and high_hz %v: want 0 ≤ low < high ≤ half the rate, %v", c.LowHz, c.HighHz, rate/2)
	case !(c.Floor > 0 && c.Floor < 1):
		return c, fmt.Errorf("stem gabor: floor %v: want more than 0 and less than 1", c.Floor)
	}
	return c, nil
}

// samples converts ms to samples and limits them to a range that contains every valid
// window. It returns −1 for NaN.
func samples(ms, rate float64) int {
	if math.IsNaN(ms) {
		return -1
	}
	return int(math.Round(min(max(ms*rate/1000, -1), 1<<20)))
}

// Dim returns the number of values per frame of the stem, for a Config that Normalize
// returned.
func (c *Config) Dim() int {
	if c.Kind == KindGabor {
		return c.Filters
	}
	return c.Layers[len(c.Layers)-1].Channels
}

// Values returns the number of parameters of the stem for frames of in features.
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

// defaultLayers reduces the number of steps to an eighth, which suits sequences of a
// hundred to a few hundred frames.
func defaultLayers() []Layer { return []Layer{{8, 2, 64}, {5, 2, 64}, {3, 2, 64}} }

// Parse reads a Config in the format of String:
//
//	none
//	conv                    the default layers
//	conv:8/2x64,5/2x64      kernel/stride x channels, the lowest layer first
//	gabor                   the default filters
//	gabor:25/5x40           window/hop in milliseconds x filters
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

// triple reads three positive numbers in the format A/BxN.
func triple(text string) (a, b float64, n int, err error) {
	ratio, count, ok1 := strings.Cut(text, "x")
	first, second, ok2 := strings.Cut(ratio, "/")
	a, err1 := strconv.ParseFloat(first, 64)
	b, err2 := strconv.ParseFloat(second, 64)
	n, err3 := strconv.Atoi(count)
	if !ok1 || !ok2 || err1 != nil || err2 != nil || err3 != nil || !(a > 0 && a < 1<<20) || !(b > 0 && b < 1<<20) || n < 1 {
		return 0, 0, 0, fmt.Errorf("%q: want A/BxN", text)
	}
	return a, b, n, nil
}

// String returns c in the format that Parse reads. It omits LowHz, HighHz and Floor.
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
