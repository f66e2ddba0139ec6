package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"paravent/media/capture"
	"paravent/media/soundcard"
	"paravent/ui/say"
)

// devices lists what could be opened. A machine without a sound system, or
// without a screen, still has the rest.
func devices(ctx context.Context, w io.Writer, asJSON bool) error {
	var (
		all  []capture.Device
		errs []error
	)
	for _, f := range []capture.Finder{cameras(), soundcard.Finder{}} {
		found, err := f.Devices(ctx)
		all, errs = append(all, found...), append(errs, err)
	}
	out := json.NewEncoder(w)
	for _, d := range all {
		if asJSON {
			if err := out.Encode(map[string]any{"kind": d.Kind, "id": d.ID, "label": say.Device(d), "default": d.Default}); err != nil {
				return err
			}
			continue
		}
		mark := ""
		if d.Default {
			mark = " (default)"
		}
		if _, err := fmt.Fprintf(w, "%s%s\n    %s\n", say.Device(d), mark, d.ID); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return errors.Join(errs...)
	}
	return nil
}
