// Package ocr reads printed words out of pictures, with the program tesseract,
// so that tests can tell whether a text in a room could be read from what left.
// It is for tests only: no part of the client imports it.
package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"paravent/media/frame"
)

// ErrMissing is returned when tesseract is not installed.
var ErrMissing = errors.New("ocr: tesseract is not installed")

// Find returns those of words that can be read in the part of p, in the order of
// words. It tries the luma enlarged twice and three times, plain, stretched, and
// as black and white by a threshold for the whole and by local ones, each as one
// block of text and as scattered words; and stops once all are found. Case does
// not matter, and words of five letters and more may be misread by one letter.
//
// A reading takes about a second for 300×400 pixels, and there are 16.
func Find(ctx context.Context, p *frame.Picture, part image.Rectangle, words []string) ([]string, error) {
	if _, err := exec.LookPath("tesseract"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	luma := crop(p, part)
	if luma.Rect.Empty() {
		return nil, nil
	}
	found := make([]bool, len(words))
	for _, by := range []int{3, 2} {
		large := enlarge(luma, by)
		for _, v := range []*image.Gray{large, stretch(large), threshold(large), local(large)} {
			for _, mode := range []int{6, 11} {
				text, err := read(ctx, v, mode)
				if err != nil {
					return nil, err
				}
				mark(found, words, text)
				if !slices.Contains(found, false) {
					return words, nil
				}
			}
		}
	}
	var all []string
	for i, ok := range found {
		if ok {
			all = append(all, words[i])
		}
	}
	return all, nil
}

// read runs tesseract once, in the given mode of page segmentation: 6 is one
// block of text, 11 text without order.
func read(ctx context.Context, img *image.Gray, mode int) (string, error) {
	var in, problem bytes.Buffer
	fmt.Fprintf(&in, "P5 %d %d 255\n", img.Rect.Dx(), img.Rect.Dy())
	for y := range img.Rect.Dy() {
		in.Write(img.Pix[y*img.Stride:][:img.Rect.Dx()])
	}
	cmd := exec.CommandContext(ctx, "tesseract", "stdin", "stdout", "-l", "eng", "--dpi", "200", "--psm", strconv.Itoa(mode))
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	cmd.Stdin, cmd.Stderr = &in, &problem
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ocr: tesseract: %w: %s", err, strings.TrimSpace(problem.String()))
	}
	return string(out), nil
}

// mark sets found for the words that are in text.
func mark(found []bool, words []string, text string) {
	seen := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	for i, w := range words {
		w = strings.ToLower(w)
		for _, s := range seen {
			if s == w || len([]rune(w)) >= 5 && distance([]rune(s), []rune(w)) <= 1 {
				found[i] = true
			}
		}
	}
}

// distance is the number of letters to insert, delete or change (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		last := row[0] // of the row before, one to the left
		row[0] = i + 1
		for j, y := range b {
			d := last
			if x != y {
				d++
			}
			last = row[j+1]
			row[j+1] = min(d, row[j]+1, last+1)
		}
	}
	return row[len(b)]
}
