//go:build !edge

package main

import (
	"fmt"
	"io"

	"inkling/capture/mic"
	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/model/dataset"
)

type playCmd struct {
	Data   string  `arg:"" help:"Labelled audio, as for train."`
	Out    string  `short:"o" help:"Write a WAV file instead of playing." placeholder:"FILE.wav"`
	Pause  float64 `within:"0..3600" help:"Seconds of silence between examples." default:"0.3"`
	Device string  `help:"Output device, by name or a part of it."`
	pickFlags
}

func (c *playCmd) Run(a *app) error {
	set, examples, err := c.pick(a, c.Data)
	if err != nil {
		return err
	}
	if set.Rate <= 0 {
		return fmt.Errorf("%s: the sampling rate is unknown, so it cannot be played: draw it with `inkling plot waveform`", c.Data)
	}
	samples := c.samples(a.stdout, set, examples)
	if c.Out == "" {
		return mic.Play(a.ctx, samples, set.Rate, set.Channels, c.Device)
	}
	clip := &audio.Clip{Rate: set.Rate, Channels: set.Channels, Samples: samples}
	err = atomicfile.WriteFile(c.Out, func(w io.Writer) error { return audio.EncodeWAV(w, clip, audio.PCM16) })
	if err == nil {
		a.logf("wrote %s", c.Out)
	}
	return err
}

// samples lists the examples and returns what is played: one after another, or with --mix
// their sum.
func (c *playCmd) samples(out io.Writer, set *dataset.Set, examples []pick) (samples []float32) {
	at := 0.0
	for _, e := range examples {
		fmt.Fprintf(out, "%7.2f s  %-16s %s  #%d\n", at, set.Labels[e.Label], e.Name, e.number)
		if c.Mix {
			continue
		}
		samples = append(samples, e.Samples...)
		samples = append(samples, make([]float32, int(c.Pause*set.Rate)*set.Channels)...)
		at += float64(len(e.Samples)/set.Channels)/set.Rate + c.Pause
	}
	if c.Mix {
		_, sum := mixed(set, examples)
		return sum.Samples
	}
	return samples
}
