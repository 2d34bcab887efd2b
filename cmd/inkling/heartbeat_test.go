package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"inkling/internal/ecgtest"
	"inkling/model/segment"
	"inkling/stream"
)

// makeHeartbeats fills dir/ecg with eight synthetic patients, six to train on, and a
// WFDB record of two leads.
func makeHeartbeats(t *testing.T, dir string) {
	t.Helper()
	splits := "record,split\n"
	for i := range 8 {
		name := fmt.Sprintf("p%d", i+1)
		x, beats := ecgtest.Signal(ecgtest.Options{Rate: 180, Seconds: 60, Seed: uint64(i + 1), Atrial: 0.15, Ventric: 0.15, Noise: 0.02, Drift: 0.2})
		for j := range x {
			x[j] /= 4
		}
		table := "sample,symbol\n"
		for _, b := range beats {
			table += fmt.Sprintf("%d,%s\n", b.Sample, b.Symbol)
		}
		writeSound(t, dir, "ecg/"+name+".wav", 180, x)
		writeFile(t, dir, "ecg/"+name+".beats.csv", []byte(table))
		splits += fmt.Sprintf("%s,%s\n", name, []string{"train", "test"}[i/6])
	}
	writeFile(t, dir, "ecg/records.csv", []byte(splits))
	x, _ := ecgtest.Signal(ecgtest.Options{Rate: 180, Seconds: 20, Seed: 9, Noise: 0.02})
	var dat []byte
	for _, v := range x {
		dat = binary.LittleEndian.AppendUint16(dat, uint16(int16(1000*v)))
		dat = binary.LittleEndian.AppendUint16(dat, 0)
	}
	writeFile(t, dir, "ecg/w1.hea", []byte(fmt.Sprintf("w1 2 180 %d\nw1.dat 16 1000 16 0 %d %d 0 MLII\nw1.dat 16 1000 16 0 0 0 0 V1\n", len(x), int16(1000*x[0]), sum16(x))))
	writeFile(t, dir, "ecg/w1.dat", dat)
}

func sum16(x []float32) (sum int16) {
	for _, v := range x {
		sum += int16(1000 * v)
	}
	return sum
}

// A model of six patients finds and names the beats of two others, and is the same
// however it runs.
func TestHeartbeat(t *testing.T) {
	dir := t.TempDir()
	makeHeartbeats(t, dir)
	t.Chdir(dir)
	mustRun(t, "train", "ecg", "-o", "m", "--segment", "beat", "--updates", "120", "--hidden", "16", "--lr", "0.01", "--dropout=-1", "-q")
	checkBeatReport(t, mustRun(t, "eval", "m", "ecg", "--report", "r.html", "--each", "each"))
	checkBeatEvents(t, mustRun(t, "run", "m", "ecg/p7.wav", "--json", "--emit", "confirmed"))
	if out := mustRun(t, "verify", "m", "ecg", "-n", "5"); !strings.Contains(out, "equal to the bit") {
		t.Error(out)
	}
}

func checkBeatReport(t *testing.T, out string) {
	var r struct {
		Records int
		QRS     struct{ Sensitivity, Precision float64 }
		Classes struct {
			Macro_F1  float64
			Baseline  float64
			Per_Class map[string]struct{ Sensitivity float64 }
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Records != 2 || r.QRS.Sensitivity < 0.97 || r.QRS.Precision < 0.97 || r.Classes.Macro_F1 < 0.8 || len(r.Classes.Per_Class) != 3 {
		t.Errorf("%+v", r)
	}
}

func checkBeatEvents(t *testing.T, out string) {
	beats := 0
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var e stream.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == stream.Confirmed {
			if beats++; e.EndedBy != segment.ByBeat || e.Peak == 0 {
				t.Errorf("%s", line)
			}
		}
	}
	if beats < 15 {
		t.Errorf("%d beats", beats)
	}
}

func TestHeartbeatMistakes(t *testing.T) {
	dir := t.TempDir()
	makeHeartbeats(t, dir)
	t.Chdir(dir)
	for _, c := range []struct {
		code int
		says string
		args string
	}{
		{1, `no record "p9"`, "train ecg -o m --segment beat --records p1,p9"},
		{1, "split", "train ecg -o m --segment beat --split DS7"},
		{1, `class of heartbeats "X"`, "train ecg -o m --segment beat --labels N,X"},
		{1, "100 Hz", "train ecg -o m --segment beat --rate 60"},
		{1, "before the R peak", "train ecg -o m --segment beat --before 7"},
		{2, "--crop", "train ecg -o m --segment beat --crop 1"},
		{1, "beats.csv", "train ../.. -o m --segment beat"},
		{1, "no lead", "run bundled:notes ecg/w1.hea --leads V9"},
		{1, "--segment beat", "train ecg -o m"},
	} {
		_, log, code := inkling(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(log, c.says) {
			t.Errorf("inkling %s: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.says, log)
		}
	}
}
