package main

import (
	"regexp"
	"strings"
)

var (
	longFlag = regexp.MustCompile(`^--[a-z][a-z-]*$`)
	negative = regexp.MustCompile(`^-\.?[0-9]`)
)

// joinNegatives joins a flag and the negative number after it, --decay -1 to --decay=-1,
// because the parser takes a word that begins with a minus sign for a flag.
func joinNegatives(args []string) (joined []string) {
	for i, arg := range args {
		if arg == "--" {
			return append(joined, args[i:]...)
		}
		if last := len(joined) - 1; last >= 0 && negative.MatchString(arg) && longFlag.MatchString(joined[last]) && args[i-1] == joined[last] {
			joined[last] = strings.Join([]string{joined[last], arg}, "=")
			continue
		}
		joined = append(joined, arg)
	}
	return joined
}
