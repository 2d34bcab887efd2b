//go:build !edge

package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/testkit"
	"inkling/internal/testkit/testmodel"
	"inkling/model/feature"
	"inkling/model/segment"
)

// BenchmarkPast decides stored samples once more: half an hour of a stream of 16 kHz in messages
// of a tenth of a second, with a sound of a second every four, by a model of 100 units on log-mel
// bands. It reports how many times faster than real time that is, with the start of the command.
func BenchmarkPast(b *testing.B) {
	const seconds, rate = 1800, 16000
	nc, err := nats.Connect(serverWithPort(b, &server.Options{JetStream: true, StoreDir: b.TempDir()}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err == nil {
		_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "past", Subjects: []string{"past.>"}})
	}
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range seconds * 10 {
		m := nats.NewMsg("past.hall")
		m.Header.Set("Content-Type", "application/x-s16le;rate=16000")
		for k := range rate / 10 {
			at := float64(i*rate/10+k) / rate
			v := 30 * rng.NormFloat64()
			if math.Mod(at, 4) < 1 {
				v += 8000 * math.Sin(2*math.Pi*(300+200*math.Mod(at/4, 5))*at)
			}
			m.Data = append(m.Data, byte(int16(v)), byte(int16(v)>>8))
		}
		if _, err := js.PublishMsg(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
	c := testmodel.Labels(rate, 1, "a", "b", "c", "d")
	c.Hidden, c.Front, c.Segment = 100, feature.Config{Kind: feature.KindLogMel}, segment.Config{Kind: segment.Activity}
	dir := b.TempDir()
	testkit.WriteFile(b, dir, "past.model", testmodel.New(b, c, rng).Bytes())
	var speeds []float64
	for b.Loop() {
		began := time.Now()
		out, err := process(b, "run", filepath.Join(dir, "past.model"), "jetstream:past", "--urls", nc.ConnectedUrl(), "--until", "now", "--json", "--emit", "confirmed").CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		speeds = append(speeds, seconds/time.Since(began).Seconds())
		if n := countLines(out, `"type":"confirmed"`); n < seconds/4-1 {
			b.Fatalf("%d labels of %d sounds: %.2000s", n, seconds/4, out)
		}
	}
	b.ReportMetric(median(speeds), "x-real-time")
	b.ReportMetric(86400/median(speeds), "s-a-day")
}

func countLines(out []byte, with string) (n int) {
	for line := range bytes.Lines(out) {
		if bytes.Contains(line, []byte(with)) {
			n++
		}
	}
	return n
}
