// Package scene makes pictures of a person in front of a room, for tests and measurements of
// what becomes of a background. The person and one of the rooms are photographs of privacy/picture/synth. It uses nothing else of the
// client, so that what it tells does not change with it.
package scene

import (
	"image"
	"image/color"

	"paravent/privacy/picture/synth"
)

// A Person is a photograph of somebody, cut out, at one size.
type Person struct {
	picture *image.YCbCr
	alpha   []byte // how much of each pixel is the person: 255 is all
}

// LoadPerson returns the person, so many pixels wide.
func LoadPerson(width int) (*Person, error) {
	img, err := synth.Image("person.jpg")
	if err != nil {
		return nil, err
	}
	cut, err := synth.Image("person_alpha.png")
	if err != nil {
		return nil, err
	}
	height := width * img.Bounds().Dy() / img.Bounds().Dx()
	p := &Person{picture: scaled(img, img.Bounds(), width, height), alpha: make([]byte, width*height)}
	b := cut.Bounds()
	for y := range height {
		for x := range width {
			at := cut.At(b.Min.X+x*b.Dx()/width, b.Min.Y+y*b.Dy()/height)
			p.alpha[y*width+x] = color.GrayModel.Convert(at).(color.Gray).Y
		}
	}
	return p, nil
}

// LoadRoom returns the photograph of a room, cut to fill w×h pixels.
func LoadRoom(w, h int) (*image.YCbCr, error) {
	img, err := synth.Image("home.jpg")
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	if b.Dx()*h > b.Dy()*w {
		b.Max.X = b.Min.X + b.Dy()*w/h
	} else {
		b.Max.Y = b.Min.Y + b.Dx()*h/w
	}
	return scaled(img, b, w, h), nil
}

// Size is the person's in pixels.
func (p *Person) Size() image.Point { return p.picture.Rect.Size() }

// Stand puts the person into dst, their upper left corner at the given place, which is moved to even numbers.
func (p *Person) Stand(dst *image.YCbCr, at image.Point) {
	at.X, at.Y = at.X&^1, at.Y&^1
	whole := p.picture.Rect.Add(at).Intersect(dst.Rect)
	for y := whole.Min.Y; y < whole.Max.Y; y++ {
		for x := whole.Min.X; x < whole.Max.X; x++ {
			from := image.Pt(x, y).Sub(at)
			a := p.alpha[from.Y*p.picture.Rect.Dx()+from.X]
			mix(&dst.Y[dst.YOffset(x, y)], p.picture.Y[p.picture.YOffset(from.X, from.Y)], a)
			if x%2 == 0 && y%2 == 0 {
				i, j := dst.COffset(x, y), p.picture.COffset(from.X, from.Y)
				mix(&dst.Cb[i], p.picture.Cb[j], a)
				mix(&dst.Cr[i], p.picture.Cr[j], a)
			}
		}
	}
}

func mix(dst *byte, src, a byte) {
	*dst = byte((int(*dst)*(255-int(a)) + int(src)*int(a) + 127) / 255)
}

// scaled returns the part b of img as w×h pixels in limited range, each the mean of those that fall into it, or the nearest.
func scaled(img image.Image, b image.Rectangle, w, h int) *image.YCbCr {
	out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for y := range h {
		for x := range w {
			c := mean(img, image.Rect(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h, b.Min.X+(x+1)*b.Dx()/w, b.Min.Y+(y+1)*b.Dy()/h))
			out.Y[out.YOffset(x, y)] = limited(c.Y, 219)
			if x%2 == 0 && y%2 == 0 {
				i := out.COffset(x, y)
				out.Cb[i], out.Cr[i] = limited(c.Cb, 224), limited(c.Cr, 224)
			}
		}
	}
	return out
}

// mean averages at least one pixel.
func mean(img image.Image, r image.Rectangle) color.YCbCr {
	r.Max.X, r.Max.Y = max(r.Max.X, r.Min.X+1), max(r.Max.Y, r.Min.Y+1)
	var sum [3]uint32
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			sum[0] += red >> 8
			sum[1] += green >> 8
			sum[2] += blue >> 8
		}
	}
	n := uint32(r.Dx() * r.Dy())
	y, cb, cr := color.RGBToYCbCr(byte(sum[0]/n), byte(sum[1]/n), byte(sum[2]/n))
	return color.YCbCr{Y: y, Cb: cb, Cr: cr}
}

// limited turns a value of JPEG's full range into one of video's (ITU-R BT.601): luma spans 219 steps from 16 on, chroma 224 around 128.
func limited(v byte, span int) byte { return byte(16 + (int(v)*span+127)/255) }
