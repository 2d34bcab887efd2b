package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"inkling/stream/evaluate"
)

// WriteText writes the report for a terminal.
func (r Reading) WriteText(w io.Writer) error {
	var b strings.Builder
	writeHeading(&b, fmt.Sprintf("%d texts, %d characters, %.1f s", r.Texts, r.Characters, r.Seconds), r.Warnings)
	fmt.Fprintf(&b, "\n%-22s %.4f\n%-22s %s\n%-22s %s\n", "bits a character", float64(r.Bits), "most probable one came", r.Right, "without a code", r.Unknown)
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteHTML writes one page: the figures, and those of each text. It loads nothing and runs
// no script.
func (r Reading) WriteHTML(w io.Writer) error {
	s := &section{Title: "inkling: characters to come", Warnings: printables(r.Warnings), Heading: fmt.Sprintf("%s, %s", plural(r.Texts, "text"), plural(r.Characters, "character"))}
	s.about(r.About)
	s.Figures = []figure{{"bits a character", fmt.Sprintf("%.3f", float64(r.Bits)), "when the text is coded with the model's probabilities"},
		{"most probable one came", r.Right.String(), "of the characters"}, {"without a code", r.Unknown.String(), "of the characters: the model's alphabet does not have them"}}
	if r.SeenInTraining > 0 {
		s.Figures = append(s.Figures, figure{"seen in training", fmt.Sprint(r.SeenInTraining), "of the texts: the figures flatter"})
	}
	type textRow struct {
		File       string
		Characters int
		Bits       string
		Right      evaluate.Share
	}
	var texts []textRow
	rows := slices.SortedStableFunc(slices.Values(r.Rows), func(a, b evaluate.ReadingRow) int { return cmp.Compare(b.Bits, a.Bits) })
	for _, row := range rows[:min(len(rows), mostListed)] {
		texts = append(texts, textRow{printable(row.File), row.Characters, fmt.Sprintf("%.3f", float64(row.Bits)), row.Right})
	}
	return pages.ExecuteTemplate(w, "reading", map[string]any{"Title": s.Title, "Section": s, "Texts": texts})
}
