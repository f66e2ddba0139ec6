package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/media/call"
	"paravent/media/codec"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/loopback"
	"paravent/media/soundcard"
	"paravent/privacy/policy"
)

func newRehearse(book rulebook) *cobra.Command {
	person, loadErr := book.person, book.broken
	settings := person.Join
	chosen := settings
	chosen.Speaker = ""
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "See and hear what the others would, without a network",
		Long: `See and hear what the others would: your picture goes through the filters, the
encoder and a decoder, and then onto the screen, with what there is to say about
it. Nothing leaves this machine: there is no server, and no socket is opened.

"3 % of your room can be made out" is what an attacker inside the program put
together from your pictures since the camera was opened: the share of the room's
details, of those that the camera saw hidden once. It says nothing of what is
shown all the time, such as a sheet of paper taken for a part of you, nor of what
a better attacker could do.

The keys are those of a call: c camera, m microphone, o show what you hold up,
q leave. r records ten seconds of what the others would hear, plays them to you,
and deletes them. Without --speaker only that is played; with it you also hear
yourself at once.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if loadErr != nil {
				return loadErr
			}
			if err := chosen.Choices(); err != nil {
				return err
			}
			rules, err := book.holds(cmd, &chosen)
			if err != nil {
				return err
			}
			return rehearse(cmd.Context(), chosen, settings, rules.Policy)
		},
	}
	addCallFlags(cmd, &chosen, settings)
	cmd.Flags().StringVar(&chosen.Speaker, "speaker", "", "where you hear yourself at once: a device or file:PATH.wav, with a headset; off: nothing is played (default: only what you record)")
	return cmd
}

// rehearse is a call with an echo inside this program. It is made without the
// network that join makes, so there is no way out.
func rehearse(ctx context.Context, chosen, settings config.Join, rules policy.Policy) (err error) {
	began := time.Now()
	log := slog.New(slog.DiscardHandler)
	m, hears, err := newRehearsalMachine(ctx, chosen, settings, rules, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.tryOut(ctx, chosen); err != nil {
		return err
	}
	session, err := loopback.New().Join(ctx, sfu.Room{Name: loopback.Echo}, sfu.Pass{DisplayName: "you"}, sfu.Kit{Log: log})
	if err != nil {
		return err
	}
	if f := face(chosen.Face); f == config.Line || f == config.JSON {
		chosen.Watch = "all" // or nothing would decode the pictures
	}
	c := call.New(sealed.Plain(session), call.Settings{
		Camera: deviceOf(chosen.Camera, settings.Camera), Screen: settings.Screen,
		Wish: m.wish, Codec: codec.Name(chosen.Codec), Sound: m.sound, Policy: rules,
		Background: m.background, Gate: m.gate,
		StartCamera: chosen.Camera != soundcard.Off, StartMicrophone: chosen.Microphone != soundcard.Off && !chosen.Push(), PushToTalk: chosen.Push(),
		Rehearsal: true, AwayMutes: chosen.Away == "mute", Began: began,
	}, m.equipment)
	if !hears {
		c.SetVolume(loopback.Echo, call.Volume{Percent: 100, Muted: true})
	}
	return attend(ctx, c, m, &stats{}, chosen)
}

// newRehearsalMachine opens a machine for a rehearsal, and reports whether the
// person hears themselves at once. Where nobody named a loudspeaker, the one of a
// call is there for what is recorded, if there is one.
func newRehearsalMachine(ctx context.Context, chosen, settings config.Join, rules policy.Policy, log *slog.Logger) (m *machine, hears bool, err error) {
	if chosen.Speaker != "" {
		m, err = newMachine(ctx, inRehearsal, chosen, settings, rules, log)
		return m, true, err
	}
	chosen.Speaker = settings.Speaker
	m, err = newMachine(ctx, inRehearsal, chosen, settings, rules, log)
	if err == nil && !m.deaf {
		return m, false, nil
	}
	if err == nil {
		if err := m.close(); err != nil {
			return nil, false, err
		}
	}
	chosen.Speaker = soundcard.Off
	m, err = newMachine(ctx, inRehearsal, chosen, settings, rules, log)
	return m, false, err
}
