package segment

import (
	"slices"
	"unicode"

	"inkling/internal/codec"
)

// words is what the segmenters of text remember of the characters read so far.
//
// A sentence ends with . ! ? or …, and the quotes and brackets that close after it, once
// white space follows; so "3.14" and "e.g.x" go on. A full stop after one of
// abbreviations, or after a single letter but I (an initial, or a part of "e.g." or
// "a.m."), ends no sentence. An empty line ends a sentence too.
type words struct {
	blank   bool    // the last character was white space, or there is none
	stopped bool    // the sentence ends if white space follows
	breaks  int     // line ends since the last character that is no white space
	word    [8]rune // letters before the next character, in lower case
	letters int     // their number; more than fit: no abbreviation
}

// abbreviations are words after which a full stop ends no sentence, sorted.
var abbreviations = []string{"capt", "cf", "col", "dr", "esq", "gen", "hon", "jr", "lt", "messrs", "mlle", "mme", "mr", "mrs", "ms",
	"prof", "rev", "sgt", "sr", "st", "viz", "vs"}

// ends reports whether the sentence has ended before r.
func (w *words) ends(r rune) bool {
	return unicode.IsSpace(r) && (w.stopped || r == '\n' && w.breaks > 0)
}

// read reads a character of the open segment.
func (w *words) read(r rune) {
	switch {
	case unicode.IsSpace(r):
		w.blank, w.letters = true, 0
		if r == '\n' {
			w.breaks++
		}
		return
	case r == '.':
		w.stopped = !w.abbreviated()
	case r == '!' || r == '?' || r == '…':
		w.stopped = true
	case unicode.In(r, unicode.Pe, unicode.Pf) || r == '"' || r == '\'':
		// closes what was said
	case unicode.IsLetter(r):
		w.stopped = false
		w.spell(r)
		return
	default:
		w.stopped = false
	}
	w.blank, w.breaks, w.letters = false, 0, 0
}

func (w *words) spell(r rune) {
	w.blank, w.breaks = false, 0
	if w.letters < len(w.word) {
		w.word[w.letters] = unicode.ToLower(r)
	}
	w.letters = min(w.letters+1, len(w.word)+1)
}

func (w *words) abbreviated() bool {
	switch {
	case w.letters == 0 || w.letters > len(w.word):
		return false
	case w.letters == 1:
		return w.word[0] != 'i'
	}
	_, found := slices.BinarySearch(abbreviations, string(w.word[:w.letters]))
	return found
}

func (w *words) visit(k *codec.Codec) {
	k.Bool(&w.blank)
	k.Bool(&w.stopped)
	k.Int(&w.breaks, 0, 1<<31-1)
	k.Int(&w.letters, 0, len(w.word)+1)
	word := string(w.word[:min(w.letters, len(w.word))])
	k.String(&word)
	for i, r := range []rune(word) {
		if i < len(w.word) {
			w.word[i] = r
		}
	}
}

// line ends a segment with its line, sentence with its sentence. A segment begins with a
// character that is no white space and ends with one: the frames after it do not count.
type (
	line     struct{ base }
	sentence struct{ base }
)

func (l *line) Push(f *Found, samples []float32) {
	l.read(f, samples, ByLine, func(r rune) bool { return r == '\n' || r == '\r' })
}

func (s *sentence) Push(f *Found, samples []float32) { s.read(f, samples, BySentence, s.words.ends) }

func (l *line) Finish(f *Found, why Ending) { l.endText(f, why) }

func (s *sentence) Finish(f *Found, why Ending) { s.endText(f, why) }

// read cuts characters: the open segment ends, by why, before a character that ends
// reports.
func (b *base) read(f *Found, samples []float32, why Ending, ends func(rune) bool) {
	for i, v := range samples {
		r := rune(v)
		if !b.open {
			if unicode.IsSpace(r) {
				b.pos++
				continue
			}
			b.begin(f, b.pos)
		}
		if ends(r) {
			b.endText(f, why)
			b.pos++
			continue
		}
		if unicode.IsSpace(r) && !b.words.blank {
			b.count(f)
		}
		b.extract(f, samples[i:i+1])
		if b.pos-b.start == b.limit {
			b.endText(f, ByMaximum)
		}
	}
}

// endText ends the open segment, if there is one, with its last character that is no
// white space.
func (b *base) endText(f *Found, why Ending) {
	if !b.open {
		return
	}
	if !b.words.blank {
		b.count(f)
	}
	b.close(f, Event{Ending: why})
}
