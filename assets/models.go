// Package assets holds the files that travel inside the program. Where they
// come from and under which licence stands beside them.
package assets

import "embed"

//go:embed models/*.tflite models/room_gate.bin
var models embed.FS

// SegmentationModel returns the model that tells a person from the room, a
// TFLite file. The caller owns the copy.
func SegmentationModel() []byte { return model("selfie_segmentation_landscape.tflite") }

// FullRangeFaceModel returns the model that finds faces near and far, a TFLite
// file. The caller owns the copy.
func FullRangeFaceModel() []byte { return model("face_detection_full_range.tflite") }

// ShortRangeFaceModel returns the model that finds near faces, also those which
// the edge of the picture cuts, a TFLite file. The caller owns the copy.
func ShortRangeFaceModel() []byte { return model("face_detection_short_range.tflite") }

// RoomGateModel returns the network that tells near from far by ear, in the format of
// privacy/sound/net. The caller owns the copy.
func RoomGateModel() []byte { return model("room_gate.bin") }

func model(name string) []byte {
	b, err := models.ReadFile("models/" + name)
	if err != nil {
		panic(err) // the compiler embedded the file, so it is there
	}
	return b
}
