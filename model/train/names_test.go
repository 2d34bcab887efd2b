package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"inkling/model/dataset"
	"inkling/model/feature"
)

func namedSet() *dataset.Set {
	s := &dataset.Set{Kind: dataset.Text, Labels: []string{"a", "b"}, Channels: 1}
	for i, text := range []string{"Emma was with Emma and Mr Elton, Sir.", "He saw Mr Elton. They wept, Mr Bee.", "Was it Mr Brown? Yes, Brown they met. Sir, Mr X",
		"They met Mr Brown", "The cat saw the Cat, and Mr Bee, mr. Sir"} {
		e := dataset.Example{Label: i / 2 % 2, Name: fmt.Sprint(i)}
		for _, r := range text {
			e.Samples = append(e.Samples, float32(r))
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

// Names are words with a capital amid sentences that not every label has; no others are
// swapped, and what takes their place are names of the data.
func TestNamesAreSwapped(t *testing.T) {
	s := namedSet()
	c, err := newCorpus(s, feature.Config{Kind: feature.KindChars, Alphabet: alphabet(s)}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.vary(&Options{SwapNames: 1}, 1)
	var found []string
	for i, spans := range c.names.spans {
		for _, w := range spans {
			if w.kind != named {
				continue
			}
			found = append(found, dataset.TextOf(s.Examples[i].Samples[w.from:w.to]))
		}
	}
	if got := strings.Join(found, " "); got != "Emma Emma Elton Sir Elton Bee Brown Brown Sir Brown Bee Sir" {
		t.Errorf("names %s", got)
	}
	alphabet := []rune("?" + c.front.Alphabet)
	read := func(codes []float32) string {
		var b strings.Builder
		for _, k := range codes {
			b.WriteRune(alphabet[int(k)])
		}
		return b.String()
	}
	for k := range 20 {
		got := strings.Fields(read(c.joined(0, &Options{SwapNames: 1}, random(1, forExample, k, 0))))
		for i, w := range strings.Fields("Emma was with Emma and Mr Elton, Sir.") {
			name := slices.Contains(found, strings.Trim(w, ",."))
			if !name && got[i] != w || name && !slices.Contains(found, strings.Trim(got[i], ",.")) {
				t.Fatalf("%q", got)
			}
		}
	}
	c.vary(&Options{SwapWords: 1}, 1)
	words := strings.Fields("was with and saw they we?t met it yes cat the mr")
	for k := range 20 {
		got := strings.Fields(read(c.joined(0, &Options{SwapWords: 1}, random(1, forExample, k, 0))))
		if got[0] != "Emma" || got[5] != "Mr" || !slices.Contains(words, got[1]) || got[7] != "Sir." {
			t.Fatalf("%q", got)
		}
	}
	if got := c.joined(0, &Options{}, random(1, forExample, 0, 0)); !slices.Equal(got, c.plain[0]) {
		t.Errorf("%q without swapping", read(got))
	}
}
