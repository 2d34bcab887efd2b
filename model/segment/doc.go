// Package segment cuts a stream of samples into segments: Config says where they begin
// and end, Level measures sound against a noise floor, and Spans cuts a whole signal as
// the live stream would.
package segment
