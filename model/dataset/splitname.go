package dataset

import "strings"

// splitName returns the name of a split as Set has it: train, valid or test for the usual
// names of these, in any case, and others as they are. known reports whether it is usual.
func splitName(name string) (split string, known bool) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "train", "training", "trn", "train_set", "trainset":
		return TrainSplit, true
	case "test", "testing", "tst", "test_set", "testset":
		return TestSplit, true
	case "valid", "validation", "val", "dev", "validate":
		return validSplit, true
	}
	return name, false
}

// validSplit is the usual name of the examples that training watches.
const validSplit = "valid"
