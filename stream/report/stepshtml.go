package report

import (
	"html/template"
	"io"
)

type stepsPage struct {
	Title, Heading string
	Warnings       []string
	Figures        []figure
	Pictures       []htmlPicture
	Classes        []htmlClass
}

// WriteHTML writes one page: figures, the labels over time and the confusion as inline
// SVG, each label's figures. It loads nothing and runs no script.
func (r Steps) WriteHTML(w io.Writer) error {
	t, err := template.New("page").Parse(reportTemplate)
	if err != nil {
		return err
	}
	p := &stepsPage{Title: printable(r.Title), Heading: r.heading(), Figures: r.figures()}
	if p.Title == "" {
		p.Title = "inkling: evaluation step by step"
	}
	for _, v := range r.Warnings {
		p.Warnings = append(p.Warnings, printable(v))
	}
	c := r.Matrix
	for k, l := range r.Labels {
		p.Classes = append(p.Classes, htmlClass{printable(l), c.Row(k), c.Sensitivity(k), c.Precision(k), decimal(c.F1(k))})
	}
	var s htmlSection
	if err := s.add(drawStrips(r), "Labels over time", "Of each recording, a dozen at most: the true label above, the running one below; white: none."); err != nil {
		return err
	}
	confusion, err := drawConfusion(r.confused())
	if err != nil {
		return err
	}
	if err := s.add(confusion, "Confusion", "Of steps. A row is the true label, a column the running one. Colour is the share of the row."); err != nil {
		return err
	}
	p.Pictures = s.Pictures
	return t.ExecuteTemplate(w, "steps", p)
}
