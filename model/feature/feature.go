// Package feature implements the causal front ends of the network, which turn samples
// into frames of features.
//
// New returns the Extractor that a Config describes. Push gives the frames that new
// samples complete, and Flush ends the signal. Any split of the samples over calls of
// Push gives the same frames, to the bit, and a frame depends on no sample after its
// end. Training, evaluation and live streams use the same code.
package feature

import "fmt"

// Kind names a front end.
type Kind string

const (
	// KindRaw gives the samples themselves, one or more per frame.
	KindRaw Kind = "raw"
	// KindLogMel gives the logarithm of the power in mel bands.
	KindLogMel Kind = "logmel"
	// KindMFCC gives mel-frequency cepstral coefficients.
	KindMFCC Kind = "mfcc"
	// KindChars gives the code of each character of text.
	KindChars Kind = "chars"
	// KindStats gives the logarithms of the variance and of the power of differences
	// over several lags.
	KindStats Kind = "stats"
	// KindMoments gives the instantaneous frequency and the spectral entropy.
	KindMoments Kind = "moments"
)

// Config describes a front end. It is part of the model file. Zero fields have
// defaults, which Normalize fills in, so that a stored Config is complete. Fields of
// another kind stay zero and are not stored.
type Config struct {
	Kind Kind `json:"kind"`

	// Raw: Samples per frame (default 1), channels interleaved; each is the mean of
	// Decimate samples of its channel (default 1).
	//
	// Stats: Samples per frame (default 32). The features are the logarithms of the
	// variance of each channel and of the power of its differences over 1, 2, 4, …
	// samples, Lags of them (default 4), and with Means also the mean of each
	// channel. Floor is added before the logarithm, in squared units of the signal
	// (default 1e-6).
	Samples  int  `json:"samples,omitempty"`
	Decimate int  `json:"decimate,omitempty"`
	Lags     int  `json:"lags,omitempty"`
	Means    bool `json:"means,omitempty"`

	// Log-mel and MFCC: WindowMS and HopMS (default 25 and 10), mel Bands (default
	// 40) between LowHz and HighHz (default 20 and half the rate, at most 8000).
	// Floor is the power, relative to full scale, that is added before the logarithm
	// (default 1e-11).
	//
	// Moments: WindowMS (default 250), HopMS (default 125), LowHz (default 0), HighHz
	// (default half the rate) and Floor (default 1e-11).
	WindowMS float64 `json:"window_ms,omitempty"`
	HopMS    float64 `json:"hop_ms,omitempty"`
	Bands    int     `json:"bands,omitempty"`
	LowHz    float64 `json:"low_hz,omitempty"`
	HighHz   float64 `json:"high_hz,omitempty"`
	Floor    float64 `json:"floor,omitempty"`

	// MFCC: the number of cepstral coefficients (default 13).
	Coefficients int `json:"coefficients,omitempty"`

	// Log-mel and MFCC: with MeanPrior above 0, each value is relative to its mean so far
	// since Reset, which counts a flat spectrum as that many steps before the first one;
	// its bands have the power MeanPower (default 1e-6). From MeanMemory steps on (default
	// 300), new steps count no less, so the mean follows what changes. Differences are
	// those of the values themselves.
	MeanPrior  float64 `json:"mean_prior,omitempty"`
	MeanMemory float64 `json:"mean_memory,omitempty"`
	MeanPower  float64 `json:"mean_power,omitempty"`

	// Chars: the characters that have codes 1, 2, …, in ascending order of code
	// points. Code 0 stands for all other characters.
	Alphabet string `json:"alphabet,omitempty"`

	// Deltas is the order of the causal differences that are appended to a frame: 1
	// appends x_t − x_{t−1}, 2 also the differences of these. The differences of the
	// first frame are zero. Not for chars.
	Deltas int `json:"deltas,omitempty"`

	// Context is the number of values that are appended to each frame after the
	// differences; they are constant within a segment. Not for chars.
	Context int `json:"context,omitempty"`
}

// An Extractor is the front end of one stream. It keeps the samples that later frames
// need. Push does not allocate if dst has room.
type Extractor interface {
	// Dim returns D, the number of features per frame.
	Dim() int
	// Push appends the frames that samples complete to dst, D values each. The
	// channels of samples are interleaved, and each channel has the same number.
	Push(dst, samples []float32) []float32
	// Flush ends the signal and resets the extractor. Samples that no frame covers
	// make one last frame: raw repeats the last sample to fill it. The spectral kinds
	// pad with zeros, and stats uses the samples that there are, but only if the
	// signal had no frame at all.
	Flush(dst []float32) []float32
	// Reset prepares the extractor for the first sample of a new signal.
	Reset()
	// SetContext sets the Config.Context values of the following frames. Reset does
	// not change them. Initially they are 0.
	SetContext(values []float32)
	// End returns the number of samples per channel that the first n frames cover,
	// that is, the position where the n-th frame ends; End(0) is 0.
	End(n int) int
	// AppendState appends the state to dst.
	AppendState(dst []byte) []byte
	// Restore reads a state that AppendState wrote from the front of data and returns
	// the rest. An extractor with the same Config, rate and channels continues to the
	// bit.
	Restore(data []byte) (rest []byte, err error)
}

// A ChannelError reports that a front end cannot process the given number of channels.
type ChannelError struct {
	Kind      Kind
	Want, Got int
}

func (e *ChannelError) Error() string {
	return fmt.Sprintf("front end %s: %d channels: want %d", e.Kind, e.Got, e.Want)
}
