package say

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"paravent/privacy/receipt"
)

// receiptTime is how a receipt's times are written, in the person's own time zone.
const receiptTime = "2006-01-02 15:04:05"

// ReceiptLine is a receipt in one line.
func ReceiptLine(r receipt.Receipt) string {
	began, end := r.Lines[0].At, r.End()
	out := fmt.Sprintf("%s  %s  %s, %s", r.Call, began.Local().Format(receiptTime), clean(r.Server), clean(r.Kind))
	if !r.Whole {
		return out + ", goes on or ended without a word"
	}
	return out + ", " + end.At.Sub(began).Round(time.Second).String() + ", ended: " + clean(end.Why)
}

// Receipt is a receipt as text: what left the machine, and when.
func Receipt(r receipt.Receipt) []string {
	out := []string{ReceiptLine(r)}
	began := r.Lines[0].At
	for _, l := range r.Lines {
		if text := receiptEvent(l); text != "" {
			out = append(out, fmt.Sprintf("%10s  %s", "+"+l.At.Sub(began).Round(100*time.Millisecond).String(), text))
		}
	}
	for _, f := range lastFlows(r) {
		who := ""
		if f.Named {
			who = ", named by the server"
		}
		host := clean(f.Host)
		if f.Address != "" && f.Address != f.Host {
			host += " at " + clean(f.Address)
		}
		out = append(out, fmt.Sprintf("%10s  %s (%s%s): %d bytes sent, %d received", "", host, clean(f.Purpose), who, f.Up, f.Down))
	}
	out = append(out, "signed by "+r.Key.Fingerprint()+"; no name, word, picture or sound is in it")
	return out
}

func lastFlows(r receipt.Receipt) []receipt.Flow {
	for i := len(r.Lines) - 1; i >= 0; i-- {
		if f := r.Lines[i].Flows; f != nil {
			return f
		}
	}
	return nil
}

func receiptEvent(l receipt.Line) string {
	switch l.What {
	case receipt.Began:
		return "the call began, with paravent " + clean(l.Start.Program)
	case receipt.Changed:
		return facts(*l.Facts)
	case receipt.Asked:
		answer := "no"
		if l.Consent.Yes {
			answer = "yes"
		}
		return fmt.Sprintf("asked about %s: you said %s", clean(l.Consent.Topic), answer)
	case receipt.Full:
		return "from here on only the end was noted: there was too much"
	case receipt.Ended:
		return "the call ended: " + clean(l.Why)
	case receipt.Moved:
	}
	return ""
}

// facts are what leaves, in words.
func facts(f receipt.Facts) string {
	var parts []string
	for _, p := range []struct {
		on   bool
		text string
	}{
		{f.Camera, "camera (background: " + clean(f.Background) + ")"},
		{f.Microphone, "microphone (room gate: " + clean(f.Gate) + ")"},
		{f.Screen, "screen"},
	} {
		if p.on {
			parts = append(parts, p.text)
		}
	}
	out := "nothing is sent"
	if len(parts) > 0 {
		out = "on: " + strings.Join(parts, ", ")
	}
	for _, p := range []struct {
		on   bool
		text string
	}{
		{f.Held != "", "held back by a filter: " + clean(f.Held)},
		{f.Recording, "the room is recorded"},
		{f.Paused && len(parts) > 0, "paused: nothing is sent"},
	} {
		if p.on {
			out += "; " + p.text
		}
	}
	return out + "; encryption: " + clean(f.Encryption)
}

// Verified is what became of verifying all receipts, a line each. own is the key that
// signs on this machine.
func Verified(f receipt.Finding, own receipt.Public) []string {
	var out []string
	for _, c := range f.Calls {
		if c.Err != nil {
			out = append(out, fmt.Sprintf("%s is NOT good: %s", c.Name, clean(c.Err.Error())))
		}
	}
	if f.Err != nil {
		for _, line := range strings.Split(f.Err.Error(), "\n") {
			out = append(out, "the book is NOT good: "+clean(line))
		}
	}
	if len(out) > 0 {
		return out
	}
	out = append(out, fmt.Sprintf("all is good: %d calls, and %d that were deleted; nothing was changed since it was written", len(f.Calls), f.Gone))
	for _, k := range f.Keys {
		whose := "a key that is not in your keyring"
		if bytes.Equal(k, own) {
			whose = "the key in your keyring"
		}
		out = append(out, fmt.Sprintf("signed by %s, %s", k.Fingerprint(), whose))
	}
	return out
}
