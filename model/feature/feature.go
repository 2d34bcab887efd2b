// Package feature turns samples into frames: the causal front ends of the network.
//
// A front end is a stream: any split of the samples over calls of Push gives
// the same frames, to the bit, and a frame depends on no sample after its end.
// Training, evaluation and the live stream run this same code.
package feature

import "fmt"

// Kind names a front end.
type Kind string

const (
	KindRaw     Kind = "raw"     // the samples themselves, several a step
	KindLogMel  Kind = "logmel"  // log power in mel bands
	KindMFCC    Kind = "mfcc"    // mel-frequency cepstral coefficients
	KindChars   Kind = "chars"   // text: the code of a character
	KindStats   Kind = "stats"   // log variance and log powers of differences, by lag
	KindMoments Kind = "moments" // moments of the spectrum
)

// Config describes a front end. It is part of the model file; a field at its
// zero value takes the default that Normalize fills in, so that a stored
// Config is complete. Fields of another kind stay zero and out of the file.
type Config struct {
	Kind Kind `json:"kind"`

	// Raw: Samples a step (default 1), channels interleaved, after keeping
	// the mean of every Decimate samples (default 1).
	// Stats: Samples a step (default 32), of which the logarithms of each channel's
	// variance and of the powers of its differences over 1, 2, 4, … samples are
	// taken, Lags of them (default 4); with Means each channel's mean as well. Floor
	// is added under the logarithm, in the signal's units squared (default 1e-6).
	Samples  int  `json:"samples,omitempty"`
	Decimate int  `json:"decimate,omitempty"`
	Lags     int  `json:"lags,omitempty"`
	Means    bool `json:"means,omitempty"`

	// Moments takes WindowMS (default 250), HopMS (125), LowHz (0), HighHz (half the
	// rate) and Floor of what follows.
	//
	// Log-mel and MFCC: window and hop in milliseconds (default 25 and 10),
	// mel Bands (default 40) between Low and High Hz (default 20 and
	// half the rate, at most 8000), Floor is the power, relative to full
	// scale, added under the logarithm (default 1e-11).
	WindowMS float64 `json:"window_ms,omitempty"`
	HopMS    float64 `json:"hop_ms,omitempty"`
	Bands    int     `json:"bands,omitempty"`
	LowHz    float64 `json:"low_hz,omitempty"`
	HighHz   float64 `json:"high_hz,omitempty"`
	Floor    float64 `json:"floor,omitempty"`

	// MFCC: number of cepstral Coefficients (default 13).
	Coefficients int `json:"coefficients,omitempty"`

	// Chars: the characters that have a code, by ascending code point; the first has
	// code 1. Code 0 is every other character.
	Alphabet string `json:"alphabet,omitempty"`

	// Deltas appends causal differences of the frame's features, Deltas
	// times: 1 gives x_t and x_t − x_{t−1}, 2 the differences of those as
	// well. The first frame's differences are zero. Any kind but chars.
	Deltas int `json:"deltas,omitempty"`

	// Context is how many values, the same for all frames of a segment, are
	// appended to each, after the differences. Any kind but chars.
	Context int `json:"context,omitempty"`
}

// An Extractor is the front end of one stream. It holds the overlap between
// calls; Push allocates nothing once dst has room.
type Extractor interface {
	// Dim is D, the number of features a frame.
	Dim() int
	// Push takes samples, channels interleaved, a whole number of samples a
	// channel, and appends the frames that became complete to dst, D values each.
	Push(dst, samples []float32) []float32
	// Flush ends the signal. Samples that no frame covers become one last
	// frame: raw repeats the last sample to fill it; the spectral kinds pad with
	// zeros and stats takes what there is, but only when there was no frame at all. The extractor is then
	// as after Reset.
	Flush(dst []float32) []float32
	// Reset forgets the past: the next sample is the first one.
	Reset()
	// SetContext sets the Config.Context values of the frames to come; Reset leaves
	// them as they are. At first they are 0.
	SetContext(values []float32)
	// End returns how many samples a channel the first n frames cover, that is
	// the (exclusive) position where frame n, counted from 1, ends; End(0) = 0.
	End(n int) int
	// AppendState appends the state, and Restore takes it back from the front of
	// data, returning what follows it. An extractor of the same Config, rate and
	// channels continues to the bit.
	AppendState(dst []byte) []byte
	Restore(data []byte) (rest []byte, err error)
}

// A ChannelError tells that a front end cannot take so many channels.
type ChannelError struct {
	Kind      Kind
	Want, Got int
}

func (e *ChannelError) Error() string {
	return fmt.Sprintf("front end %s takes %d channels, not %d", e.Kind, e.Want, e.Got)
}
