package evaluate

import "time"

// About says what a result, a page or a picture is about. The caller knows; what is empty
// is left out.
type About struct {
	Model string    `json:"model,omitempty"`      // its name or file
	Hash  string    `json:"model_hash,omitempty"` // as model.Model.Hash gives it
	Data  string    `json:"data,omitempty"`       // their name or place
	Date  time.Time `json:"date,omitzero"`        // on which it was made
	Card  string    `json:"-"`                    // the model described, for pages
}
