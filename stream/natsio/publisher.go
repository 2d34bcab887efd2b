package natsio

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/nats-io/nats.go"
)

// A Publisher sends samples as a sensor would: as float32, with their offset and rate in
// headers.
type Publisher struct {
	Conn     *nats.Conn
	Subject  string
	Rate     float64 // samples per second; 0: not sent
	Channels int     // [1]
	offset   uint64
}

// Send publishes interleaved samples, which follow those of the last call.
func (p *Publisher) Send(samples []float32) error {
	channels := max(p.Channels, 1)
	msg := nats.NewMsg(p.Subject)
	msg.Header.Set(HeaderType, fmt.Sprintf("%s;channels=%d", TypeF32LE, channels))
	msg.Header.Set(HeaderOffset, strconv.FormatUint(p.offset, 10))
	if p.Rate > 0 {
		msg.Header.Set(HeaderRate, strconv.FormatFloat(p.Rate, 'g', -1, 64))
	}
	msg.Data = make([]byte, 0, 4*len(samples))
	for _, v := range samples {
		msg.Data = binary.LittleEndian.AppendUint32(msg.Data, math.Float32bits(v))
	}
	p.offset += uint64(len(samples) / channels)
	return p.Conn.PublishMsg(msg)
}
