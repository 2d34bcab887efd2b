//go:build !edge

package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"inkling/model"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

// about says what a result of a model on data is about; m may be nil, and data "".
func about(name string, m *model.Model, data string) evaluate.About {
	b := evaluate.About{Data: data, Date: today()}
	if m != nil {
		var card strings.Builder
		report.Model(&card, name, m)
		b.Model, b.Hash, b.Card = name, m.Hash(), card.String()
	}
	return b
}

// today returns the time, or that of SOURCE_DATE_EPOCH, for files that are equal whenever
// they are made (reproducible-builds.org/specs/source-date-epoch).
func today() time.Time {
	if s, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(s, 0).UTC()
	}
	return time.Now().UTC().Truncate(time.Second)
}
