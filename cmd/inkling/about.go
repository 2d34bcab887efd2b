package main

import (
	"os"
	"strconv"
	"time"

	"inkling/model"
	"inkling/stream/evaluate"
)

// about says what a result of a model on data is about; m may be nil, and data "".
func about(name string, m *model.Model, data string) evaluate.About {
	b := evaluate.About{Data: data, Date: today()}
	if m != nil {
		b.Model, b.Hash = name, m.Hash()
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
