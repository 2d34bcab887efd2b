package wfdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// An Annotation is one annotation of an annotation file.
type Annotation struct {
	Sample  int64 // index of the sample in each signal
	Symbol  string
	Subtype int
	Channel int
	Number  int
	Aux     string
	Byte    int64 // its position in the file

	code int
}

// Codes of annot(5) that are not annotations.
const (
	codeSkip = 59 // four bytes follow: samples to skip
	codeNum  = 60 // Number of this annotation and those after it
	codeSub  = 61 // Subtype of this annotation
	codeChn  = 62 // Channel of this annotation and those after it
	codeAux  = 63 // length of Aux, which follows
)

// symbols are the symbols of the codes from 0 (ecgcodes.h of the WFDB library).
const symbols = ` NLRaVFJASEj/Q~ | sT*D"=pB^t+u?![]en@xf()r`

// mostCode is the last code of an annotation (ACMAX).
const mostCode = 49

func symbol(code int) string {
	if code < len(symbols) && symbols[code] != ' ' {
		return symbols[code : code+1]
	}
	return fmt.Sprintf("[%d]", code)
}

const mostAnnotations = 64 << 20 // bytes

// ReadAnnotations reads an annotation file of the MIT format. rate is the sampling rate of
// its record.
func ReadAnnotations(fsys fs.FS, name string, rate float64) ([]Annotation, error) {
	data, err := readFile(fsys, name, mostAnnotations)
	if err != nil {
		return nil, err
	}
	return ParseAnnotations(data, name, rate)
}

// ParseAnnotations parses the content of an annotation file. name is for errors.
//
// Notes at the beginning may set the time resolution, in ticks per second, and define
// types of annotations, as annot(5) says. They are not returned.
func ParseAnnotations(data []byte, name string, rate float64) ([]Annotation, error) {
	p := &parser{data: data}
	for {
		done, err := p.step()
		if err == nil && done {
			err = p.preamble(rate)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: byte %d: %w", name, p.from, err)
		}
		if done {
			return p.list, nil
		}
	}
}

type parser struct {
	data []byte
	at   int        // position of the next word
	from int        // position of the word that is read
	now  int64      // tick of the last annotation
	last Annotation // the next annotation inherits its Number and Channel
	list []Annotation
}

// step reads one word and the words that belong to it.
func (p *parser) step() (done bool, err error) {
	p.from = p.at
	word, err := p.word()
	if err != nil {
		return false, err
	}
	code, value := int(word>>10), int(word&0x3ff)
	switch {
	case word == 0:
		return true, nil
	case code == codeSkip:
		return false, p.skip()
	case code >= codeNum:
		return false, p.detail(code, value)
	case code > mostCode:
		return false, fmt.Errorf("annotation code: annot(5) has no code %d: the file is damaged, or not of the MIT format; fetch it again", code)
	}
	p.now += int64(value)
	if p.now > math.MaxInt64/4 || p.now < 0 && code != 0 {
		return false, fmt.Errorf("time: sample %d is outside every record: the file is damaged; fetch it again", p.now)
	}
	if code != 0 {
		p.last = Annotation{Sample: p.now, Symbol: symbol(code), code: code, Channel: p.last.Channel, Number: p.last.Number, Byte: int64(p.from)}
		p.list = append(p.list, p.last)
	}
	return false, nil
}

func (p *parser) word() (uint16, error) {
	if len(p.data)-p.at < 2 {
		return 0, fmt.Errorf("%w: there is no end mark (two zero bytes): fetch the file again", ErrTruncated)
	}
	v := binary.LittleEndian.Uint16(p.data[p.at:])
	p.at += 2
	return v, nil
}

// skip reads an interval of 32 bits, the high half first.
func (p *parser) skip() error {
	high, err := p.word()
	if err != nil {
		return err
	}
	low, err := p.word()
	if err != nil {
		return err
	}
	p.now += int64(int32(uint32(high)<<16 | uint32(low)))
	return nil
}

// detail reads a field of the last annotation.
func (p *parser) detail(code, value int) error {
	if len(p.list) == 0 {
		return fmt.Errorf("annotation code: %d describes an annotation, but there is none before it: the file is damaged; fetch it again", code)
	}
	a := &p.list[len(p.list)-1]
	signed := int(int8(value))
	switch code {
	case codeNum:
		a.Number = signed
	case codeSub:
		a.Subtype = signed
	case codeChn:
		a.Channel = value & 0xff
	case codeAux:
		if len(p.data)-p.at < value {
			return fmt.Errorf("auxiliary text: %w: %d bytes of %d: fetch the file again", ErrTruncated, len(p.data)-p.at, value)
		}
		a.Aux = string(p.data[p.at : p.at+value])
		p.at = min(p.at+value+value%2, len(p.data))
	}
	p.last.Number, p.last.Channel = a.Number, a.Channel
	return nil
}

// readFile reads a file of at most this many bytes.
func readFile(fsys fs.FS, name string, most int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s: it has more than %d bytes, too many for such a file: fetch it again", name, most)
	}
	return data, nil
}
