package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// noLabel reports whether a cell of labels means that there is none: it is empty, or what R,
// pandas, Excel and NumPy write for a missing value.
func noLabel(label string) bool {
	switch label {
	case "", "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "NAN", "null", "NULL":
		return true
	}
	return false
}

// emptyLabel says which cell means that there is no label.
func emptyLabel(label string) string {
	if label == "" {
		return "it is empty"
	}
	return fmt.Sprintf("%q means that there is none", label)
}

// wholeNumber returns a number such as 1.0 or 1e+00 as an integer: "1". Other labels stay as
// they are.
func wholeNumber(label string) string {
	if !strings.ContainsAny(label, ".eE") {
		return label
	}
	v, err := strconv.ParseFloat(label, 64)
	if err != nil || v != float64(int64(v)) || v > 1<<53 || v < -1<<53 {
		return label
	}
	return strconv.FormatInt(int64(v), 10)
}

// spellings returns the label that each of labels is read as, if it is another: those that
// are the same number, such as 0 and 0.0, are one label. It notes them.
func (s *Set) spellings(labels []string) map[string]string {
	spelt := map[string][]string{} // by the number as an integer
	for _, l := range sorted(labels) {
		w := wholeNumber(l)
		spelt[w] = append(spelt[w], l)
	}
	to := map[string]string{}
	for _, w := range slices.Sorted(maps.Keys(spelt)) {
		if list := spelt[w]; len(list) > 1 {
			s.note("the labels %s are one number and are read as one label, %q", quoteAll(list), w)
			for _, l := range list {
				to[l] = w
			}
		}
	}
	return to
}

// respell replaces labels as spellings says.
func respell(labels []string, to map[string]string) {
	for i, l := range labels {
		if w, ok := to[l]; ok {
			labels[i] = w
		}
	}
}

// noteAlike notes labels that differ only in case, blanks or leading zeros.
func (s *Set) noteAlike() {
	alike := map[string][]string{}
	for _, l := range s.Labels {
		key := strings.ToLower(strings.Join(strings.Fields(l), " "))
		if v, err := strconv.Atoi(key); err == nil {
			key = strconv.Itoa(v)
		}
		alike[key] = append(alike[key], l)
	}
	for _, key := range slices.Sorted(maps.Keys(alike)) {
		if len(alike[key]) > 1 {
			s.note("the labels %s are nearly alike and stay apart: rename one if they mean the same", quoteAll(alike[key]))
		}
	}
}

func quoteAll(list []string) string {
	q := make([]string, len(list))
	for i, l := range list {
		q[i] = strconv.Quote(l)
	}
	if len(q) == 1 {
		return q[0]
	}
	return strings.Join(q[:len(q)-1], ", ") + " and " + q[len(q)-1]
}
