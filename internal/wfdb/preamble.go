package wfdb

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Texts of the notes that begin an annotation file (annot(5)).
const (
	codeNote       = 22
	noteResolution = "## time resolution:"
	noteTypes      = "## annotation type definitions"
	noteTypesEnd   = "## end of definitions"
)

// preamble obeys the notes at time 0 with which a file may begin, and removes them: the
// ticks become samples, and the defined types get their symbols.
func (p *parser) preamble(rate float64) error {
	resolution := 0.0
	symbols := map[int]string{}
	n, defining := 0, false
	for ; n < len(p.list); n++ {
		a := &p.list[n]
		text := strings.TrimRight(a.Aux, "\x00 ")
		if a.code != codeNote || a.Sample != 0 || !defining && !strings.HasPrefix(text, "## ") {
			break
		}
		p.from = int(a.Byte)
		var err error
		switch {
		case text == noteTypes:
			defining = true
		case text == noteTypesEnd:
			defining = false
		case defining:
			err = define(symbols, text)
		case strings.HasPrefix(text, noteResolution):
			resolution, err = parseResolution(text)
		}
		if err != nil {
			return err
		}
	}
	if defining {
		return fmt.Errorf("annotation type definitions: the note %q does not follow: the file is damaged; fetch it again", noteTypesEnd)
	}
	p.list = slices.Delete(p.list, 0, n)
	return p.translate(symbols, resolution, rate)
}

func parseResolution(text string) (float64, error) {
	value := strings.TrimSpace(strings.TrimPrefix(text, noteResolution))
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || !(v > 0 && v <= 1e12) {
		return 0, fmt.Errorf("time resolution: %q: a number of ticks per second over 0 should be here: correct the note", value)
	}
	return v, nil
}

// define reads CODE SYMBOL DESCRIPTION.
func define(symbols map[int]string, text string) error {
	f := strings.Fields(text)
	if len(f) < 2 {
		return fmt.Errorf("annotation type definition: %q: code, symbol and description should be here: correct the note", text)
	}
	code, err := strconv.Atoi(f[0])
	if err != nil || code < 1 || code > mostCode {
		return fmt.Errorf("annotation type definition: %q: the code should be 1 to %d: correct the note", text, mostCode)
	}
	symbols[code] = f[1]
	return nil
}

// translate gives annotations the defined symbols, and their times in samples.
func (p *parser) translate(symbols map[int]string, resolution, rate float64) error {
	for i := range p.list {
		a := &p.list[i]
		if s, ok := symbols[a.code]; ok {
			a.Symbol = s
		}
		if resolution > 0 && resolution != rate {
			at := math.Floor(float64(a.Sample)*rate/resolution + 0.5)
			if p.from = int(a.Byte); !(at < math.MaxInt64/4) {
				return fmt.Errorf("time: tick %d at %v ticks per second is outside every record: the file is damaged; fetch it again", a.Sample, resolution)
			}
			a.Sample = int64(at)
		}
	}
	return nil
}
