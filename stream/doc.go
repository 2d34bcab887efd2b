// Package stream turns blocks of samples into events. It finds segments, steps the
// network through each as it arrives, which gives the running label, and confirms the
// label when the segment ends. With a network that forecasts, every step gives what
// comes next instead.
//
// For most programs [Run] is enough: it reads a [capture.Source] with any number of
// streams, owns the clocks and the workers, and sends every [Event] to one or more
// sinks. [NewJSON] is the sink that writes lines of JSON; a sink of your own has the
// three methods of [Sink].
//
// A program that has its own loop uses a [Classifier], one stream without clock or
// goroutine: [Classifier.Feed] takes a block, [Classifier.Advance] returns the events
// that it leads to, [Classifier.End] ends the stream. [Classifier.AppendState] and
// [Classifier.Restore] move a stream to another process.
//
// The events of a stream depend only on its samples, the model and the [Options]: not on
// how the samples were split into blocks, on the number of workers, or on states saved
// and restored between.
package stream
