package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"inkling/stream/evaluate"

	"inkling/internal/testkit/testnats"
)

var update = flag.Bool("update", false, "rewrite the messages of testdata/script to what inkling prints")

func TestMain(m *testing.M) {
	testnats.Serve()
	testscript.Main(m, map[string]func(){"inkling": main})
}

// TestScript runs testdata/script. Beside testscript's own commands the scripts know
//
//	make NAME [DIR]            data by a maker of makers_test.go
//	fails CODE inkling ARGS    the command exits with CODE
//	message 'LINE' ...         and prints, behind "inkling: ", these lines and no others
//	value FILE PATH OP VALUE   a value of FILE's last line of JSON, by its dotted path:
//	                           ==, !=, <, <=, > or >= a number or a string, or another
//	                           number as FILE:PATH or FACTOR*FILE:PATH
//	count FILE TEXT OP N       how often FILE holds TEXT
//	events FILE OUT            what is the same of FILE's events however they came
//	accounted REPORT EACH      a report on streams misses or finds every event, and EACH
//	                           has a line for each of them and each false alarm
//	keptbits EVENTS EACH N     EACH, of the files that a run kept, has the probabilities of
//	                           its EVENTS, of at least N files
//	head OUT FILE N            the first N bytes of a file
//	write FILE TEXT            a file of just these bytes: \n, \xff and the like as in Go, %% for %
//	copy-bundled FILE          the bundled model as a file
//
// With -update a message that differs is rewritten in the script.
func TestScript(t *testing.T) {
	u := &updates{of: map[string][][2]string{}}
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: u.commands(), Condition: condition, Setup: environment})
	t.Cleanup(func() { u.write(t) })
}

// environment passes on what chooses kernels, and has the many small processes of the
// scripts end before they collect garbage.
func environment(e *testscript.Env) error {
	e.Setenv("INKLING_KERNEL", os.Getenv("INKLING_KERNEL"))
	e.Setenv("GOGC", "800")
	return nil
}

// condition knows [long], which INKLING_LONG=1 sets.
func condition(name string) (bool, error) {
	if name == "long" {
		return os.Getenv("INKLING_LONG") == "1", nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// updates are messages to be rewritten, by script.
type updates struct {
	sync.Mutex
	of map[string][][2]string
}

func (u *updates) commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"make":         makeData,
		"fails":        fails,
		"message":      u.message,
		"value":        value,
		"count":        counts,
		"copy-bundled": copyBundled,
		"events":       events,
		"accounted":    accounted,
		"keptbits":     keptBits,
		"head":         head,
		"write":        write,
	}
}

func (u *updates) write(t *testing.T) {
	for name, changes := range u.of {
		file := filepath.Join("testdata/script", name+".txtar")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			data = []byte(strings.Replace(string(data), c[0], c[1], 1))
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func usage(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}

func makeData(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 0 && len(args) < 3 && makers[args[0]].make != nil, "make NAME [DIR]")
	makers[args[0]].make(scriptTB{ts}, ts.MkAbs(strings.Join(args[1:], "")))
}

// scriptTB is a testkit.TB that fails a script.
type scriptTB struct{ *testscript.TestScript }

func (scriptTB) Helper()             {}
func (s scriptTB) Fatal(args ...any) { s.Fatalf("%s", fmt.Sprintln(args...)) }

func copyBundled(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "copy-bundled FILE")
	m, err := openModel(bundledNotes)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), m.Bytes(), 0o644))
}

// write writes a file without a newline at its end, which the files of a script have.
func write(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "write FILE TEXT")
	text, err := strconv.Unquote(`"` + strings.NewReplacer(`"`, `\"`, "%%", "%").Replace(args[1]) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

func head(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "head OUT FILE N")
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[1]))[:n], 0o644))
}

func events(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "events FILE OUT")
	var out strings.Builder
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var e map[string]any
		ts.Check(json.Unmarshal([]byte(line), &e))
		if e["type"] == "status" || e["type"] == "summary" {
			continue
		}
		for _, key := range []string{"session", "stream", "time", "latency_ms"} {
			delete(e, key)
		}
		data, err := json.Marshal(e)
		ts.Check(err)
		fmt.Fprintf(&out, "%s\n", data)
	}
	if out.Len() == 0 {
		ts.Fatalf("%s has no events", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o644))
}

func accounted(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "accounted REPORT EACH")
	var r evaluate.StreamReport
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	missed := 0
	for _, n := range r.Misses {
		missed += n
	}
	if r.Found+missed != r.Events {
		ts.Fatalf("%d found and %d missed of %d events", r.Found, missed, r.Events)
	}
	if n := strings.Count(ts.ReadFile(args[1]), "\n"); n != r.Events+r.FalseAlarms.Total {
		ts.Fatalf("%d lines of %d events and %d false alarms", n, r.Events, r.FalseAlarms.Total)
	}
}

func fails(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 2 && args[1] == "inkling", "fails CODE inkling ARGS")
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("want exit code %s: %v\n%s", args[0], err, ts.ReadFile("stderr"))
	}
}

// quoted writes arguments as a script has them.
func quoted(args []string) string {
	var b strings.Builder
	for _, a := range args {
		b.WriteString(" '" + strings.ReplaceAll(a, "'", "''") + "'")
	}
	return b.String()
}

func (u *updates) message(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 0, "message 'LINE' ...")
	_, got, found := strings.Cut("\n"+ts.ReadFile("stderr"), "\ninkling: ")
	got = strings.TrimSuffix(strings.ReplaceAll(got, ts.Getenv("WORK"), "WORK"), "\n")
	if found && got == strings.Join(args, "\n") {
		return
	}
	if !*update {
		ts.Fatalf("the message is%s\nwant%s", quoted(strings.Split(got, "\n")), quoted(args))
	}
	u.Lock()
	defer u.Unlock()
	u.of[ts.Name()] = append(u.of[ts.Name()], [2]string{"message" + quoted(args) + "\n", "message" + quoted(strings.Split(got, "\n")) + "\n"})
}

// lookup returns what stands at a dotted path of the last line of JSON of a file; an
// element of a list by its number.
func lookup(ts *testscript.TestScript, file, path string) (v any) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(file)), "\n")
	text := lines[len(lines)-1]
	ts.Check(json.Unmarshal([]byte(text), &v))
	for part := range strings.SplitSeq(path, ".") {
		ok := false
		switch in := v.(type) {
		case map[string]any:
			v, ok = in[part]
		case []any:
			if i, err := strconv.Atoi(part); err == nil && i < len(in) {
				v, ok = in[i], true
			}
		}
		if !ok {
			ts.Fatalf("%s has no %s: %s", file, path, text)
		}
	}
	return v
}

func value(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 4, "value FILE PATH OP VALUE")
	got, want := lookup(ts, args[0], args[1]), any(args[3])
	if from, path, ok := strings.Cut(args[3], ":"); ok {
		factor, file, scaled := strings.Cut(from, "*")
		if !scaled {
			factor, file = "1", from
		}
		f, err := strconv.ParseFloat(factor, 64)
		ts.Check(err)
		number, _ := lookup(ts, file, path).(float64)
		want = f * number
	} else if f, err := strconv.ParseFloat(args[3], 64); err == nil {
		want = f
	}
	if _, number := got.(float64); !number {
		got = fmt.Sprint(got)
	}
	if !holds(ts, got, args[2], want) {
		ts.Fatalf("%s is %v, want %s %v", args[1], got, args[2], want)
	}
}

func counts(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 4, "count FILE TEXT OP N")
	n, err := strconv.ParseFloat(args[3], 64)
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[0]), args[1]); !holds(ts, float64(got), args[2], n) {
		ts.Fatalf("%q comes %d times, want %s %v", args[1], got, args[2], n)
	}
}

func holds(ts *testscript.TestScript, got any, op string, want any) bool {
	a, number := got.(float64)
	b, also := want.(float64)
	switch {
	case op == "==":
		return got == want
	case op == "!=":
		return got != want
	case !number || !also:
		ts.Fatalf("%v %s %v: want numbers", got, op, want)
	case op == "<":
		return a < b
	case op == "<=":
		return a <= b
	case op == ">":
		return a > b
	case op == ">=":
		return a >= b
	}
	ts.Fatalf("%s is no comparison", op)
	return false
}
