// Package program reads sound from the standard output of a program that runs beside:
// raw samples, or WAV, FLAC or MP3. Shell runs a command line, URL runs ffmpeg on a
// network stream. The program is started again when it ends.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"inkling/capture"
)

// Options configures a Source.
type Options struct {
	PCM     capture.PCMFormat // of raw samples; its zero value: WAV, FLAC or MP3. Stream is set by Shell and URL
	Audio   capture.Options
	Wait    time.Duration // before the first restart [1 s]; doubled by each that delivers nothing
	MaxWait time.Duration // [30 s]
}

// protocols are those that ffmpeg may use. Files are not among them, so no playlist of a
// stranger can name one.
const protocols = "http,https,httpproxy,tcp,tls,udp,rtp,rtsp,rtmp,rtmps,srt,crypto"

// IsURL reports whether name is the URL of a network stream that URL reads.
func IsURL(name string) bool {
	scheme, _, found := strings.Cut(name, "://")
	switch strings.ToLower(scheme) {
	case "http", "https", "rtsp", "rtsps", "rtp", "rtmp", "rtmps", "udp", "tcp", "srt":
		return found
	}
	return false
}

// Shell returns a source of what a command line, run by the system's shell, writes to its
// standard output. The stream's name is "exec:" and the line.
func Shell(line string, o Options) (*Source, error) {
	if strings.TrimSpace(line) == "" {
		return nil, errors.New("exec: give a command, for example exec:arecord -q -t wav")
	}
	o.PCM.Stream = "exec:" + line
	return start(shell(line), o.PCM.Stream, nil, o)
}

// URL returns a source of the sound of a network stream, which ffmpeg reads. The stream's
// name is the URL, without its password.
func URL(address string, o Options) (*Source, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the URL of a stream does not parse: escape what is special in it as %XX")
	}
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, fmt.Errorf("%s: ffmpeg reads it, and is not on the PATH: install ffmpeg", u.Redacted())
	}
	o.PCM = capture.PCMFormat{Stream: u.Redacted()}
	hide := strings.NewReplacer(address, u.Redacted())
	if p, _ := u.User.Password(); p != "" {
		hide = strings.NewReplacer(address, u.Redacted(), p, "xxxxx")
	}
	return start([]string{program, "-hide_banner", "-nostdin", "-loglevel", "error", "-protocol_whitelist", protocols,
		"-i", address, "-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "wav", "-flush_packets", "1", "pipe:1"}, o.PCM.Stream, hide, o)
}

// A Source is the output of a program. The end of the program is a Fault, with its exit
// status and the end of its standard error; the samples that are missing until the next
// one delivers are a jump of Offset.
type Source struct {
	args []string
	name string
	hide *strings.Replacer // of secrets in messages; nil: none
	o    Options

	run    *process // nil: none is running
	src    capture.Source
	faults []capture.Fault
	wait   time.Duration // before the next start
	due    time.Time     // of the next start
	base   uint64        // added to the Offset of src
	next   uint64        // Offset after the last block
	ended  time.Time     // when the last block of an ended program came; zero: no restart since

	mu      sync.Mutex // guards run against Close, and lost
	lost    string     // why no program delivers; "": one does
	closing chan struct{}
	once    sync.Once
}

var (
	_ capture.Source  = (*Source)(nil)
	_ capture.Checker = (*Source)(nil)
)

func start(args []string, name string, hide *strings.Replacer, o Options) (*Source, error) {
	if o.Wait <= 0 {
		o.Wait = time.Second
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 30 * time.Second
	}
	s := &Source{args: args, name: name, hide: hide, o: o, wait: o.Wait, closing: make(chan struct{})}
	if err := s.launch(); err != nil {
		return nil, err
	}
	return s, nil
}

// launch starts the program.
func (s *Source) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closing:
		return os.ErrClosed
	default:
	}
	p, out, err := launch(s.args)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	src, err := capture.Audio(out, s.o.PCM, s.o.Audio)
	if err != nil {
		out.Close()
		p.end()
		return err
	}
	s.run, s.src = p, src
	return nil
}

// Read implements capture.Source. It returns an error only if ctx ends, the source is
// closed, or the format of what the program writes is not known.
func (s *Source) Read(ctx context.Context, b *capture.Block) error {
	for {
		if len(s.faults) > 0 {
			*b = capture.Block{Stream: s.name, Offset: s.next, Fault: &s.faults[0]}
			s.faults = s.faults[1:]
			return nil
		}
		if s.src == nil {
			if err := s.restart(ctx); err != nil {
				return err
			}
			continue
		}
		err := s.src.Read(ctx, b)
		switch {
		case err == nil && len(b.Samples) > 0:
			s.place(b)
			return nil
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case s.closed():
			return os.ErrClosed
		case errors.Is(err, capture.ErrNoFormat):
			return err
		default:
			s.fell(err)
		}
	}
}

// place gives a block of the running program its place in the stream.
func (s *Source) place(b *capture.Block) {
	if !s.ended.IsZero() {
		lost := time.Since(s.ended).Seconds()*b.Format.Rate - float64(b.Len())
		s.base = s.next + uint64(math.Max(1, math.Round(lost))) - b.Offset
		s.ended = time.Time{}
		s.faults = append(s.faults, capture.Fault{State: capture.Up, Reason: s.name + " delivers again"})
		s.mu.Lock()
		s.lost = ""
		s.mu.Unlock()
	}
	s.wait = s.o.Wait
	b.Offset += s.base
	b.Done = false
	s.next = b.Offset + uint64(b.Len())
}

// fell notes that the output of the program ended with err.
func (s *Source) fell(err error) {
	if s.ended.IsZero() {
		s.ended = time.Now()
	}
	s.src.Close()
	s.mu.Lock()
	why := s.run.end()
	s.run, s.src = nil, nil
	s.mu.Unlock()
	if err != io.EOF {
		why = strings.TrimPrefix(err.Error(), s.name+": ") + "; " + why
	}
	s.down(why)
}

// down reports why there is no program, and when the next one starts.
func (s *Source) down(why string) {
	if s.hide != nil {
		why = s.hide.Replace(why)
	}
	reason := fmt.Sprintf("%s: %s; starting it again in %v", s.name, why, s.wait)
	s.faults = append(s.faults, capture.Fault{State: capture.Down, Reason: reason})
	s.mu.Lock()
	s.lost = reason
	s.mu.Unlock()
	s.due = time.Now().Add(s.wait)
	s.wait = min(2*s.wait, s.o.MaxWait)
}

// restart waits until the next start is due and starts the program.
func (s *Source) restart(ctx context.Context) error {
	t := time.NewTimer(time.Until(s.due))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return os.ErrClosed
	case <-t.C:
	}
	err := s.launch()
	if err == os.ErrClosed {
		return err
	}
	if err != nil {
		s.down(strings.TrimPrefix(err.Error(), s.name+": "))
	}
	return nil
}

func (s *Source) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// Check implements capture.Checker: it fails from the end of the program until the next
// one delivers.
func (s *Source) Check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != "" {
		return errors.New(s.lost)
	}
	return nil
}

// Close ends the program and every program that it started.
func (s *Source) Close() error {
	s.once.Do(func() {
		close(s.closing)
		s.mu.Lock()
		run, src := s.run, s.src
		if run != nil {
			run.kill()
		}
		s.mu.Unlock()
		if src != nil {
			src.Close()
			run.end()
		}
	})
	return nil
}
