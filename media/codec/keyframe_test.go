package codec_test

import (
	"encoding/hex"
	"image"
	"strings"
	"testing"

	"paravent/media/codec"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// headers are starts of pictures, as written by libvpx, openh264, x264 and
// libaom, and by hand after the specifications.
func headers() []struct {
	what string
	name codec.Name
	data []byte
	key  bool
	size image.Point
} {
	type header = struct {
		what string
		name codec.Name
		data []byte
		key  bool
		size image.Point
	}
	return []header{
		{"VP8 keyframe", codec.VP8, unhex("10 02 00 9d 01 2a 40 01 b4 00"), true, image.Pt(320, 180)},
		{"VP8 keyframe, to be scaled up", codec.VP8, unhex("10 02 00 9d 01 2a 40 41 b4 80"), true, image.Pt(320, 180)},
		{"VP8 keyframe without a width", codec.VP8, unhex("10 02 00 9d 01 2a 00 00 b4 00"), false, image.Point{}},
		{"VP8 keyframe cut short", codec.VP8, unhex("10 02 00 9d 01 2a 40 01 b4"), false, image.Point{}},
		{"VP8 keyframe without start code", codec.VP8, unhex("10 02 00 9d 01 2b 40 01 b4 00"), false, image.Point{}},
		{"VP8 picture", codec.VP8, unhex("11 02 00 9d 01 2a 40 01 b4 00"), false, image.Point{}},

		{"VP9 keyframe", codec.VP9, unhex("82 49 83 42 00 13 f0 0b 30"), true, image.Pt(320, 180)},
		{"VP9 keyframe of profile 1", codec.VP9, unhex("a2 49 83 42 00 02 7e 01 66"), true, image.Pt(320, 180)},
		{"VP9 keyframe without sync code", codec.VP9, unhex("82 49 83 43 00 13 f0 0b 30"), false, image.Point{}},
		{"VP9 keyframe cut short", codec.VP9, unhex("82 49 83 42 00 13 f0"), false, image.Point{}},
		{"VP9 picture", codec.VP9, unhex("86 00 40 92 88 00"), false, image.Point{}},
		{"VP9 picture with a size of its own", codec.VP9, unhex("87 00 00 00 02 7e 01 66"), false, image.Pt(320, 180)},
		{"VP9 picture shown once more", codec.VP9, unhex("88"), false, image.Point{}},
		{"no VP9", codec.VP9, unhex("42 49 83 42 00 13 f0 0b 30"), false, image.Point{}},

		{
			"H.264 IDR, high profile in 720p", codec.H264,
			unhex("00000001 67 64 00 1f ac d9 40 50 05 bb 01 10 00 00 03 00 10 00 00 03 03 20 f1 83 19 60" +
				"00000001 68 eb e3 cb 22 c0 000001 65 88 84 00"),
			true, image.Pt(1280, 720),
		},
		{
			"H.264 parameters, high profile in 1080p", codec.H264,
			unhex("000001 67 64 00 28 ac d9 40 78 02 27 e5 84 00 00 03 00 04 00 00 03 00 f0 3c 60 c6 58"),
			false, image.Pt(1920, 1080),
		},
		{"H.264 IDR alone", codec.H264, unhex("000001 65 88 84 00"), true, image.Point{}},
		{"H.264 slice", codec.H264, unhex("000001 41 9a 00 65 88"), false, image.Point{}},
		{"H.264 without start code", codec.H264, unhex("65 88 84 00"), false, image.Point{}},
		{"H.264 with the forbidden bit", codec.H264, unhex("000001 e5 88 84 00"), false, image.Point{}},
		{"H.264 parameters cut short", codec.H264, unhex("000001 67 64 00 28 ac d9"), false, image.Point{}},

		{
			"AV1 key frame", codec.AV1,
			unhex("1200 0a0a 000000032dffcdaf9004 3204 10008000"), true, image.Pt(96, 64),
		},
		{
			"AV1 frame behind a sequence header", codec.AV1,
			unhex("1200 0a0a 000000032dffcdaf9004 3204 30008000"), false,
			image.Point{},
		},
		{"AV1 key frame without sequence header", codec.AV1, unhex("1200 32 04 10 00 00 00"), false, image.Point{}},
		{"AV1 with a size beyond the end", codec.AV1, unhex("1200 0aff 000000"), false, image.Point{}},
		{"AV1 with an endless size", codec.AV1, unhex("0a ffffffffffffffffffff 00"), false, image.Point{}},

		{"Opus", codec.Opus, []byte{0xf8}, true, image.Point{}},
		{"nothing known", codec.Name("h265"), unhex("000001 65"), false, image.Point{}},
	}
}

func TestAKeyframeIsToldByItsHeader(t *testing.T) {
	for _, h := range headers() {
		if got := codec.IsKeyframe(h.name, h.data); got != h.key {
			t.Errorf("%s: keyframe is %v", h.what, got)
		}
		size, ok := codec.Dimensions(h.name, h.data)
		if ok != (h.size != image.Point{}) || ok && size != h.size {
			t.Errorf("%s: size %v, %v; want %v", h.what, size, ok, h.size)
		}
	}
	for _, name := range []codec.Name{codec.VP8, codec.VP9, codec.H264, codec.AV1, codec.Opus} {
		if codec.IsKeyframe(name, nil) {
			t.Errorf("%s: nothing is a keyframe", name)
		}
	}
}

func TestLookingAtAHeaderAllocatesNothing(t *testing.T) {
	all := headers()
	if a := testing.AllocsPerRun(10, func() {
		for _, h := range all {
			codec.IsKeyframe(h.name, h.data)
			codec.Dimensions(h.name, h.data)
			codec.HasParameters(h.data)
		}
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func TestOnlyPicturesWithinBoundsFit(t *testing.T) {
	for size, want := range map[image.Point]bool{
		{1, 1}: true, {3840, 2160}: true, {4096, 4096}: true, {8192, 2048}: true, {5120, 2880}: true,
		{}: false, {-1, -1}: false, {8193, 16}: false, {8192, 2049}: false, {1 << 40, 1 << 40}: false,
	} {
		if codec.Fits(size) != want {
			t.Errorf("%v fits: %v", size, !want)
		}
	}
}

func TestSmallPicturesGetOneThread(t *testing.T) {
	if n := codec.Threads(image.Pt(640, 360)); n != 1 {
		t.Errorf("640×360 gets %d threads", n)
	}
	if n := codec.Threads(image.Pt(3840, 2160)); n < 1 || n > 4 {
		t.Errorf("3840×2160 gets %d threads", n)
	}
}

func FuzzIsKeyframe(f *testing.F) {
	for _, h := range headers() {
		f.Add(string(h.name), h.data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		key := codec.IsKeyframe(codec.Name(name), data)
		size, ok := codec.Dimensions(codec.Name(name), data)
		if ok && (size.X <= 0 || size.Y <= 0) {
			t.Errorf("size %v", size)
		}
		if n := codec.Name(name); key && !ok && (n == codec.VP8 || n == codec.VP9 || n == codec.AV1) {
			t.Error("a keyframe without a size")
		}
		codec.HasParameters(data)
	})
}
