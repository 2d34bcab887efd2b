// Package mp3 decodes MPEG-1, MPEG-2 and MPEG 2.5 audio of layer III, frame by frame:
// ISO/IEC 11172-3 and 13818-3. Numbers of sections are those of 11172-3.
//
// Products are rounded before they are added, so that all machines give the same samples.
package mp3

import "fmt"

// A Decoder decodes the frames of one file, which have the same Kind.
type Decoder struct {
	reservoir []byte // main data of earlier frames
	side      sideInfo
	channels  [2]channel
}

type channel struct {
	over  [subbands][width]float32
	synth synthesis
}

// mostBegin is the greatest number of bytes that a frame can take from earlier ones.
const mostBegin = 511

// Reset forgets earlier frames.
func (d *Decoder) Reset() { *d = Decoder{reservoir: d.reservoir[:0]} }

// Decode decodes a whole frame and appends its samples, channels interleaved and full scale
// ±1, to dst. What the frame takes from earlier frames that were not given, as when the
// beginning of a file was cut off, is silence. An error leaves dst as it was.
func (d *Decoder) Decode(dst []float32, h Header, frame []byte) ([]float32, error) {
	at := HeaderSize
	if h.Protected() {
		at += 2
	}
	if !h.Valid() || h.FreeRate() || len(frame) != h.Size() || at+h.SideSize() > len(frame) {
		return dst, errDamaged
	}
	s := &d.side
	if err := s.parse(h, frame[at:at+h.SideSize()]); err != nil {
		return dst, err
	}
	own := frame[at+h.SideSize():]
	missing := max(0, s.begin-len(d.reservoir))
	b := &bits{data: append(d.reservoir, own...)}
	b.at = 8 * (len(d.reservoir) - s.begin)
	defer func() {
		keep := min(len(b.data), mostBegin)
		d.reservoir = append(d.reservoir[:0], b.data[len(b.data)-keep:]...)
	}()
	from := len(dst)
	n := h.Samples() * h.Channels()
	dst = append(dst, make([]float32, n)...)
	out := dst[from:]
	for g := range h.Samples() / lines {
		if err := d.granule(out[g*lines*h.Channels():], h, g, b, missing > 0 && b.at < 0); err != nil {
			return dst[:from], err
		}
	}
	return dst, nil
}

// granule decodes granule g of a frame, or is silent.
func (d *Decoder) granule(out []float32, h Header, g int, b *bits, silent bool) error {
	s := &d.side
	for ch := range h.Channels() {
		gr := &s.granules[g][ch]
		end := b.at + gr.length
		if silent {
			gr.silence()
		} else if err := d.read(h, g, ch, b, end); err != nil {
			return err
		}
		b.at = end
	}
	if h.Channels() == 2 {
		stereo(h, &s.granules[g][0], &s.granules[g][1])
	}
	for ch := range h.Channels() {
		gr, c := &s.granules[g][ch], &d.channels[ch]
		gr.reorder(h)
		gr.antialias()
		var samples [width][subbands]float32
		gr.hybrid(h, &samples, &c.over)
		for t := range samples {
			c.synth.put(out[t*subbands*h.Channels()+ch:], h.Channels(), &samples[t])
		}
	}
	return nil
}

func (g *granule) silence() {
	g.lines, g.end = [lines]float32{}, 0
	g.scale = [39]int{}
}

// read reads scalefactors and lines of a granule of one channel.
func (d *Decoder) read(h Header, g, ch int, b *bits, end int) error {
	s := &d.side
	gr := &s.granules[g][ch]
	switch {
	case end > 8*len(b.data):
		return fmt.Errorf("%w: the frame has less data than it says", errDamaged)
	case h.Low():
		gr.lowScalefactors(b, ch == 1 && h.intensity())
	case g == 0:
		gr.scalefactors(b, nil, nil)
	default:
		gr.scalefactors(b, &s.shared[ch], &s.granules[0][ch])
	}
	if b.at > end {
		return fmt.Errorf("%w: a granule has less data than its scalefactors take", errDamaged)
	}
	gr.spectrum(b, end)
	gr.requantize(h)
	return nil
}
