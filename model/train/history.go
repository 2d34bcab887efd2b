package train

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// Row is what one epoch left. Accuracies are shares; those of validation are
// NaN without one, as are those of a head that the network does not have.
type Row struct {
	Epoch, Updates             int
	LR, Norm                   float64 // learning rate; mean norm of the gradient before clipping
	Loss                       float64 // training, augmented
	Confirm, Running           float64 // training accuracies under augmentation
	ValidLoss                  float64
	ValidConfirm, ValidRunning float64
	Majority                   int     // predictions of the most predicted class in validation
	Validated                  int     // examples of validation
	Seconds                    float64 // of training so far; not in the model
}

var columns = []string{"epoch", "updates", "lr", "norm", "loss", "confirm", "running",
	"valid_loss", "valid_confirm", "valid_running", "seconds"}

// WriteCSV writes rows with a header line: epoch, updates, lr, norm, loss,
// confirm, running, valid_loss, valid_confirm, valid_running, seconds.
func WriteCSV(w io.Writer, rows []Row) error {
	c := csv.NewWriter(w)
	if err := c.Write(columns); err != nil {
		return err
	}
	for _, r := range rows {
		rec := []string{strconv.Itoa(r.Epoch), strconv.Itoa(r.Updates)}
		for _, v := range []float64{r.LR, r.Norm, r.Loss, r.Confirm, r.Running, r.ValidLoss, r.ValidConfirm, r.ValidRunning} {
			rec = append(rec, fmt.Sprintf("%.6g", v))
		}
		if err := c.Write(append(rec, fmt.Sprintf("%.2f", r.Seconds))); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
