package send

import (
	"image"

	"paravent/media/sfu"
)

// The bitrates and rates that pictures are sent with. Speech and faces at 30
// pictures a second need about 0.07 bits a pixel with VP8; text on a screen
// changes seldom and needs sharpness instead.
const (
	bitsPerPixel       = 0.07
	screenBitsPerPixel = 0.12
	leastBitrate       = 100_000
	mostBitrate        = 2_500_000

	// smallFPS is enough for a thumbnail, and what other LiveKit clients send.
	smallFPS = 20
)

// Layers returns the sizes in which a picture of the given size is sent, the
// smallest first: by halves down to a height of about 180, three at most, and
// one if the room cannot choose among several.
func Layers(size image.Point, fps float64, several, screen bool) []sfu.Layer {
	perPixel := bitsPerPixel
	if screen {
		perPixel = screenBitsPerPixel
	}
	var layers []sfu.Layer
	for w, h := size.X, size.Y; ; w, h = even(w/2), even(h/2) {
		l := sfu.Layer{Width: w, Height: h, FPS: fps}
		if len(layers) > 0 {
			l.FPS = min(fps, smallFPS)
		}
		l.Bitrate = min(max(int(float64(w*h)*l.FPS*perPixel), leastBitrate), mostBitrate)
		layers = append([]sfu.Layer{l}, layers...)
		if !several || screen || len(layers) == 3 || h/2 < 150 {
			return layers
		}
	}
}
