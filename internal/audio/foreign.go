package audio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// foreign names the format of a file that only ffmpeg decodes, by its first bytes; "": none
// that is known.
func foreign(magic []byte) string {
	for _, k := range []struct {
		at          int
		magic, kind string
	}{
		{0, "OggS", "Ogg"}, {4, "ftyp", "MP4"}, {0, "FORM", "AIFF"}, {0, ".snd", "AU"}, {0, "RIFX", "big-endian WAV"},
		{0, "wvpk", "WavPack"}, {0, "caff", "CAF"}, {0, "\x1aE\xdf\xa3", "Matroska"}, {0, "riff", "Wave64"},
		{0, "#!AMR", "AMR"}, {0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"}, {8, "AVI ", "AVI"}, {0, "FLV", "Flash video"},
		{0, "MAC ", "Monkey's Audio"}, {0, "\xff\xf1", "AAC"}, {0, "\xff\xf9", "AAC"}, {0, "\xff\xfc", "MPEG layer II"}, {0, "\xff\xfd", "MPEG layer II"},
	} {
		if len(magic) >= k.at+len(k.magic) && string(magic[k.at:k.at+len(k.magic)]) == k.magic {
			return k.kind
		}
	}
	return ""
}

// IsName reports whether a file is one of sound by its name's ending.
func IsName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".wav", ".wave", ".flac", ".mp3",
		".m4a", ".mp4", ".ogg", ".oga", ".opus", ".aac", ".wma", ".amr", ".webm", ".mkv", ".mka", ".aif", ".aiff", ".au", ".wv", ".caf", ".w64", ".mov", ".avi", ".mp2", ".ape":
		return true
	}
	return false
}

// openForeign reads the first sound track of a file through ffmpeg.
func (a *Reader) openForeign(kind string, b *bufio.Reader, r io.Reader) error {
	if !a.foreign {
		return fmt.Errorf("%w: %s; convert it to FLAC or WAV (ffmpeg -i in out.flac)", ErrFormat, kind)
	}
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		return fmt.Errorf("%w: %s; install ffmpeg, through which it is then read, or convert it to FLAC or WAV", ErrFormat, kind)
	}
	input := "pipe:0"
	if f, ok := r.(*os.File); ok && regular(f) {
		if abs, err := filepath.Abs(f.Name()); err == nil {
			input = "file:" + abs // some formats have their index at the end
		}
	}
	f := &ffmpeg{kind: kind}
	// No protocols but these: a file that is a list cannot name others on the network.
	f.cmd = exec.Command(program, "-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe", "-i", input,
		"-map", "0:a:0", "-vn", "-sn", "-dn", "-f", "wav", "-c:a", "pcm_f32le", "pipe:1")
	f.cmd.Stderr, f.cmd.WaitDelay = &f.log, time.Second
	if input == "pipe:0" {
		f.cmd.Stdin = b
	}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := f.cmd.Start(); err != nil {
		return fmt.Errorf("ffmpeg: %w", err)
	}
	w := &Reader{Frames: -1}
	ob := bufio.NewReaderSize(out, 1<<15)
	if magic, _ := ob.Peek(12); len(magic) < 12 || !isWAV(magic) {
		f.Close()
		return f.failed("it wrote no sound")
	}
	if err := w.openWAV(ob, out, 0); err != nil {
		f.Close()
		return f.failed(err.Error())
	}
	f.wav = w.dec
	a.Rate, a.Channels, a.dec = w.Rate, w.Channels, f
	return nil
}

func regular(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// An ffmpeg is the program that decodes a file, and the decoder of what it writes.
type ffmpeg struct {
	kind string
	cmd  *exec.Cmd
	log  firstLines
	wav  decoder

	once   sync.Once
	status error
}

func (f *ffmpeg) read(dst []float32) (int, error) {
	n, err := f.wav.read(dst)
	if err == nil || n > 0 {
		return n, err
	}
	if f.wait(); f.log.Len() > 0 || f.status != nil {
		return 0, f.failed(fmt.Sprint("it ended with ", f.cmd.ProcessState))
	}
	return 0, err
}

func (f *ffmpeg) wait() {
	f.once.Do(func() {
		if f.status = f.cmd.Wait(); errors.Is(f.status, exec.ErrWaitDelay) {
			f.status = nil // it did not read its input to the end
		}
	})
}

// Close ends the program. It may be called while read is waiting.
func (f *ffmpeg) Close() error {
	f.cmd.Process.Kill()
	f.wait()
	return nil
}

// failed says what ffmpeg has against the file; otherwise is what is said if it was silent.
func (f *ffmpeg) failed(otherwise string) error {
	if said := strings.TrimSpace(f.log.String()); said != "" {
		otherwise = strings.ReplaceAll(said, "\n", "; ")
	}
	return fmt.Errorf("ffmpeg cannot read this %s file: %s", f.kind, otherwise)
}

// firstLines keeps the first few hundred bytes that are written to it.
type firstLines struct{ bytes.Buffer }

func (l *firstLines) Write(p []byte) (int, error) {
	l.Buffer.Write(p[:min(len(p), max(0, 400-l.Len()))])
	return len(p), nil
}
