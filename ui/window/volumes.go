//go:build !nowindow

package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/ui/command"
	"paravent/ui/say"
)

// Volumes are the card with a slider for every other member. They belong to the
// drawing goroutine.
type volumes struct {
	face *face
	box  *fyne.Container
	rows map[sfu.MemberID]*volumeRow
	ids  []sfu.MemberID
}

type volumeRow struct {
	name   *widget.Label
	slider *widget.Slider
	says   *canvas.Text
	mute   *button
}

// showVolumes opens the card, or closes it.
func (f *face) showVolumes() {
	if f.over {
		return
	}
	if f.volumes != nil {
		f.hideCard()
		return
	}
	v := &volumes{face: f, box: container.NewVBox(), rows: map[sfu.MemberID]*volumeRow{}}
	v.set(f.state)
	f.popUp(say.EnglishWindow().Volumes, v.box, f.hideCard)
	f.volumes = v
}

// set shows who is there and how loud they are heard.
func (v *volumes) set(s call.State) {
	var ids []sfu.MemberID
	for _, m := range s.Roster {
		if m.ID != s.Self && len(ids) < maxRows {
			ids = append(ids, m.ID)
		}
	}
	if !slices.Equal(ids, v.ids) || len(ids) == 0 {
		v.ids = ids
		v.box.RemoveAll()
		if len(ids) == 0 {
			v.box.Add(words(say.EnglishWindow().Alone, colours().text, textSize, false))
		}
		for _, id := range ids {
			v.box.Add(v.row(id))
		}
	}
	w := say.EnglishWindow()
	for _, id := range ids {
		row, volume := v.rows[id], s.Volume(id)
		row.name.SetText(short(s.Name(id)))
		row.says.Text = say.English().Volume(volume.Percent, volume.Muted)
		row.says.Refresh()
		if row.slider.Value != float64(volume.Percent) {
			row.slider.Value = float64(volume.Percent) // SetValue would tell it as the person's wish
			row.slider.Refresh()
		}
		if volume.Muted {
			row.mute.set(w.Unmute, active)
		} else {
			row.mute.set(w.Mute, plain)
		}
	}
}

func (v *volumes) row(id sfu.MemberID) fyne.CanvasObject {
	f := v.face
	r := &volumeRow{name: widget.NewLabel(""), slider: widget.NewSlider(0, call.MostPercent), says: words("", colours().quiet, smallSize+1, false)}
	r.name.Truncation, r.name.TextStyle.Bold = fyne.TextTruncateEllipsis, true
	r.slider.Step = command.VolumeStep
	r.slider.OnChanged = func(percent float64) { f.out.loud(id, call.Volume{Percent: int(percent)}) }
	r.mute = f.newButton(say.EnglishWindow().Mute, "", plain, func() {
		volume := f.state.Volume(id)
		volume.Muted = !volume.Muted
		f.out.loud(id, volume)
	})
	v.rows[id] = r
	return container.NewBorder(container.NewBorder(nil, nil, nil, container.NewCenter(r.says), r.name), nil, nil, r.mute, r.slider)
}
