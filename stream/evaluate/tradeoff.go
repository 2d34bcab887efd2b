package evaluate

// A TradeOff is what thresholds can give on a stream: recall against false alarms an
// hour.
type TradeOff struct {
	Curve         []TradePoint // from the strictest thresholds on
	Before, After TradePoint
	Hours         float64 // of the stream
	Budget        float64 // false alarms an hour; negative: none
	Recall        float64 // least; 0: none
}

// A TradePoint is one place of it.
type TradePoint struct{ FalseAlarms, Recall float64 }
