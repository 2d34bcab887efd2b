package capture_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"

	"inkling/capture"
)

// Read a file block by block.
func ExampleFiles() {
	dir, err := os.MkdirTemp("", "capture")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "silence.wav")
	// 0.05 s of silence at 8 kHz, 16 bits, one channel
	header := "RIFF\x44\x03\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x20\x03\x00\x00"
	if err := os.WriteFile(path, append([]byte(header), make([]byte, 800)...), 0o644); err != nil {
		log.Fatal(err)
	}

	src := capture.Files(capture.Options{}, path)
	defer src.Close()
	var b capture.Block
	for {
		err := src.Read(context.Background(), &b)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %d samples at %v Hz from %d, done: %v\n", filepath.Base(b.Stream), b.Len(), b.Format.Rate, b.Offset, b.Done)
	}
	// Output:
	// silence.wav: 160 samples at 8000 Hz from 0, done: false
	// silence.wav: 160 samples at 8000 Hz from 160, done: false
	// silence.wav: 80 samples at 8000 Hz from 320, done: true
}

// Play raw samples that another program writes to a pipe.
func ExamplePCM() {
	r, w := io.Pipe()
	go func() {
		w.Write([]byte{0x00, 0x40, 0x00, 0xc0}) // two samples, little endian
		w.Close()
	}()
	src, err := capture.PCM(r, capture.PCMFormat{Encoding: capture.S16LE, Format: capture.Format{Rate: 8000, Channels: 1}}, capture.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	var b capture.Block
	for src.Read(context.Background(), &b) == nil {
		fmt.Println(b.Stream, b.Samples)
	}
	// Output:
	// stdin [0.5 -0.5]
}

// A wave is a source of one's own: a sine at 1 kHz, in blocks of 4 samples.
type wave struct {
	blocks int // left
	offset uint64
	buf    [4]float32
}

func (w *wave) Read(ctx context.Context, b *capture.Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.blocks == 0 {
		return io.EOF
	}
	w.blocks--
	for i := range w.buf {
		w.buf[i] = float32(math.Round(1e3*math.Sin(2*math.Pi*float64(w.offset+uint64(i))/8)) / 1e3)
	}
	*b = capture.Block{Stream: "wave", Format: capture.Format{Rate: 8000, Channels: 1}, Offset: w.offset, Samples: w.buf[:], Done: w.blocks == 0}
	w.offset += uint64(b.Len())
	return nil
}

func (w *wave) Close() error { return nil }

// Whatever implements Source can be labelled, recorded or, as here, played in real
// time.
func ExampleSource() {
	src := capture.Replay(&wave{blocks: 2}, 1, nil)
	defer src.Close()
	var b capture.Block
	for {
		if err := src.Read(context.Background(), &b); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println(b.Offset, b.Samples)
	}
	// Output:
	// 0 [0 0.707 1 0.707]
	// 4 [0 -0.707 -1 -0.707]
}
