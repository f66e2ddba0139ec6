package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/cmd/internal/shield"
	"paravent/media/soundcard"
	"paravent/privacy/policy"
	"paravent/privacy/policy/organisation"
	"paravent/ui/say"
)

func newRoot(office organisation.Source) *cobra.Command {
	root := &cobra.Command{
		Use:           "paravent",
		Short:         "Join video conferences without showing your home",
		Long:          "Paravent joins video conferences from a terminal or a window.\nNothing raw ever leaves: every picture and every sound goes through the\nprivacy filters first, and camera and microphone are off until you say so.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	book := readRulebook(office)
	root.AddCommand(
		newJoin(book), newRehearse(book), newFilter(book), newCalibrate(book), newDevices(),
		newCheck(book), newEgress(book), newDoctor(book), newPolicy(book), newReceipt(book), newData(book),
		newLogin(book), newLogout(book), newAccounts(book), newForget(book), newVersion(book), newRescue(),
	)
	return root
}

const linksHelp = `Links: https://HOST/…  the server of the page, and nobody else, is asked what kind
of meeting it is. Without asking: livekit+wss://HOST/?token=…, janus+wss://HOST/ROOM,
galene+https://HOST/group/NAME, whip+https://HOST/PATH to send, whep+https://HOST/PATH
to watch. Plain ws: and http: go only to this machine itself.`

// oneLink lets a command take one link at most.
func oneLink(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return &usageError{fmt.Errorf("%s takes one link, not %d", cmd.Name(), len(args))}
	}
	return nil
}

// linkOf is the link among the words of a command, "" if there is none. It is overwritten
// where others could read it.
func linkOf(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return shield.TakeArg(args[0])
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("there is no %q in %s", args[0], cmd.CommandPath())}
	}
	return nil
}

func newJoin(book rulebook) *cobra.Command {
	person, loadErr := book.person, book.broken
	settings := person.Join
	chosen := settings
	cmd := &cobra.Command{
		Use:   "join [LINK]",
		Short: "Join a meeting",
		Long: `Join a meeting. Without LINK it is asked for, or taken from PARAVENT_LINK, so
that links with secrets stay out of the shell's history and the process list.

` + linksHelp + `

With a passphrase pictures, sound and chat are encrypted from end to end, on LiveKit
and as its web clients do it; the server sees who is there, when, and how much.
` + say.SharedKey() + `

` + say.GroupKeys() + `

Exit codes: 0 done, 1 error, 2 usage, 3 ended by the server, 4 refused by you,
5 refused by policy, 130 interrupted.`,
		Args: oneLink,
		RunE: func(cmd *cobra.Command, args []string) error {
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
			link := linkOf(args)
			return join(cmd.Context(), link, chosen, settings, rules.Policy)
		},
	}
	addCallFlags(cmd, &chosen, settings)
	f := cmd.Flags()
	f.StringVar(&chosen.Name, "name", settings.Name, "the name that the others see")
	f.StringVar(&chosen.Speaker, "speaker", settings.Speaker, "a device, off or file:PATH.wav (default: the system's)")
	f.StringVar(&chosen.Screen, "screen", settings.Screen, "the screen or window that is shared when you say so")
	f.StringVar(&chosen.Budget, "budget", settings.Budget, "UP/DOWN, such as 64k/128k: bits a second on the wire at most, headers included; speech first")
	f.StringVar(&chosen.Stats, "stats", "", "write one JSON object with figures a second to this file")
	f.StringVar(&chosen.TokenFile, "token-file", "", "read the pass from this file (or set PARAVENT_TOKEN)")
	f.StringVar(&chosen.Receipt, "receipt", settings.Receipt, "on keeps a receipt of the call on this machine, without content; off keeps none")
	f.StringVar(&chosen.PassphraseFile, "passphrase-file", "", "encrypt from end to end with the passphrase in this file (or set PARAVENT_PASSPHRASE)")
	f.StringVar(&chosen.Encryption, "encryption", settings.Encryption, "auto; required: nothing plain is sent or shown (default with a passphrase); or group: that, and the members agree on keys")
	f.BoolVar(&chosen.Remember, "remember", false, "keep the pass and the passphrase for this room in the system's keyring; paravent forget removes them")
	f.StringVar(&chosen.Files, "files", settings.Files, "put files that others send into this folder, where nothing is opened or overwritten (default: take none)")
	f.StringVar(&chosen.Server, "server", "", "a host that the page of the link may lead to, beside its own")
	f.StringVar(&chosen.Watch, "watch", settings.Watch, "shown, or all: decode every picture though nothing shows it, for measuring")
	return cmd
}

// addCallFlags adds what join and rehearse have in common. Camera and microphone are
// off until something else is said: the settings name devices, and open none.
func addCallFlags(cmd *cobra.Command, chosen *config.Join, settings config.Join) {
	f := cmd.Flags()
	f.StringVar(&chosen.Face, "face", settings.Face, "terminal, window, line or json (default: terminal on a terminal, else line)")
	f.StringVar(&chosen.Camera, "camera", soundcard.Off, "off, a device, file:PATH.y4m, file:PATH.jpg or pattern")
	f.StringVar(&chosen.Microphone, "microphone", soundcard.Off, "off, a device or file:PATH.wav")
	f.StringVar(&chosen.Background, "background", settings.Background, backgroundUsage)
	f.StringVar(&chosen.RoomGate, "room-gate", settings.RoomGate, "near, strict or off")
	f.StringVar(&chosen.Codec, "codec", settings.Codec, "how your pictures are sent: vp8, vp9 or h264")
	f.StringVar(&chosen.Away, "away", settings.Away, "what becomes of the microphone when you leave your chair: keep or mute")
	f.StringVar(&chosen.Talk, "talk", settings.Talk, talkUsage)
	f.BoolVar(&chosen.Confidential, "confidential", settings.Confidential, "nobody beside you may hear the meeting: say so where a loudspeaker is used")
	f.DurationVar(&chosen.For, "for", 0, "leave after this time, such as 20s or 1h30m")
}

const backgroundUsage = "what stands in place of your room: blur, color:#RRGGBB, image:PATH, cover (of the whole picture, you too) or off"

const talkUsage = "open: m opens and closes the microphone; push: it is open only while you hold Space"

func newDevices() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "devices",
		Short: "List cameras, microphones, loudspeakers, screens and windows; opens none",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return devices(cmd.Context(), cmd.OutOrStdout(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object a line")
	return cmd
}

func newVersion(book rulebook) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which version this is, and what it is made of",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				info = &debug.BuildInfo{}
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(versionOf(info, book.office))
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "paravent %s (%s)\n", version, info.GoVersion)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object, with every module")
	return cmd
}

// version is the release that this tree becomes.
const version = "0.1.0"

type versionInfo struct {
	Version string            `json:"version"`
	Go      string            `json:"go"`
	Commit  string            `json:"commit,omitempty"`
	Policy  string            `json:"policy,omitempty"` // the digest of the organisation's, or "broken"
	Modules map[string]string `json:"modules"`
}

func versionOf(info *debug.BuildInfo, office organisation.Source) versionInfo {
	v := versionInfo{Version: version, Go: info.GoVersion, Policy: digest(office), Modules: make(map[string]string)}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	for _, m := range info.Deps {
		v.Modules[m.Path] = m.Version
	}
	return v
}

// digest tells one policy from another. One that cannot be followed has none.
func digest(office organisation.Source) string {
	layers, err := office.Read()
	sum, bad := policy.Digest(layers...)
	if err != nil || bad != nil {
		return "broken"
	}
	return sum
}
