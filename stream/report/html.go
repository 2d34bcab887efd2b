package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"inkling/stream/evaluate"
	"io"
)

//go:embed report.html.tmpl
var reportTemplate string

// maxWrong is how many wrong examples an HTML report lists.
const maxWrong = 500

type htmlSection struct {
	Heading  string
	Warnings []string
	Figures  []figure
	Pictures []htmlPicture
	Classes  []htmlClass
	Wrong    []evaluate.Row
	More     int
	Rows     bool
}

type htmlPicture struct {
	Name, Caption string
	SVG           template.HTML
}

type htmlClass struct {
	Label                  string
	Examples               int
	Sensitivity, Precision evaluate.Share
	F1                     string
}

// WriteHTML writes the page of one report; see the function WriteHTML.
func (r Clips) WriteHTML(w io.Writer) error { return WriteHTML(w, "inkling: evaluation", r.Report) }

// WriteHTML writes one page with a section for every report: figures, charts as
// inline SVG, each label's figures, the wrong examples. The page stands alone:
// it loads nothing and runs no script.
func WriteHTML(w io.Writer, title string, reports ...*evaluate.Report) error {
	t, err := template.New("report").Parse(reportTemplate)
	if err != nil {
		return err
	}
	if len(reports) == 0 {
		return errors.New("there is no report to write")
	}
	var sections []htmlSection
	for _, r := range reports {
		s, err := newSection(Clips{r})
		if err != nil {
			return err
		}
		sections = append(sections, *s)
	}
	return t.Execute(w, map[string]any{"Title": printable(title), "Sections": sections})
}

func newSection(r Clips) (*htmlSection, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	s := &htmlSection{Heading: printable(r.Title), Figures: r.figures(), Wrong: r.Wrong(), Rows: len(r.Rows) > 0}
	if s.Heading == "" {
		s.Heading = fmt.Sprintf("%d %s", r.Examples, r.unit())
	}
	if n := len(s.Wrong); n > maxWrong {
		s.Wrong, s.More = s.Wrong[:maxWrong], n-maxWrong
	}
	for i := range s.Wrong {
		w := &s.Wrong[i]
		w.File, w.Truth, w.Confirmed, w.Running = printable(w.File), printable(w.Truth), printable(w.Confirmed), printable(w.Running)
	}
	for _, v := range r.Warnings {
		s.Warnings = append(s.Warnings, printable(v))
	}
	c := r.ConfusionMatrix()
	for k, l := range r.Labels {
		s.Classes = append(s.Classes, htmlClass{printable(l), c.Row(k), c.Sensitivity(k), c.Precision(k), decimal(c.F1(k))})
	}
	return s, s.pictures(r)
}

// add puts a drawing on the page.
func (s *htmlSection) add(f *drawing, name, caption string) error {
	var b bytes.Buffer
	if err := f.writeSVG(&b); err != nil {
		return err
	}
	_, svg, ok := bytes.Cut(b.Bytes(), []byte("<svg"))
	if !ok {
		return fmt.Errorf("%s: the drawing is no SVG", name)
	}
	s.Pictures = append(s.Pictures, htmlPicture{name, caption, template.HTML("<svg" + string(svg))})
	return nil
}

func (s *htmlSection) pictures(r Clips) error {
	if f, err := drawRunning(r); err == nil {
		if err := s.add(f, "Running accuracy", "How often the running label is right after so much of the segment; the triangle is the early label, at the mean part seen when it became final."); err != nil {
			return err
		}
	}
	if f, err := drawAfter(r); err == nil {
		if err := s.add(f, "Accuracy after N characters", "How often the running label is right after so many characters; shorter texts count with their last one."); err != nil {
			return err
		}
	}
	f, err := drawConfusion(r)
	if err != nil {
		return err
	}
	if err := s.add(f, "Confusion", "A row is the true label, a column the confirmed one. Colour is the share of the row."); err != nil {
		return err
	}
	if f, err := drawReliability(r); err == nil {
		return s.add(f, "Calibration", "How often answers of a probability are right, with 95 % intervals. Grey: how many answers have it. The error is the expected calibration error over 15 bins.")
	}
	return nil
}
