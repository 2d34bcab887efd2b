package model

import (
	"fmt"

	"inkling/model/feature"
)

// TopHz returns the highest frequency that the front end uses, in Hz; 0: there is none,
// as the rate is unknown or the model reads text.
func (c *Config) TopHz() float64 {
	if c.Rate <= 0 || c.Text() {
		return 0
	}
	if f, err := c.Front.Normalize(c.Rate, max(c.Channels, 1)); err == nil && f.MixesChannels() {
		return f.HighHz
	}
	return c.Rate / 2
}

// Sound reports whether the model learned from sound, as far as its configuration tells: a
// spectral front end at 4,000 Hz or more, and channels without names.
func (c *Config) Sound() bool {
	return c.Front.MixesChannels() && c.Front.Kind != feature.KindMoments && c.Rate >= 4000 && len(c.Names) == 0
}

const (
	passband = 0.9 // of half the lower rate, which resampling keeps
	farAbove = 16  // times the model's rate: hardly the same kind of signal
)

// Unlike says why a signal of rate samples per second is unlike those that the model
// learned from, and what to do: it lacks frequencies that the front end uses, or its rate
// is many times the model's. It returns "" if there is nothing to say.
func (c *Config) Unlike(rate float64) string {
	top, has := c.TopHz(), passband*rate/2
	switch {
	case rate <= 0 || top == 0:
		return ""
	case rate < passband*c.Rate && has < top:
		return fmt.Sprintf("%v samples per second hold nothing above %.4g Hz, and the model uses up to %.4g Hz: labels may be wrong, however high their p: record at %v Hz, or train a model on data at %v Hz",
			rate, has, top, c.Rate, rate)
	case rate >= farAbove*c.Rate:
		return fmt.Sprintf("%v samples per second are %.3g times the model's %v, and nothing above %.4g Hz is left of them: if this is not the kind of signal that the model learned from, its labels mean nothing",
			rate, rate/c.Rate, c.Rate, passband*c.Rate/2)
	}
	return ""
}
