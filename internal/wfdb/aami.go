package wfdb

// Classes of heartbeats of ANSI/AAMI EC57 (Testing and reporting performance results of
// cardiac rhythm and ST segment measurement algorithms), table 1.
const (
	ClassN = "N" // any beat not below
	ClassS = "S" // supraventricular ectopic
	ClassV = "V" // ventricular ectopic
	ClassF = "F" // fusion of a ventricular and a normal beat
	ClassQ = "Q" // paced, fusion of a paced and a normal beat, unclassifiable
)

// classes maps PhysioNet's symbols of beats, as de Chazal, O'Dwyer and Reilly do
// (Automatic classification of heartbeats using ECG morphology and heartbeat interval
// features, IEEE Trans. Biomed. Eng. 51, 2004): bundle branch blocks and escapes of atrium
// and junction are N.
var classes = map[string]string{
	"N": ClassN, "L": ClassN, "R": ClassN, "B": ClassN, "e": ClassN, "j": ClassN,
	"A": ClassS, "a": ClassS, "J": ClassS, "S": ClassS, "n": ClassS,
	"V": ClassV, "E": ClassV, "r": ClassV,
	"F": ClassF,
	"/": ClassQ, "f": ClassQ, "Q": ClassQ, "?": ClassQ,
}

// Class returns the class of a symbol, or "" if it is not that of a beat.
func Class(symbol string) string { return classes[symbol] }
