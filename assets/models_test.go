package assets_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"paravent/assets"
)

func TestTheReadmeAndTheNoticeNameTheChecksumOfEveryModel(t *testing.T) {
	readme, err := os.ReadFile("models/README.md")
	if err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile("../NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	for name, model := range map[string][]byte{
		"selfie_segmentation_landscape.tflite": assets.SegmentationModel(),
		"face_detection_full_range.tflite":     assets.FullRangeFaceModel(),
		"face_detection_short_range.tflite":    assets.ShortRangeFaceModel(),
		"room_gate.bin":                        assets.RoomGateModel(),
	} {
		sum := sha256.Sum256(model)
		text := hex.EncodeToString(sum[:])
		if !strings.Contains(string(readme), "| `"+name+"` |") || !strings.Contains(string(readme), text) {
			t.Errorf("models/README.md does not name %s with %s", name, text)
		}
		if !strings.Contains(string(notice), text) {
			t.Errorf("NOTICE does not name %s", text)
		}
	}
}

func TestEveryModelIsOneOfThoseInTheReadme(t *testing.T) {
	files, err := os.ReadDir("models")
	if err != nil {
		t.Fatal(err)
	}
	models := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".md") {
			models++
		}
	}
	if models != 4 {
		t.Errorf("%d models are embedded", models)
	}
}
