//go:build nowindow

// Package window is left out of this build.
package window

import (
	"context"

	"paravent/ui/view"
)

// Run returns ErrNoWindow.
func Run(context.Context, view.Call, Options) error { return ErrNoWindow }
