// Package assets holds the files that travel inside the program. Where they
// come from and under which licence stands beside them.
package assets

import "embed"

//go:embed models/selfie_segmentation_landscape.tflite
var models embed.FS

// SegmentationModel returns the model that tells a person from the room, a
// TFLite file. The caller owns the copy.
func SegmentationModel() []byte {
	b, err := models.ReadFile("models/selfie_segmentation_landscape.tflite")
	if err != nil {
		panic(err) // the compiler embedded the file, so it is there
	}
	return b
}
