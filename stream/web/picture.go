package web

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/bits"

	"gonum.org/v1/gonum/dsp/fourier"

	"inkling/capture"
)

// A picture turns the samples of a stream into columns: column k shows the samples
// [k·hop, (k+1)·hop), by the least and the greatest value of each channel, and for sound by
// the power in each of a number of bands as well. Columns do not depend on when they are
// made, so a browser that slept gets the ones that it missed.
type picture struct {
	format   capture.Format
	hop      uint64
	channels int          // that are shown
	fft      *fourier.FFT // nil: no spectrum
	window   []float64
	edges    []float64 // of the bands, in bins
	in       []float64
	out      []complex128
}

const (
	columnsASecond = 100
	shownChannels  = 16
	bandsOfSound   = 80
	soundRate      = 4000 // from which on a signal of one or two channels is sound
	floorDB        = -100 // of full scale, shown as 0; full scale as 255
)

// isSound reports whether a format is that of something to hear.
func isSound(f capture.Format) bool { return f.Rate >= soundRate && f.Channels <= 2 }

func newPicture(f capture.Format) *picture {
	p := &picture{format: f, hop: 1, channels: min(max(f.Channels, 1), shownChannels)}
	if f.Rate > columnsASecond {
		p.hop = uint64(math.Round(f.Rate / columnsASecond))
	}
	if !isSound(f) {
		return p
	}
	n := 1 << bits.Len(uint(f.Rate*0.025))
	p.fft, p.window, p.in = fourier.NewFFT(n), make([]float64, n), make([]float64, n)
	for i := range p.window {
		p.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(n))
	}
	mel := func(hz float64) float64 { return 2595 * math.Log10(1+hz/700) }
	for i := range bandsOfSound + 1 {
		m := mel(f.Rate/2) * float64(i) / bandsOfSound
		p.edges = append(p.edges, 700*(math.Pow(10, m/2595)-1)/f.Rate*float64(n))
	}
	return p
}

// A strip is a run of columns, as browsers get it.
type strip struct {
	From     uint64  `json:"from"` // number of the first column
	Hop      uint64  `json:"hop"`
	N        int     `json:"n"`
	Rate     float64 `json:"rate"`
	Channels int     `json:"ch"`
	Bands    int     `json:"bands"`
	Ranges   string  `json:"mm"`             // base64 of float32, little endian: least and greatest of each channel, column by column
	Spectrum string  `json:"spec,omitempty"` // base64 of a byte for each band, column by column
	Level    float64 `json:"level"`          // of the last column, dB of full scale
	Floor    float64 `json:"floor"`          // below which a tenth of the columns are
}

// draw draws the columns [from, to) of s, which holds samples without a break from at on.
func (p *picture) draw(s []float32, at, from, to uint64) *strip {
	ch := uint64(max(p.format.Channels, 1))
	out := &strip{From: from, Hop: p.hop, N: int(to - from), Rate: p.format.Rate, Channels: p.channels}
	ranges := make([]byte, 0, out.N*p.channels*8)
	var spectrum []byte
	for k := from; k < to; k++ {
		first := (k*p.hop - at) * ch
		column := s[first : first+p.hop*ch]
		for c := range uint64(p.channels) {
			low, high := column[c], column[c]
			for i := c; i < uint64(len(column)); i += ch {
				low, high = min(low, column[i]), max(high, column[i])
			}
			ranges = binary.LittleEndian.AppendUint32(ranges, math.Float32bits(low))
			ranges = binary.LittleEndian.AppendUint32(ranges, math.Float32bits(high))
		}
		if p.fft != nil {
			spectrum = p.spectrum(spectrum, s, int(first/ch), int(ch))
		}
	}
	out.Ranges = base64.StdEncoding.EncodeToString(ranges)
	if p.fft != nil {
		out.Bands, out.Spectrum = bandsOfSound, base64.StdEncoding.EncodeToString(spectrum)
	}
	out.Level = level(s[(to-1)*p.hop*ch-at*ch : to*p.hop*ch-at*ch])
	return out
}

// spectrum appends the bands of the window that ends with the column that begins at sample
// first; before the first sample of s there is silence.
func (p *picture) spectrum(dst []byte, s []float32, first, channels int) []byte {
	n := len(p.in)
	begin := first + int(p.hop) - n
	for i := range n {
		p.in[i] = 0
		if at := begin + i; at >= 0 {
			p.in[i] = float64(s[at*channels]) * p.window[i]
		}
	}
	p.out = p.fft.Coefficients(p.out, p.in)
	for b := range bandsOfSound {
		low, high := p.edges[b], p.edges[b+1]
		var power float64
		for i := int(low); i <= int(math.Ceil(high)) && i < len(p.out); i++ {
			re, im := real(p.out[i]), imag(p.out[i])
			power = max(power, re*re+im*im)
		}
		db := 10*math.Log10(power+1e-20) - 20*math.Log10(float64(n)/4)
		dst = append(dst, byte(min(max((db-floorDB)/-floorDB*255, 0), 255)))
	}
	return dst
}

// level returns that of samples in dB of full scale.
func level(s []float32) float64 {
	var sum float64
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return floorDB
	}
	return max(10*math.Log10(sum/float64(len(s))), floorDB)
}
