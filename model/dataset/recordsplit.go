package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Splits of the MIT-BIH database with no patient in common (de Chazal, O'Dwyer and
// Reilly 2004).
const (
	trainRecords = "DS1"
	testRecords  = "DS2"
)

// ChooseRecords returns the records with these names; without names, those of the split;
// without both, those for training, or for testing if test is true. For training these
// are the split train or DS1, for testing test or DS2. If no record has a split, a hash
// of names draws a fifth of the records for testing.
func ChooseRecords(list []Record, names []string, split string, test bool) ([]Record, error) {
	switch {
	case len(names) > 0:
		return namedRecords(list, names)
	case split == All:
		return list, nil
	case split != "":
		return splitRecords(list, split)
	}
	splits := recordSplits(list)
	if len(splits) == 0 {
		return drawRecords(list, test)
	}
	want := []string{TrainSplit, trainRecords}
	if test {
		want = []string{TestSplit, testRecords}
	}
	for _, w := range want {
		if slices.Contains(splits, w) {
			return splitRecords(list, w)
		}
	}
	return nil, fmt.Errorf("none of the records is in the split %s: choose the split %s, or %s", strings.Join(want, " or "), strings.Join(splits, ", "), All)
}

func recordSplits(list []Record) (splits []string) {
	for _, r := range list {
		if r.Split != "" && !slices.Contains(splits, r.Split) {
			splits = append(splits, r.Split)
		}
	}
	slices.Sort(splits)
	return splits
}

func namedRecords(list []Record, names []string) (chosen []Record, err error) {
	for _, name := range names {
		i := slices.IndexFunc(list, func(r Record) bool { return r.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no record %q: the records are %s", name, recordNames(list))
		}
		chosen = append(chosen, list[i])
	}
	slices.SortFunc(chosen, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(chosen, func(a, b Record) bool { return a.Name == b.Name }), nil
}

func recordNames(list []Record) string {
	var names []string
	for _, r := range list {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

func splitRecords(list []Record, split string) (chosen []Record, err error) {
	for _, r := range list {
		if strings.EqualFold(r.Split, split) {
			chosen = append(chosen, r)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no record is in the split %q: the splits are %s, and %s", split, strings.Join(recordSplits(list), ", "), All)
	}
	return chosen, nil
}

// drawRecords returns the fifth of the records with the smallest draws, at least one, or
// the rest.
func drawRecords(list []Record, test bool) ([]Record, error) {
	if len(list) < 2 {
		return nil, fmt.Errorf("there is only one record and no split: choose the record by name, or the split %s", All)
	}
	order := slices.Clone(list)
	slices.SortStableFunc(order, func(a, b Record) int { return cmp.Compare(draw("test", a.Name), draw("test", b.Name)) })
	n := max(int(math.Round(testFraction*float64(len(order)))), 1)
	chosen := order[n:]
	if test {
		chosen = order[:n]
	}
	slices.SortFunc(chosen, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return chosen, nil
}
