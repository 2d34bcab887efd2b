package report_test

import (
	"log"
	"os"
	"path/filepath"

	"inkling/stream/evaluate"
	"inkling/stream/report"
)

// result returns what evaluate.Run returns for a model without a running head.
func result() *evaluate.Report {
	return evaluate.NewReport([]string{"flute", "piano"}, []evaluate.Outcome{
		{File: "a.wav", Truth: 0, Confirmed: 0, Steps: 40, Probs: []float32{0.9, 0.1}},
		{File: "b.wav", Truth: 1, Confirmed: 1, Steps: 50, Probs: []float32{0.2, 0.8}},
		{File: "c.wav", Truth: 1, Confirmed: 0, Steps: 60, Probs: []float32{0.6, 0.4}},
	}, false)
}

// Write a result for a terminal.
func ExampleClips() {
	if err := (report.Clips{Report: result()}).WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 3 examples, 2 labels, 0.0 s
	//
	// confirmed            66.7 %   95 % interval 20.8 % to 93.9 %; always naming “piano”: 66.7 %
	// macro F1              0.667   mean over the labels
	// calibration error     0.300   of the confirmed label's probability
	// seen in training          0   none of them was trained on
	//
	// label  examples  sensitivity  precision     F1
	// flute         1      100.0 %     50.0 %  0.667
	// piano         2       50.0 %    100.0 %  0.667
	//
	// confusion: a row is the true label, a column the confirmed one
	//        flute  piano
	// flute      1      ·
	// piano      1      1
}

// Write a result as a page, and its confusion matrix as a picture.
func ExampleConfusion() {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	page, err := os.Create(filepath.Join(dir, "report.html"))
	if err != nil {
		log.Fatal(err)
	}
	defer page.Close()
	r := result()
	if err := (report.Clips{Report: r}).WriteHTML(page); err != nil {
		log.Fatal(err)
	}
	if err := report.Confusion(r, filepath.Join(dir, "confusion.png")); err != nil {
		log.Fatal(err)
	}
	// Output:
}
