//go:build !nowindow

package window

import (
	"errors"
	"io"
	"log"
	"os"
	"runtime"

	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.3/glfw"
)

// probe returns ErrNoDisplay where a window cannot be opened or cannot draw;
// asked later, Fyne would end the program. It must run on the main goroutine.
func probe(getenv func(string) string) (err error) {
	if !mayHaveDisplay(runtime.GOOS, getenv) {
		return ErrNoDisplay
	}
	// Asked in vain, glfw logs by itself and then panics.
	out := log.Writer()
	log.SetOutput(io.Discard)
	defer log.SetOutput(out)
	defer func() {
		if recover() != nil {
			err = ErrNoDisplay
		}
	}()
	if err := glfw.Init(); err != nil {
		return errors.Join(ErrNoDisplay, err)
	}
	glfw.WindowHint(glfw.Visible, glfw.False)
	w, err := glfw.CreateWindow(16, 16, "", nil, nil)
	glfw.DefaultWindowHints()
	if err != nil || w == nil {
		return errors.Join(ErrNoDisplay, err)
	}
	w.Destroy()
	return nil
}

// mayHaveDisplay reads the environment. Windows and macOS have no word for it
// there.
func mayHaveDisplay(goos string, getenv func(string) string) bool {
	switch goos {
	case "windows", "darwin":
		return true
	}
	return getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != ""
}

// onMinimised calls f, on the drawing goroutine, when w is minimised and when it
// comes back. Fyne has no word for that.
func onMinimised(w fyne.Window, f func(bool)) {
	inside, ok := w.(interface{ RunWithContext(func()) })
	if !ok {
		return
	}
	inside.RunWithContext(func() {
		glfw.GetCurrentContext().SetIconifyCallback(func(_ *glfw.Window, iconified bool) { f(iconified) })
	})
}

func environment(name string) string { return os.Getenv(name) }
