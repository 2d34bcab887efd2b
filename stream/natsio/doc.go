// Package natsio connects streams to NATS.
//
// Connect opens a connection that outlives outages. NewSource reads any number of
// subjects as a capture.Source, NewSink publishes events as a stream.Sink, and
// NewService labels whole segments on request. A Publisher sends samples as a sensor
// would. docs/nats.md lists subjects, headers and content types.
package natsio
