// Package dataset reads labelled signals: folders of audio, index.csv, UEA .ts.
package dataset

// Kind says what sort of signal a Set holds; defaults of training follow it.
type Kind string

const (
	Audio  Kind = "audio"
	Series Kind = "series"
)

// An Example is one labelled sequence.
type Example struct {
	Name    string    // the file, or FILE:LINE, as a user would find it
	Label   int       // index into Set.Labels
	Split   string    // train, test, …; "" where the data names none
	Group   string    // examples of one group never part; Name if the data names none
	Samples []float32 // channels interleaved
	Rate    float64   // of Samples, per channel; 0: unknown
	Hash    string    // of content and label: 16 hex digits
}

// A Set is a data set in memory. Labels are sorted; Channels is one number for all.
type Set struct {
	Kind     Kind
	Labels   []string
	Channels int
	Rate     float64 // of every example after loading; 0: unknown
	Examples []Example
	Skipped  []error // with Options.SkipBad: what could not be read
	Hash     string  // of all examples, independent of their order
}
