package main

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// checkRanges checks the numbers of a command line against the tag within:"FROM..TO" of
// their fields.
func checkRanges(given []*kong.Flag) error {
	for _, f := range given {
		if within := f.Tag.Get("within"); within != "" {
			if err := checkRange(f, within); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkRange(f *kong.Flag, within string) error {
	from, to, _ := strings.Cut(within, "..")
	low, lowErr := strconv.ParseFloat(from, 64)
	high, highErr := strconv.ParseFloat(to, 64)
	if lowErr != nil || highErr != nil {
		panic(fmt.Sprintf("--%s: within:%q is no range", f.Name, within))
	}
	v := reflect.Indirect(f.Target)
	number := math.NaN()
	switch {
	case v.CanInt():
		number = float64(v.Int())
	case v.CanFloat():
		number = v.Float()
	}
	if !(number >= low && number <= high) {
		return usagef("--%s %v: give %s to %s", f.Name, number, from, to)
	}
	return nil
}
