package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"inkling/internal/audio"
	"inkling/internal/ecgtest"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testaudio"
)

// makers make the data of scripts and of the documents in docs/examples, out of nothing:
// small, so that a command on them takes about a second.
var makers = map[string]maker{
	"activity":   {make: makeWalks},
	"author":     {make: makeAuthors},
	"digit":      {make: makeDigits},
	"forecast":   {make: makeForecasts},
	"heartbeat":  {make: makeHeartbeats, hidden: "--updates 60 --hidden 12 --lr 0.01"},
	"leads":      {make: makeLeads},
	"instrument": {make: makeInstruments},
	"tables":     {make: makeTables},
}

// A maker leaves data in a folder.
type maker struct {
	make   func(t testkit.TB, dir string)
	hidden string // options that a document's `inkling train` gets besides [--updates 40 --hidden 16]
}

// makeInstruments leaves instruments/LABEL/*.wav, notes of half a second, and
// concert.wav of three notes.
func makeInstruments(t testkit.TB, dir string) {
	const rate = 16000
	rng := rand.New(rand.NewPCG(1, 1))
	note := func(label string) []float32 {
		hertz := 220 * math.Pow(2, float64(rng.IntN(12))/12)
		switch label {
		case "flute":
			return testaudio.Tone(rng, rate, 0.5, hertz, 5, 1, 0.1)
		case "piano":
			return testaudio.Tone(rng, rate, 0.5, hertz, 0.15, 1, 0.6, 0.4, 0.2)
		}
		return testaudio.Tone(rng, rate, 0.5, hertz, 5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.3)
	}
	concert := make([]float32, rate/2)
	for _, label := range []string{"flute", "piano", "trumpet"} {
		for i := range 10 {
			testaudio.Write(t, dir, fmt.Sprintf("instruments/%s/%d.wav", label, i), rate, note(label))
		}
		concert = append(append(concert, note(label)...), make([]float32, rate/2)...)
	}
	testaudio.Write(t, dir, "concert.wav", rate, concert)
}

// makeDigits leaves digits/index.csv and its files: two tones a digit, moved by the
// speaker's voice; the last speaker is the split test. spoken.wav is one of hers.
func makeDigits(t testkit.TB, dir string) {
	const rate = 8000
	rng := rand.New(rand.NewPCG(2, 1))
	index := "file,label,split,group\n"
	for s, speaker := range []string{"ann", "bob", "cem", "dot"} {
		for digit := range 4 {
			for take := range 4 {
				hertz := (400 + 250*float64(digit)) * (1 + 0.03*float64(s)) * (1 + 0.01*rng.NormFloat64())
				x := append(testaudio.Tone(rng, rate, 0.15, hertz, 1, 1, 0.3), testaudio.Tone(rng, rate, 0.15, 2000-hertz, 1, 1)...)
				name := fmt.Sprintf("recordings/%d_%s_%d.wav", digit, speaker, take)
				split := map[bool]string{true: "test", false: "train"}[speaker == "dot"]
				testaudio.Write(t, dir, "digits/"+name, rate, x)
				index += fmt.Sprintf("%s,%d,%s,%s\n", name, digit, split, speaker)
			}
		}
	}
	testkit.WriteFile(t, dir, "digits/index.csv", []byte(index))
	quiet := make([]float32, rate/2)
	clip, err := audio.Decode(bytes.NewReader(testkit.ReadFile(t, dir+"/digits/recordings/2_dot_0.wav")), "2_dot_0.wav")
	if err != nil {
		t.Fatal(err)
	}
	testaudio.Write(t, dir, "spoken.wav", rate, append(append(quiet, clip.Samples...), quiet...))
}

// makeAuthors leaves sentences.tsv of two made-up writers, a book of the split train and
// one of test each.
func makeAuthors(t testkit.TB, dir string) {
	rng := rand.New(rand.NewPCG(1, 11))
	words := map[string][]string{"austen": {"manners", "tea", "dear", "sensible", "and", "the", "was"}, "doyle": {"fog", "cab", "clue", "street", "and", "the", "was"}}
	var b strings.Builder
	b.WriteString("author\twork\tsplit\tsentence\n")
	for i := range 240 {
		author, split := []string{"austen", "doyle"}[i/60%2], []string{"train", "test"}[i/120]
		fmt.Fprintf(&b, "%s\t%s %s\t%s\tThe", author, author, split, split)
		for range 5 + rng.IntN(5) {
			fmt.Fprintf(&b, " %s", words[author][rng.IntN(7)])
		}
		b.WriteString(".\n")
	}
	testkit.WriteFile(t, dir, "sentences.tsv", []byte(b.String()))
	testkit.WriteFile(t, dir, "bad.tsv", []byte(strings.Replace(b.String(), "The", "Th\xe9", 1)))
}

// makeWalks leaves walks/NAME.csv of four wearers at 50 Hz: they sit, walk and run, with
// a second without a label between.
func makeWalks(t testkit.TB, dir string) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, name := range []string{"ann", "bob", "cem", "dot"} {
		rows := "t,x,y,z,label\n"
		lean, n := rng.NormFloat64(), 0
		for _, k := range []int{0, 1, 2, 1, 0, 2} {
			hertz, strength := []float64{0, 1.8, 2.9}[k], []float64{0, 0.3, 1.2}[k]
			for i := range 500 + rng.IntN(200) {
				label := []string{"sit", "walk", "run"}[k]
				if i < 50 {
					label = "0"
				}
				s := strength * math.Sin(2*math.Pi*hertz*float64(n)/50)
				rows += fmt.Sprintf("%.2f,%.4f,%.4f,%.4f,%s\n", float64(n)/50, lean+0.02*rng.NormFloat64(), 1+s+0.02*rng.NormFloat64(), 0.4*s+0.02*rng.NormFloat64(), label)
				n++
			}
		}
		testkit.WriteFile(t, dir, "walks/"+name+".csv", []byte(rows))
	}
}

// makeForecasts leaves recordings/*.wav, of two waves at 100 Hz, and books/*.txt.
func makeForecasts(t testkit.TB, dir string) {
	for i := range 6 {
		x := make([]float32, 1500)
		for t := range x {
			x[t] = float32(0.4*math.Sin(0.3*float64(t)+float64(i)) + 0.2*math.Sin(0.11*float64(t)))
		}
		testkit.WriteFile(t, dir, fmt.Sprintf("recordings/%d.wav", i+1), testaudio.WAV(t, 100, 1, x, audio.Float32))
	}
	for i := range 3 {
		text := strings.Repeat("It was the cat that sat on the mat and ", 20+i) + "ended.\n"
		testkit.WriteFile(t, dir, fmt.Sprintf("books/%d.txt", i+1), []byte(text))
	}
}

// makeHeartbeats leaves ecg, eight synthetic patients, six to train on, and a WFDB record
// of two leads.
func makeHeartbeats(t testkit.TB, dir string) {
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
		testaudio.Write(t, dir, "ecg/"+name+".wav", 180, x)
		testkit.WriteFile(t, dir, "ecg/"+name+".beats.csv", []byte(table))
		splits += fmt.Sprintf("%s,%s\n", name, []string{"train", "test"}[i/6])
	}
	testkit.WriteFile(t, dir, "ecg/records.csv", []byte(splits))
	makeWFDB(t, dir)
}

func makeWFDB(t testkit.TB, dir string) {
	x, _ := ecgtest.Signal(ecgtest.Options{Rate: 180, Seconds: 20, Seed: 9, Noise: 0.02})
	var dat []byte
	var sum int16
	for _, v := range x {
		dat = binary.LittleEndian.AppendUint16(dat, uint16(int16(1000*v)))
		dat = binary.LittleEndian.AppendUint16(dat, 0)
		sum += int16(1000 * v)
	}
	header := fmt.Sprintf("w1 2 180 %d\nw1.dat 16 1000 16 0 %d %d 0 MLII\nw1.dat 16 1000 16 0 0 0 0 V1\n", len(x), int16(1000*x[0]), sum)
	testkit.WriteFile(t, dir, "ecg/w1.hea", []byte(header))
	testkit.WriteFile(t, dir, "ecg/w1.dat", dat)
}

// makeLeads leaves leads, three annotated WFDB records of two leads: h1 and h2 of the same
// ones, h3 of others.
func makeLeads(t testkit.TB, dir string) {
	for i, names := range [][2]string{{"MLII", "V1"}, {"MLII", "V1"}, {"V5", "V2"}} {
		x, beats := ecgtest.Signal(ecgtest.Options{Rate: 180, Seconds: 60, Seed: uint64(20 + i), Ventric: 0.2, Noise: 0.02})
		var dat, atr []byte
		var sums [2]int16
		for _, v := range x {
			for k, v := range [2]int16{int16(200 * v), int16(-90 * v)} {
				dat = binary.LittleEndian.AppendUint16(dat, uint16(v))
				sums[k] += v
			}
		}
		now := 0
		for _, b := range beats { // annot(5): a code, and the samples since the one before
			code := map[string]int{"N": 1, "V": 5}[b.Symbol]
			atr = binary.LittleEndian.AppendUint16(atr, uint16(code<<10|(b.Sample-now)))
			now = b.Sample
		}
		name := fmt.Sprintf("h%d", i+1)
		header := fmt.Sprintf("%s 2 180 %d\n", name, len(x))
		for k, lead := range names {
			header += fmt.Sprintf("%s.dat 16 200/mV 16 0 %d %d 0 %s\n", name, int16(binary.LittleEndian.Uint16(dat[2*k:])), sums[k], lead)
		}
		testkit.WriteFile(t, dir, "leads/"+name+".hea", []byte(header))
		testkit.WriteFile(t, dir, "leads/"+name+".dat", dat)
		testkit.WriteFile(t, dir, "leads/"+name+".atr", append(atr, 0, 0))
	}
}

// makeTables leaves sensors/slow and sensors/fast, tables of two channels, and one signal
// with a gap three times: as a.csv, as b.csv with its columns in another order, and as
// rows.csv as a.csv is.
func makeTables(t testkit.TB, dir string) {
	rng := rand.New(rand.NewPCG(3, 1))
	for i := range 8 {
		testkit.WriteFile(t, dir, fmt.Sprintf("sensors/slow/%d.csv", i), []byte("time,x [g],y [g]\n"+walk(rng, 0, 60, 1)))
		testkit.WriteFile(t, dir, fmt.Sprintf("sensors/fast/%d.csv", i), []byte("time,x [g],y [g]\n"+walk(rng, 0, 60, 5)))
	}
	rows := walk(rng, 0, 100, 5) + walk(rng, 7, 100, 5)
	turned := "y (g),label,x,time\n"
	for line := range strings.Lines(rows) {
		f := strings.Split(strings.TrimSpace(line), ",")
		turned += fmt.Sprintf("%s,none,%s,%s\n", f[2], f[1], f[0])
	}
	testkit.WriteFile(t, dir, "a.csv", []byte("time,x,y\n"+rows))
	testkit.WriteFile(t, dir, "b.csv", []byte(turned))
}

// walk is rows of a sensor at 50 Hz that shakes at a frequency, from a time on.
func walk(rng *rand.Rand, from float64, rows int, hertz float64) string {
	var b strings.Builder
	for i := range rows {
		at := from + float64(i)/50
		fmt.Fprintf(&b, "%.3f,%.3f,%.3f\n", at, math.Sin(2*math.Pi*hertz*at)+0.1*rng.NormFloat64(), 0.1*rng.NormFloat64())
	}
	return b.String()
}
