package dataset

import "testing"

func TestOnlyAndCrops(t *testing.T) {
	s := &Set{Labels: []string{"a", "b", "c"}, Channels: 2, Rate: 10}
	for i := range 6 {
		s.Examples = append(s.Examples, Example{Name: string(rune('p' + i)), Label: i % 3, Samples: make([]float32, 2*25)})
	}
	two, err := s.Only([]string{"c", "a"})
	if err != nil || len(two.Examples) != 4 || two.Labels[1] != "c" {
		t.Fatalf("%+v %v", two, err)
	}
	for _, e := range two.Examples {
		if want := map[string]int{"p": 0, "s": 0, "r": 1, "u": 1}[e.Name]; e.Label != want {
			t.Errorf("%s has label %d", e.Name, e.Label)
		}
	}
	if _, err := s.Only([]string{"d"}); err == nil {
		t.Error("an unknown label was taken")
	}
	crops, err := s.Crops(1)
	if err != nil || len(crops.Examples) != 12 || crops.Examples[1].Name != "p@1" || len(crops.Examples[1].Samples) != 20 || crops.Examples[1].Group != "p" {
		t.Fatalf("%+v %v", crops, err)
	}
	if whole, err := s.Crops(3); err != nil || len(whole.Examples) != 6 {
		t.Errorf("examples shorter than a crop: %v", err)
	}
	if _, err := s.Crops(0); err == nil {
		t.Error("crops of nothing were taken")
	}
}
