//go:build !nowindow

package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// palette holds the colours. Text on each ground has a contrast of at least
// 4.5 to 1 (WCAG 2.1, 1.4.3), and no colour says what no word says.
type palette struct {
	ground, panel, raised, line color.NRGBA
	dark                        color.NRGBA // behind pictures
	text, quiet                 color.NRGBA
	accent, alert, alertGround  color.NRGBA
	danger, speaks, veil        color.NRGBA
}

func colours() palette {
	return palette{
		ground: rgb(0x11161d), panel: rgb(0x181f29), raised: rgb(0x243040), line: rgb(0x33415a),
		dark: rgb(0x080b10),
		text: rgb(0xedf1f6), quiet: rgb(0xa9b6c6),
		accent: rgb(0x2563c9), alert: rgb(0xffc857), alertGround: rgb(0x3b2c07),
		danger: rgb(0xb3261e), speaks: rgb(0x63e6a8), veil: color.NRGBA{8, 11, 16, 0xc8},
	}
}

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: byte(v >> 16), G: byte(v >> 8), B: byte(v), A: 0xff}
}

// night is the window's theme: dark whatever the desktop has, so that pictures
// are what one looks at.
type night struct{ fyne.Theme }

func newTheme() fyne.Theme { return night{theme.DefaultTheme()} }

func (n night) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	p := colours()
	switch name {
	case theme.ColorNameBackground:
		return p.ground
	case theme.ColorNameForeground:
		return p.text
	case theme.ColorNamePlaceHolder, theme.ColorNameDisabled:
		return p.quiet
	case theme.ColorNameButton, theme.ColorNameDisabledButton, theme.ColorNameInputBackground, theme.ColorNameHeaderBackground:
		return p.raised
	case theme.ColorNameOverlayBackground, theme.ColorNameMenuBackground:
		return p.panel
	case theme.ColorNameInputBorder, theme.ColorNameSeparator:
		return p.line
	case theme.ColorNamePrimary:
		return p.accent
	case theme.ColorNameFocus:
		return color.NRGBA{R: p.alert.R, G: p.alert.G, B: p.alert.B, A: 0x90}
	}
	return n.Theme.Color(name, theme.VariantDark)
}

// The sizes of text.
const (
	textSize  = 14
	smallSize = 12
)

func (n night) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return textSize
	case theme.SizeNameCaptionText:
		return smallSize
	case theme.SizeNameInnerPadding:
		return 6
	case theme.SizeNameLineSpacing:
		return 3
	}
	return n.Theme.Size(name)
}
