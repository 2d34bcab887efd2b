package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"

	"inkling/stream/evaluate"
)

//go:embed report.html.tmpl
var pageText string

var pages = template.Must(template.New("page").Parse(pageText))

// mostListed is the greatest number of wrong answers that a page lists.
const mostListed = 500

// A section is the part of a page that shows one result.
type section struct {
	Title    string // of the page
	About    []string
	Card     string
	Heading  string
	Warnings []string
	Figures  []figure
	Pictures []picture
	Labels   []labelRow
	Unit     string // what the labels count

	Wrong    []evaluate.Row // Clips
	Rows     bool           // Clips: whether the result holds its examples
	More     int            // wrong answers that are not listed
	Examples *cellTable     // Clips: nil without their signals
	Cutouts  []cutoutList   // Stream, Steps

	err error // of the first picture that failed
}

type picture struct {
	Name, Caption string
	SVG           template.HTML
}

// A labelRow holds the figures of one label.
type labelRow struct {
	Label                  string
	Count                  int
	Sensitivity, Precision evaluate.Share
	F1                     string
}

// WriteHTML writes one page with a section for every report: figures, charts as inline
// SVG, the examples in each cell of the confusion to be heard and seen, each label's
// figures, the wrong examples. The page stands alone: it loads nothing, and can be read and
// heard without its script.
func WriteHTML(w io.Writer, title string, reports ...*evaluate.Report) error {
	if len(reports) == 0 {
		return errors.New("there is no report to write")
	}
	var sections []*section
	plays := false
	for i, r := range reports {
		s, err := Clips{r}.section(i)
		if err != nil {
			return err
		}
		sections = append(sections, s)
		plays = plays || s.Examples != nil
	}
	return pages.ExecuteTemplate(w, "clips", map[string]any{"Title": printable(title), "Sections": sections, "Plays": plays})
}

// about puts what the section is about on the page.
func (s *section) about(a evaluate.About) {
	s.About, s.Card = aboutParts(a), a.Card
}

// optional returns nil for a drawing that a result has no data for.
func optional(d *drawing, err error) *drawing {
	if err != nil {
		return nil
	}
	return d
}

// add puts a drawing on the page unless it is nil.
func (s *section) add(d *drawing, name, caption string) {
	if d == nil || s.err != nil {
		return
	}
	var b bytes.Buffer
	if s.err = d.writeSVG(&b); s.err != nil {
		return
	}
	_, svg, ok := bytes.Cut(b.Bytes(), []byte("<svg"))
	if !ok {
		s.err = fmt.Errorf("%s: the drawing is no SVG", name)
		return
	}
	s.Pictures = append(s.Pictures, picture{name, caption, template.HTML("<svg" + string(svg))})
}
