package metrics

// mostValues is the greatest number of values of one figure's labels. Further ones count
// together as Other.
const mostValues = 1024

// Other is the label of what is beyond the bound.
const Other = "(other)"

// A bounded is a counter by one or two labels. Values that are not known yet cost an
// allocation, once. It serves one goroutine at a time.
type bounded struct {
	vec   *counterVec
	two   bool
	known map[[2]string]counter
}

func newBounded(name, help string, labels []string) *bounded {
	return &bounded{two: len(labels) == 2, known: map[[2]string]counter{},
		vec: newCounterVec(name, help, labels)}
}

// of returns the counter of a and, if there are two labels, b.
func (c *bounded) of(a, b string) counter {
	if n, ok := c.known[[2]string{a, b}]; ok {
		return n
	}
	if len(c.known) >= mostValues {
		a, b = Other, Other
	}
	if !c.two {
		b = ""
	}
	n, ok := c.known[[2]string{a, b}]
	if !ok {
		values := []string{clean(a), clean(b)}
		if !c.two {
			values = values[:1]
		}
		n = c.vec.WithLabelValues(values...)
		c.known[[2]string{a, b}] = n
	}
	return n
}
