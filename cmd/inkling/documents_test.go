//go:build documents

package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"inkling/internal/testkit"
	"inkling/internal/testkit/testaudio"
)

// TestDocuments runs the commands of README.md and docs/*.md, as they are printed, in a
// shell: those of a document in order, in an empty folder, with the real nats-server and
// the real nats command line. .ci/docs/run builds these and runs the test. A block of
// commands is one without a language whose first word is a program. Comments of HTML before
// it say more:
//
//	<!-- with: sounds street -->            data that the reader has, made by documentData
//	<!-- prints: TEXT -->                   the block prints TEXT, also a program in the background
//	<!-- not run: REASON -->                the block is not run here
//	<!-- not run WORD: REASON -->           nor are its lines with this word
//	<!-- not commands -->                   it is something else
//
// The test lists what is not run. docs/examples, but for sensor.md, is run by TestExamples, and the programs of
// docs/library.md by the house test. Training is short, but with INKLING_LONG=1 that of
// README.md is as printed.
func TestDocuments(t *testing.T) {
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(docs) < 12 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	tools := documentTools(t)
	ran, left := 0, 0
	for _, doc := range append([]string{"../../README.md", "../../docs/examples/sensor.md"}, docs...) {
		blocks := commandBlocks(t, doc)
		if len(blocks) == 0 {
			continue
		}
		t.Run(filepath.Base(doc), func(t *testing.T) {
			d := &document{dir: t.TempDir(), tools: tools, train: "--updates 40 --hidden 16"}
			if filepath.Base(doc) == "README.md" { // it says: in a clone of this repository
				clone(t, d.dir)
				if os.Getenv("INKLING_LONG") == "1" {
					d.train = ""
				}
			}
			defer d.end()
			for _, b := range blocks {
				for _, s := range b.left {
					t.Logf("%s:%d is not run: %s", filepath.Base(doc), b.line, s)
				}
				left += len(b.left)
				ran += len(b.lines)
				d.run(t, b)
			}
		})
	}
	t.Logf("%d commands ran, %d are not run", ran, left)
	if ran < 30 {
		t.Errorf("only %d commands ran", ran)
	}
}

// A block is commands of a document, one a line.
type block struct {
	line   int // of the document
	lines  []string
	left   []string // commands that are not run, and why
	data   []string
	prints string
}

var (
	mark     = regexp.MustCompile(`^<!-- (with|prints|not run|not commands)(?: ([^:]+))?(?:: (.*))? -->$`)
	programs = regexp.MustCompile(`^(inkling|go|nats|nats-server|mosquitto_\w+|printf|python3|sensor)(\s|$)`)
)

// commandBlocks returns the blocks of commands of a document.
func commandBlocks(t *testing.T, doc string) (blocks []block) {
	var marks [][]string
	lines := strings.Split(string(testkit.ReadFile(t, doc)), "\n")
	for i := 0; i < len(lines); i++ {
		if m := mark.FindStringSubmatch(lines[i]); m != nil {
			marks = append(marks, m)
			continue
		}
		if !strings.HasPrefix(lines[i], "```") {
			if strings.TrimSpace(lines[i]) != "" {
				marks = nil
			}
			continue
		}
		b, language := block{line: i + 1}, lines[i][3:]
		var text []string
		for i++; lines[i] != "```"; i++ {
			text = append(text, lines[i])
		}
		if language == "" && len(text) > 0 && programs.MatchString(text[0]) && b.read(t, text, marks) {
			blocks = append(blocks, b)
		}
		marks = nil
	}
	return blocks
}

// read divides text into commands and applies the marks. It returns false for a block that
// is none of commands.
func (b *block) read(t *testing.T, text []string, marks [][]string) bool {
	skip := map[string]string{}
	for _, m := range marks {
		switch m[1] {
		case "with":
			b.data = strings.Fields(m[3])
		case "prints":
			b.prints = m[3]
		case "not commands":
			return false
		default:
			if m[3] == "" {
				t.Fatalf("line %d: say why the commands are not run", b.line)
			}
			skip[m[2]] = m[3]
		}
	}
	for command := ""; len(text) > 0; text = text[1:] {
		if command += text[0]; strings.HasSuffix(command, `\`) || strings.Count(command, `"`)%2 == 1 {
			command += "\n"
			continue
		}
		why := skip[""]
		for word, reason := range skip {
			if word != "" && regexp.MustCompile(`(^|\s)`+regexp.QuoteMeta(word)+`(\s|$)`).MatchString(command) {
				why = reason
			}
		}
		if why != "" {
			b.left = append(b.left, command+": "+why)
		} else if command != "" {
			b.lines = append(b.lines, command)
		}
		command = ""
	}
	return true
}

// A document is one whose commands run.
type document struct {
	dir     string
	tools   string
	train   string // further options of train
	groups  []int  // processes, with what they have left in the background
	started int
}

// ready waits for a program in the background, as a reader who types does.
const ready = `ready() { for i in {1..1200}; do
  grep -qE 'Server is ready|listening on|answering requests|Subscribing on|partitions of the JetStream stream' "$1" && return
  sleep 0.1; done; cat "$1"; echo "not ready: $2"; exit 1; }
`

// script is the block in bash, with the output of background programs in files.
func (d *document) script(b block) (text string, logs []string) {
	var s strings.Builder
	s.WriteString("set -euo pipefail\n" + ready)
	for _, line := range b.lines {
		command, background := strings.CutSuffix(strings.TrimSpace(line), "&")
		if !background {
			s.WriteString(line + "\n")
			continue
		}
		d.started++
		log := filepath.Join(d.tools, fmt.Sprintf("log-%s-%d", filepath.Base(d.dir), d.started))
		logs = append(logs, log)
		fmt.Fprintf(&s, "%s > %s 2>&1 &\n", command, log)
		if strings.HasPrefix(command, "mosquitto_sub") { // does not say when it listens
			s.WriteString("sleep 2\n")
		} else {
			fmt.Fprintf(&s, "ready %s '%s'\n", log, strings.ReplaceAll(command, "'", ""))
		}
	}
	return s.String(), logs
}

func (d *document) run(t *testing.T, b block) {
	t.Helper()
	for _, name := range b.data {
		if documentData[name] == nil {
			t.Fatalf("line %d: there is no data %s", b.line, name)
		}
		documentData[name](t, d.dir)
	}
	if len(b.lines) == 0 {
		return
	}
	script, logs := d.script(b)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	out, err := os.Create(filepath.Join(d.tools, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(os.Environ(), "PATH="+d.tools+":"+os.Getenv("PATH"), "GOBIN="+filepath.Join(d.tools, "gobin"), "TRAIN="+d.train, "XDG_CONFIG_HOME="+filepath.Join(d.tools, "config"))
	began := time.Now()
	err = cmd.Start()
	if err == nil {
		d.groups = append(d.groups, cmd.Process.Pid)
		err = cmd.Wait()
	}
	all := func() (text []byte) {
		for _, f := range append([]string{out.Name()}, logs...) {
			data, _ := os.ReadFile(f)
			text = append(text, data...)
		}
		return text
	}
	for wait := time.Now(); err == nil && !bytes.Contains(all(), []byte(b.prints)); time.Sleep(100 * time.Millisecond) {
		if time.Since(wait) > time.Minute {
			err = fmt.Errorf("it does not print %s", b.prints)
		}
	}
	if err != nil {
		t.Fatalf("line %d: %v\n%s\n%s", b.line, err, strings.Join(b.lines, "\n"), all())
	}
	t.Logf("line %d: %d commands in %.1f s", b.line, len(b.lines), time.Since(began).Seconds())
}

// end ends what the document has left running.
func (d *document) end() {
	for _, g := range d.groups {
		syscall.Kill(-g, syscall.SIGTERM)
	}
	time.Sleep(200 * time.Millisecond)
	for _, g := range d.groups {
		syscall.Kill(-g, syscall.SIGKILL)
	}
}

// documentTools makes the folder of programs that precedes the path: inkling, which gives
// the options of the variable TRAIN to train besides.
func documentTools(t *testing.T) string {
	for _, name := range []string{"nats", "nats-server", "mosquitto_pub", "bash", "git"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v: .ci/docs/run installs it", err)
		}
	}
	dir := t.TempDir()
	real := filepath.Join(dir, "inkling.real")
	if out, err := exec.Command("go", "build", "-o", real, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wrapper := fmt.Sprintf("#!/bin/bash\nif [ \"$1\" = train ]; then exec %s \"$@\" $TRAIN; fi\nexec %[1]s \"$@\"\n", real)
	if err := os.WriteFile(filepath.Join(dir, "inkling"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// clone puts the files of this repository into dir.
func clone(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("bash", "-c", `cd ../.. && git ls-files -z | xargs -0 cp --parents -t "$0"`, dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// documentData makes what the documents say that the reader has.
var documentData = map[string]func(t *testing.T, dir string){
	"sounds": func(t *testing.T, dir string) {
		if err := os.CopyFS(filepath.Join(dir, "sounds"), os.DirFS("../../internal/bundled/data/notes")); err != nil {
			t.Fatal(err)
		}
	},
	"sounds.model": func(t *testing.T, dir string) { copyBundledTo(t, filepath.Join(dir, "sounds.model")) },
	"notes.model":  func(t *testing.T, dir string) { copyBundledTo(t, filepath.Join(dir, "notes.model")) },
	"three.wav": func(t *testing.T, dir string) {
		mustRun(t, "play", "bundled:notes", "-n", "3", "--seed", "1", "-o", filepath.Join(dir, "three.wav"))
	},
	"garden": func(t *testing.T, dir string) { // annotated recordings, and one of them beside
		mustRun(t, "compose", "bundled:notes", "-o", filepath.Join(dir, "garden"), "--duration", "1m", "--parts", "2")
		for _, ext := range []string{".wav", ".txt"} {
			testkit.WriteFile(t, dir, "garden"+ext, testkit.ReadFile(t, filepath.Join(dir, "garden/stream-1"+ext)))
			testkit.WriteFile(t, dir, "recordings/one"+ext, testkit.ReadFile(t, filepath.Join(dir, "garden/stream-1"+ext)))
			testkit.WriteFile(t, dir, "recordings/two"+ext, testkit.ReadFile(t, filepath.Join(dir, "garden/stream-2"+ext)))
		}
	},
	"doorbell": func(t *testing.T, dir string) { // examples of one sound, and a recording without it
		if err := os.CopyFS(filepath.Join(dir, "doorbell/doorbell"), os.DirFS("../../internal/bundled/data/notes/flute")); err != nil {
			t.Fatal(err)
		}
		rng, x := rand.New(rand.NewPCG(6, 1)), make([]float32, 20*44100)
		for i := range x {
			x[i] = 0.02 * float32(rng.NormFloat64())
		}
		testaudio.Write(t, dir, "kitchen.wav", 44100, x)
	},
	"street": func(t *testing.T, dir string) { // noise of a street, in three splits
		rng := rand.New(rand.NewPCG(5, 1))
		index := "file,label,split\n"
		for i := range 12 {
			x := make([]float32, 44100)
			for j := range x {
				x[j] = 0.05 * float32(rng.NormFloat64())
			}
			testaudio.Write(t, dir, fmt.Sprintf("street/%d.wav", i), 44100, x)
			index += fmt.Sprintf("%d.wav,street,%s\n", i, []string{"train", "tune", "test"}[i%3])
		}
		testkit.WriteFile(t, dir, "street/index.csv", []byte(index))
	},
	"pump": func(t *testing.T, dir string) { // rows of an accelerometer in three states, and of all of them
		rng := rand.New(rand.NewPCG(8, 1))
		at := 1764000000.0
		rows := func(b *strings.Builder, state, n int) {
			strength, hz := []float64{0.02, 0.6, 0.9}[state], []float64{3, 12, 31}[state]
			for range n {
				noise := func() float64 { return 0.02 * rng.NormFloat64() }
				turn := 2 * math.Pi * hz * at
				fmt.Fprintf(b, "{\"t\": %.2f, \"x\": %.4f, \"y\": %.4f, \"z\": %.4f}\n", at, strength*math.Sin(turn)+noise(), strength*math.Cos(turn)+noise(), 1+noise())
				at += 0.01
			}
		}
		for state, name := range []string{"idle", "running", "blocked"} {
			var b strings.Builder
			rows(&b, state, 4100)
			testkit.WriteFile(t, dir, name+".jsonl", []byte(b.String()))
			at = math.Round(at) + 1000
		}
		var live strings.Builder
		for _, state := range []int{0, 1, 2, 1} {
			rows(&live, state, 600)
		}
		testkit.WriteFile(t, dir, "live.jsonl", []byte(live.String()))
	},
	"walks": func(t *testing.T, dir string) { // wearers by number at 52 Hz, without a header and times
		rng := rand.New(rand.NewPCG(3, 1))
		for _, name := range []string{"1", "2", "4", "5"} {
			var b strings.Builder
			for i := range 3000 {
				k := i / 500 % 3
				s := float64(k) * rng.NormFloat64()
				fmt.Fprintf(&b, "%d,%.4f,%.4f,%.4f,%d\n", i, 0.1*rng.NormFloat64(), 1+s, s/2, k)
			}
			testkit.WriteFile(t, dir, "walks/"+name+".csv", []byte(b.String()))
		}
		fresh := "x,y,z\n"
		for i := range 500 {
			fresh += fmt.Sprintf("0.1,1.0,%.2f\n", 0.1*rng.NormFloat64()+float64(i%2))
		}
		testkit.WriteFile(t, dir, "new.csv", []byte(fresh))
	},
	"mqtt.conf": func(t *testing.T, dir string) { // what docs/mqtt.md prints
		_, conf, _ := strings.Cut(string(testkit.ReadFile(t, "../../docs/mqtt.md")), "server_name")
		conf, _, _ = strings.Cut(conf, "```")
		testkit.WriteFile(t, dir, "mqtt.conf", []byte("server_name"+conf))
	},
	"books": func(t *testing.T, dir string) { // and recordings of a signal without labels
		makeForecasts(t, dir)
		testkit.WriteFile(t, dir, "recordings/one.wav", testkit.ReadFile(t, filepath.Join(dir, "recordings/1.wav")))
	},
}

func copyBundledTo(t *testing.T, path string) {
	m, err := openModel(bundledNotes)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, m.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
