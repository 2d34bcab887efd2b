package stream

import (
	"inkling/model/segment"
	"slices"
	"unicode"
)

// prose is what the segmenters line and sentence remember of the characters so far.
//
// A sentence ends with . ! ? or …, and the quotes and brackets that close after it, once
// white space follows; so 3.14 and e.g.x go on. A full stop does not count after one of
// abbreviations or a single letter but I: an initial, or a part of e.g. and a.m. An
// empty line ends a sentence too.
type prose struct {
	blank   bool    // the last character was white space, or there is none
	stopped bool    // the sentence ends if white space follows
	breaks  int     // line ends since the last character that is no white space
	word    [8]rune // letters before the next character, lower case
	letters int     // of them; more than there is room for: none of the abbreviations
}

// abbreviations are words that a full stop does not end a sentence after.
var abbreviations = []string{"capt", "cf", "col", "dr", "esq", "gen", "hon", "jr", "lt", "messrs", "mlle", "mme", "mr", "mrs", "ms",
	"prof", "rev", "sgt", "sr", "st", "viz", "vs"}

// ends tells whether the sentence has ended before r.
func (p *prose) ends(r rune) bool {
	return unicode.IsSpace(r) && (p.stopped || r == '\n' && p.breaks > 0)
}

// read takes in a character of the open segment.
func (p *prose) read(r rune) {
	switch {
	case unicode.IsSpace(r):
		p.blank, p.letters = true, 0
		if r == '\n' {
			p.breaks++
		}
		return
	case r == '.':
		p.stopped = !p.abbreviated()
	case r == '!' || r == '?' || r == '…':
		p.stopped = true
	case unicode.In(r, unicode.Pe, unicode.Pf) || r == '"' || r == '\'':
		// closes what was said
	case unicode.IsLetter(r):
		p.stopped = false
		p.spell(r)
		return
	default:
		p.stopped = false
	}
	p.blank, p.breaks, p.letters = false, 0, 0
}

func (p *prose) spell(r rune) {
	p.blank, p.breaks = false, 0
	if p.letters < len(p.word) {
		p.word[p.letters] = unicode.ToLower(r)
	}
	p.letters = min(p.letters+1, len(p.word)+1)
}

func (p *prose) abbreviated() bool {
	switch {
	case p.letters == 0 || p.letters > len(p.word):
		return false
	case p.letters == 1:
		return p.word[0] != 'i'
	}
	_, found := slices.BinarySearch(abbreviations, string(p.word[:p.letters]))
	return found
}

// takeProse serves the segmenters of text. A segment begins with a character that is no
// white space and ends with one: of what follows no step counts.
func (c *cutter) takeProse(k *Classifier, samples []float32) {
	for i, v := range samples {
		r := rune(v)
		if !c.open {
			if unicode.IsSpace(r) {
				c.pos++
				continue
			}
			k.open(c.pos)
		}
		if c.kind == segment.Line && (r == '\n' || r == '\r') {
			c.closeProse(k, ByLine)
			c.pos++
			continue
		}
		if c.kind == segment.Sentence && c.prose.ends(r) {
			c.closeProse(k, BySentence)
			c.pos++
			continue
		}
		if unicode.IsSpace(r) && !c.prose.blank {
			c.mark(k)
		}
		c.extract(k, samples[i:i+1])
		if c.pos-c.start == c.limit {
			c.closeProse(k, ByMaximum)
		}
	}
}

// closeProse ends the open segment with its last character that is no white space.
func (c *cutter) closeProse(k *Classifier, why Reason) {
	if !c.prose.blank {
		c.mark(k)
	}
	c.close(k, why)
}

func (p *prose) visit(k *codec) {
	k.bool(&p.blank)
	k.bool(&p.stopped)
	k.integer(&p.breaks, 0, 1<<31-1)
	k.integer(&p.letters, 0, len(p.word)+1)
	word := string(p.word[:min(p.letters, len(p.word))])
	k.str(&word)
	for i, r := range []rune(word) {
		if i < len(p.word) {
			p.word[i] = r
		}
	}
}
