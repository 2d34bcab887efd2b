package report

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// Spectrogram draws the power of examples of set over time and frequency, one after another
// under their labels, in decibels below the strongest. Windows are 25 ms long, or 64 samples
// if that is longer. Each channel has a lane; at most six are shown. The rate must be known.
func Spectrogram(set *dataset.Set, examples []dataset.Example, about evaluate.About, path string) error {
	d, err := drawSpectrogram(set, examples)
	return save(d, err, about, path)
}

const (
	windowSeconds = 0.025
	leastWindow   = 64
	spectrumDB    = 80 // range that is shown
	spectrumLanes = 6
	barRoom       = 46
)

func drawSpectrogram(set *dataset.Set, examples []dataset.Example) (*drawing, error) {
	if set.Rate <= 0 || set.Kind == dataset.Text {
		return nil, errors.New("a spectrogram needs a sampling rate, and these data have none: set Rate")
	}
	w, err := newWaveform(set, examples)
	if err != nil {
		return nil, err
	}
	w.lanes, w.right, w.alone = min(w.channels, spectrumLanes), barRoom, 200
	w.height = w.head + vg.Length(w.lanes)*w.laneHeight() + waveFoot
	s := spectra{waveform: w, window: max(leastWindow, int(windowSeconds*set.Rate))}
	for k := range w.lanes {
		s.lanes = append(s.lanes, s.lane(k))
	}
	return &drawing{width: w.width, height: w.height, draw: s.draw}, nil
}

// spectra are the spectrograms of a waveform's parts.
type spectra struct {
	*waveform
	window int
	lanes  [][]*heat // by channel, then by part
}

// lane returns the spectrograms of channel k, whose strongest power is 0 dB.
func (s *spectra) lane(k int) (parts []*heat) {
	var all [][][]float64
	most := math.Inf(-1)
	for _, p := range s.parts {
		db := s.levels(p, k)
		for _, column := range db {
			for _, v := range column {
				most = max(most, v)
			}
		}
		all = append(all, db)
	}
	for _, db := range all {
		h := &heat{columns: len(db), rows: s.window/2 + 1, shade: sequential}
		h.at = func(t, row int) float64 { return 1 + (db[t][h.rows-1-row]-most)/spectrumDB }
		parts = append(parts, h)
	}
	return parts
}

// levels returns the power in decibels at each frequency, for windows spread evenly over
// the part and within it. A part shorter than a window is followed by silence.
func (s *spectra) levels(p wavePart, k int) (db [][]float64) {
	hop := max(1, s.window/5, p.n/heatColumns)
	fft := fourier.NewFFT(s.window)
	x, coefficients := make([]float64, s.window), make([]complex128, s.window/2+1)
	for middle := hop / 2; middle < max(p.n, 1); middle += hop {
		from := max(0, min(middle-s.window/2, p.n-s.window))
		for i := range x {
			x[i] = 0
			if at := from + i; at < p.n {
				v := float64(p.samples[at*s.channels+k])
				x[i] = v * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(s.window)))
			}
		}
		column := make([]float64, len(coefficients))
		for i, c := range fft.Coefficients(coefficients, x) {
			column[i] = 10 * math.Log10(real(c)*real(c)+imag(c)*imag(c)+1e-20)
		}
		db = append(db, column)
	}
	return db
}

func (s *spectra) draw(c draw.Canvas) {
	w := s.waveform
	fill(c, paper, 0, 0, w.width, w.height)
	h := w.laneHeight()
	top := w.height - w.head
	for k, parts := range s.lanes {
		y0, y1 := top-h+4, top-4
		for i, p := range w.parts {
			if parts[i].columns > 0 {
				parts[i].draw(c, w.x(float64(p.start)), y0, w.x(float64(p.start+p.n)), y1)
			}
		}
		s.frequencies(c, k, y0, y1)
		shadeBar(c, sequential, 0, 1, [2]string{fmt.Sprintf("−%d dB", spectrumDB), "0 dB"}, w.width-barRoom+6, y0, y1)
		top -= h
	}
	for _, span := range w.spans {
		w.label(c, span)
	}
	w.timeAxis(c, top)
}

// frequencies draws the axis of frequencies left of a lane.
func (s *spectra) frequencies(c draw.Canvas, k int, y0, y1 vg.Length) {
	w := s.waveform
	highest, unit := w.rate/2, 1.0
	name := "frequency (Hz)"
	if highest >= 2000 {
		unit, name = 1000, "frequency (kHz)"
	}
	if len(s.lanes) > 1 {
		name = w.names[k] + ": " + name
	}
	small := style(7, grey, draw.XRight, draw.YCenter)
	step := roundStep(highest / unit / float64(max(2, int((y1-y0)/26))))
	for v := 0.0; v <= highest/unit*(1+1e-9); v += step {
		y := y0 + vg.Length(v*unit/highest)*(y1-y0)
		c.StrokeLine2(line(grey, 0.5), w.left-3, y, w.left, y)
		c.FillText(small, vg.Point{X: w.left - 5, Y: min(max(y, y0+3), y1-3)}, strconv.FormatFloat(v, 'g', 4, 64))
	}
	sty := style(8, ink, draw.XCenter, draw.YTop)
	sty.Rotation = quarter
	c.FillText(sty, vg.Point{X: 4, Y: (y0 + y1) / 2}, fit(sty, name, y1-y0+2))
}
