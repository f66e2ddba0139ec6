package faults

import (
	"image"
	"math"
	"slices"
	"sync"

	"paravent/cmd/internal/scene"
	"paravent/media/frame"
)

// A judge tells how much of the raw room is seen in pictures of any size.
//
// It compares the picture with the board in tiles of 4×4 fields where there is never a person. A tile's score is the share of the board's
// contrast that it has, from 0 to 1; a picture's is that of its clearest tile. So a single tile that is a quarter raw is seen.
type judge struct {
	mu     sync.Mutex // guards everything that follows
	tiles  map[image.Point][]image.Rectangle
	scores []float64 // of all pictures judged
}

// tile is the side of a tile in a picture of the usual size.
const tile = 32

// smallest is the size below which a picture shows no fields.
const smallest = 64

// score judges p and keeps the result.
func (j *judge) score(p *frame.Picture) float64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	size := p.Size()
	clearest := 0.0
	if size.X >= smallest && size.Y >= smallest/2 {
		for _, r := range j.tilesOf(size) {
			clearest = max(clearest, contrast(p.Image, r, size))
		}
	}
	j.scores = append(j.scores, clearest)
	return clearest
}

// contrast is how much of the board is in the part r of img.
func contrast(img *image.YCbCr, r image.Rectangle, size image.Point) float64 {
	var light, dark, lights, darks float64
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			v := float64(img.Y[img.YOffset(x, y)])
			if scene.Light(x, y, size) {
				light += v
				lights++
			} else {
				dark += v
				darks++
			}
		}
	}
	return math.Abs(light/lights-dark/darks) / (scene.LightField - scene.DarkField)
}

// tilesOf must be called with mu held.
func (j *judge) tilesOf(size image.Point) []image.Rectangle {
	if t := j.tiles[size]; t != nil {
		return t
	}
	// The person's box, and what a mask may take for person around it.
	const margin = 16
	person := image.Rect(personX-sway-margin, personY-margin, personX+personWide+sway+margin, height)
	var all []image.Rectangle
	for y := 0; y+tile <= height; y += tile / 2 {
		for x := 0; x+tile <= width; x += tile / 2 {
			if r := image.Rect(x, y, x+tile, y+tile); !r.Overlaps(person) {
				all = append(all, image.Rect(r.Min.X*size.X/width, r.Min.Y*size.Y/height, r.Max.X*size.X/width, r.Max.Y*size.Y/height))
			}
		}
	}
	if j.tiles == nil {
		j.tiles = make(map[image.Point][]image.Rectangle)
	}
	j.tiles[size] = all
	return all
}

// all returns the scores of all pictures judged, the smallest first.
func (j *judge) all() []float64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Sorted(slices.Values(j.scores))
}

// seen is how many pictures were judged.
func (j *judge) seen() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.scores)
}

// A sink passes pictures to a function.
type sink func(*frame.Picture)

func (s sink) Show(p *frame.Picture) { s(p) }
