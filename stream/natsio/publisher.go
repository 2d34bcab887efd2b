package natsio

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/nats-io/nats.go"
)

// Publisher sends samples as a sensor would: float32, little endian, with their
// offset and rate in headers.
type Publisher struct {
	Conn     *nats.Conn
	Subject  string
	Rate     float64
	Channels int
	offset   uint64
}

// Send publishes interleaved samples that follow those of the last call.
func (p *Publisher) Send(samples []float32) error {
	msg := nats.NewMsg(p.Subject)
	msg.Header.Set(headerType, fmt.Sprintf("application/x-f32le;channels=%d", max(p.Channels, 1)))
	msg.Header.Set(headerOffset, strconv.FormatUint(p.offset, 10))
	if p.Rate > 0 {
		msg.Header.Set(headerRate, strconv.FormatFloat(p.Rate, 'g', -1, 64))
	}
	msg.Data = make([]byte, 0, 4*len(samples))
	for _, v := range samples {
		msg.Data = binary.LittleEndian.AppendUint32(msg.Data, math.Float32bits(v))
	}
	p.offset += uint64(len(samples) / max(p.Channels, 1))
	return p.Conn.PublishMsg(msg)
}
