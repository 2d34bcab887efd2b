package feature

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"inkling/internal/shared"
)

// Codes returns the number of codes that a frame of chars can have, including code 0
// for characters outside the alphabet. It returns 0 for the other kinds, whose frames
// are features.
func (c *Config) Codes() int {
	if c.Kind != KindChars {
		return 0
	}
	return 1 + utf8.RuneCountInString(c.Alphabet)
}

// maxAlphabet bounds the size of the alphabet.
const maxAlphabet = 1 << 16

func (c Config) checkChars(rate float64, channels int) error {
	switch {
	case channels != 1:
		return &ChannelError{Kind: KindChars, Want: 1, Got: channels}
	case rate != 0:
		return fmt.Errorf("front end chars: rate %v: text has no sampling rate: give 0", rate)
	case c.Deltas != 0:
		return fmt.Errorf("front end chars: deltas %d: codes have no differences: give 0", c.Deltas)
	case c.Context != 0:
		return fmt.Errorf("front end chars: context %d: codes have no context: give 0", c.Context)
	case c.Alphabet == "" || !utf8.ValidString(c.Alphabet):
		return fmt.Errorf("front end chars: alphabet %q: want at least one character, in UTF-8", c.Alphabet)
	case utf8.RuneCountInString(c.Alphabet) > maxAlphabet:
		return fmt.Errorf("front end chars: alphabet: %d characters: want at most %d", utf8.RuneCountInString(c.Alphabet), maxAlphabet)
	}
	last := rune(-1)
	for _, r := range c.Alphabet {
		if r <= last {
			return fmt.Errorf("front end chars: alphabet: %q after %q: want each character once, in ascending order of code points", r, last)
		}
		last = r
	}
	return nil
}

// chars turns each sample, the code point of a character, into a frame of one value,
// the code of the character. White space outside the alphabet counts as a space.
type chars struct {
	alphabet []rune
	ascii    [utf8.RuneSelf]float32 // codes of the ASCII characters
}

// charSets are those in use, by alphabet.
var charSets shared.Cache[string, chars]

func newChars(c Config) *chars {
	return charSets.Get(c.Alphabet, func() *chars {
		x := &chars{alphabet: []rune(c.Alphabet)}
		for i := range x.ascii {
			x.ascii[i] = x.find(rune(i))
		}
		return x
	})
}

func (x *chars) find(r rune) float32 {
	i, ok := slices.BinarySearch(x.alphabet, r)
	if !ok && unicode.IsSpace(r) {
		i, ok = slices.BinarySearch(x.alphabet, ' ')
	}
	if !ok {
		return 0
	}
	return float32(1 + i)
}

func (x *chars) code(v float32) float32 {
	switch {
	case v >= 0 && v < utf8.RuneSelf:
		return x.ascii[int(v)]
	case v >= utf8.RuneSelf && v <= unicode.MaxRune:
		return x.find(rune(v))
	}
	return 0
}

func (x *chars) dim() int { return 1 }

func (x *chars) end(n int) int { return n }

func (x *chars) push(dst, samples []float32, _ int) []float32 {
	for _, v := range samples {
		dst = append(dst, x.code(v))
	}
	return dst
}

// There is no state: each character is a frame.
func (x *chars) flush(dst []float32, _ int) []float32 { return dst }
func (x *chars) reset()                               {}
func (x *chars) appendState(dst []byte) []byte        { return dst }
func (x *chars) restore(*decoder)                     {}
