package report

import (
	"fmt"
	"io"
	"strings"

	"inkling/stream/evaluate"
)

// WriteText writes the report for a terminal.
func (r Forecasts) WriteText(w io.Writer) error {
	var b strings.Builder
	writeHeading(&b, fmt.Sprintf("%d recordings, %d steps of %d values, %.1f s", r.Recordings, r.Steps, r.Values, r.Seconds), r.Warnings)
	fmt.Fprintf(&b, "\n%-18s %10s %10s %10s   %10s %10s %10s\n", "error", "rmse", "naive", "", "mae", "naive", "")
	for _, h := range r.Ahead {
		name := fmt.Sprintf("%d steps ahead", h.Steps)
		if h.Steps == 1 {
			name = "one step ahead"
		}
		writeDistance(&h.Distance, &b, name)
		for _, d := range h.Channels {
			writeDistance(&d.Distance, &b, "  "+short(printable(d.Name), 16))
		}
	}
	for i, q := range r.Quantiles {
		if i == 0 {
			b.WriteString("\nvalues at or below the quantile, one step ahead\n")
		}
		fmt.Fprintf(&b, "%-18g %9.2f %%\n", q.Level, 100*float64(q.Below))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeDistance(d *evaluate.Distance, b *strings.Builder, name string) {
	share := func(x, of evaluate.Number) string {
		if of == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f %%", 100*float64(x/of))
	}
	fmt.Fprintf(b, "%-18s %10.4g %10.4g %10s   %10.4g %10.4g %10s\n", name, float64(d.RMSE), float64(d.NaiveRMSE), share(d.RMSE, d.NaiveRMSE),
		float64(d.MAE), float64(d.NaiveMAE), share(d.MAE, d.NaiveMAE))
}
