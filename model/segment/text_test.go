package segment

import (
	"slices"
	"testing"
)

// They are looked up by binary search.
func TestAbbreviationsAreSorted(t *testing.T) {
	if !slices.IsSorted(abbreviations) {
		t.Error("abbreviations are not sorted")
	}
}
