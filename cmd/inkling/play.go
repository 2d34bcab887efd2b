package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"inkling/capture/mic"
	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/model/dataset"
)

// pickFlags choose random examples; play and plot choose the same.
type pickFlags struct {
	readFlags `group:"Data"`
	Count     int    `short:"n" name:"number" help:"Number of examples." default:"3"`
	Seed      uint64 `help:"Same seed, same examples." default:"1"`
}

func (c *pickFlags) pick(a *app, data string) (*dataset.Set, []dataset.Example, error) {
	set, err := c.open(a, data, 0)
	if err != nil {
		return nil, nil, err
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return nil, nil, err
		}
	}
	if c.Count < 1 {
		return nil, nil, usagef("-n %d: give 1 or more", c.Count)
	}
	rng := rand.New(rand.NewPCG(c.Seed, 0))
	var out []dataset.Example
	for _, i := range rng.Perm(len(set.Examples))[:min(c.Count, len(set.Examples))] {
		out = append(out, set.Examples[i])
	}
	return set, out, nil
}

type playCmd struct {
	Data   string  `arg:"" help:"Labelled audio, as for train."`
	Out    string  `short:"o" help:"Write a WAV file instead of playing." placeholder:"FILE.wav"`
	Pause  float64 `help:"Seconds of silence between examples." default:"0.3"`
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
	var samples []float32
	at := 0.0
	for _, e := range examples {
		seconds := float64(len(e.Samples)/set.Channels) / set.Rate
		fmt.Fprintf(a.stdout, "%7.2f s  %-16s %s\n", at, set.Labels[e.Label], e.Name)
		samples = append(samples, e.Samples...)
		samples = append(samples, make([]float32, int(c.Pause*set.Rate)*set.Channels)...)
		at += seconds + c.Pause
	}
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
