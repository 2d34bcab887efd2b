package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"

	"inkling/internal/audio"
	"inkling/model/dataset"
)

// An exhibit is an example on a page: a sketch of its signal or its text, and its sound.
type exhibit struct {
	Name, Note string
	Sketch     template.HTML
	Text       string
	Sound      template.URL // "" if there is none
	Cut        string       // how much of the sound there is, "" if all
}

const (
	mostSound   = 8 << 20 // bytes of sound on a page
	longSound   = 10      // seconds that are heard of one example
	mostExcerpt = 400     // characters of a text
)

// A gallery makes exhibits until its page has as much sound as it may have.
type gallery struct {
	kind     dataset.Kind
	channels int
	rate     float64
	room     int // bytes of sound that are left
	silent   int // examples of sound for which there was no room
}

func newGallery(kind dataset.Kind, channels int, rate float64) *gallery {
	return &gallery{kind: kind, channels: max(channels, 1), rate: rate, room: mostSound}
}

// show returns samples, channels interleaved, as an exhibit.
func (g *gallery) show(name, note string, samples []float32) exhibit {
	e := exhibit{Name: printable(name), Note: note}
	switch g.kind {
	case dataset.Text:
		e.Text = excerpt(samples)
		return e
	case dataset.Audio:
		g.sound(&e, samples)
	}
	e.Sketch = sketch(samples, g.channels)
	return e
}

// sound gives e the sound of samples as a WAV file in a URL, if there is room.
func (g *gallery) sound(e *exhibit, samples []float32) {
	if g.rate <= 0 || len(samples) == 0 {
		return
	}
	if most := int(longSound*g.rate) * g.channels; len(samples) > most {
		e.Cut = fmt.Sprintf("first %d s of %s", longSound, duration(float64(len(samples)/g.channels)/g.rate))
		samples = samples[:most]
	}
	if 2*len(samples) > g.room {
		g.silent++
		return
	}
	var b bytes.Buffer
	if err := audio.EncodeWAV(&b, &audio.Clip{Rate: g.rate, Channels: g.channels, Samples: samples}, audio.PCM16); err != nil {
		g.silent++ // such a rate no WAV file has
		return
	}
	g.room -= b.Len()
	e.Sound = template.URL("data:audio/wav;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
}

// excerpt returns the beginning of a text of code points.
func excerpt(codes []float32) string {
	var r []rune
	for _, c := range codes[:min(len(codes), mostExcerpt)] {
		r = append(r, rune(c))
	}
	if len(codes) > mostExcerpt {
		r = append(r, '…')
	}
	return printable(string(r))
}
