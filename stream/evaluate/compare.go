package evaluate

import (
	"cmp"
	"math"
	"slices"
)

// A Pair is what two models, A and B, said of one example or event.
type Pair struct {
	Name   string `json:"name"`
	Truth  string `json:"truth"`
	Source string `json:"source"` // what the example comes from, such as a speaker or a recording
	A      string `json:"a"`      // "": nothing
	B      string `json:"b"`
}

func (p *Pair) rightA() bool { return p.A == p.Truth }
func (p *Pair) rightB() bool { return p.B == p.Truth }

// Comparison is what changes from model A to model B on the same examples.
type Comparison struct {
	Part
	PerLabel  []Part `json:"per_label"`  // by name
	PerSource []Part `json:"per_source"` // the most changed first
	Changed   []Pair `json:"changed"`    // whose label is another; in the order of the examples
}

// A Part counts some of the examples.
type Part struct {
	Name     string  `json:"name,omitempty"`
	Examples int     `json:"examples"`
	RightA   int     `json:"right_a"`
	RightB   int     `json:"right_b"`
	Fixed    int     `json:"fixed"`  // wrong by A, right by B
	Broken   int     `json:"broken"` // right by A, wrong by B
	P        float64 `json:"p"`      // McNemar
}

func (p *Part) add(x *Pair) {
	p.Examples++
	a, b := x.rightA(), x.rightB()
	if a {
		p.RightA++
	}
	if b {
		p.RightB++
	}
	switch {
	case b && !a:
		p.Fixed++
	case a && !b:
		p.Broken++
	}
	p.P = McNemar(p.Fixed, p.Broken)
}

// Compare counts what has changed.
func Compare(pairs []Pair) *Comparison {
	c := &Comparison{Part: Part{P: 1}, PerLabel: []Part{}, PerSource: []Part{}, Changed: []Pair{}}
	labels, sources := map[string]int{}, map[string]int{}
	count := func(parts *[]Part, at map[string]int, name string, x *Pair) {
		i, ok := at[name]
		if !ok {
			i = len(*parts)
			at[name] = i
			*parts = append(*parts, Part{Name: name})
		}
		(*parts)[i].add(x)
	}
	for i := range pairs {
		x := &pairs[i]
		c.add(x)
		count(&c.PerLabel, labels, x.Truth, x)
		count(&c.PerSource, sources, x.Source, x)
		if x.A != x.B {
			c.Changed = append(c.Changed, *x)
		}
	}
	slices.SortFunc(c.PerLabel, func(a, b Part) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(c.PerSource, func(a, b Part) int { return cmp.Compare(b.Fixed+b.Broken, a.Fixed+a.Broken) })
	return c
}

// McNemar returns the two-sided p of McNemar's exact test: how probable it is that at least
// as many of the n = fixed + broken changes go one way if each is as likely to go either
// way. It is 1 without a change (McNemar 1947; the exact form is a binomial test).
func McNemar(fixed, broken int) float64 {
	n, k := fixed+broken, min(fixed, broken)
	if n == 0 {
		return 1
	}
	whole, _ := math.Lgamma(float64(n + 1))
	sum := 0.0
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(whole - a - b - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}
