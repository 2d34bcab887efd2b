// Package train fits a network to labelled sequences, both of its heads together, or to
// what comes next in any sequence. It uses back-propagation through time and AdamW, and
// its results are the same to the bit on any number of cores.
//
// For most uses three calls are enough. Defaults suggests Options for a data set and says
// why; Fit trains and returns the model, which Model.Save writes:
//
//	o, notes, err := train.Defaults(set, "")
//	result, err := train.Fit(ctx, set, nil, o, train.Hooks{}, nil)
//	err = result.Model.Save(file)
//
// Hooks report progress and write checkpoints, from which a later Fit goes on to the same
// model. NextDefaults is Defaults for networks that learn what comes next, and Search
// tries other options by cross-validation.
package train
