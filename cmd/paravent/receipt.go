package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/media/call"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/privacy/receipt"
	"paravent/privacy/secret"
	"paravent/ui/say"
)

// receiptDays is for how many days a receipt is kept where no policy says less.
const receiptDays = 90

func receipts() receipt.Book { return receipt.At(filepath.Join(xdg.StateHome, "paravent", "receipts")) }

// receiptKey is the key that signs receipts: the keyring's or, where there is none, one
// that is forgotten with this run of the program.
func receiptKey(ctx context.Context, k keys) (receipt.Key, error) {
	at := secret.Key{Kind: secret.Signing, Place: "receipts"}
	kept, err := k.find(ctx, at)
	if err != nil {
		return receipt.Key{}, err
	}
	var seed [receipt.SeedSize]byte
	defer clear(seed[:])
	if n, err := base64.StdEncoding.Decode(seed[:], []byte(kept.Reveal())); err == nil && n == len(seed) {
		return receipt.NewKey(seed), nil
	}
	rand.Read(seed[:]) // never fails
	_, err = k.store.Set(ctx, at, secret.New(base64.StdEncoding.EncodeToString(seed[:])))
	return receipt.NewKey(seed), err
}

// signingKey is the same for a command that is no call.
func signingKey(cmd *cobra.Command, book rulebook) (receipt.Key, error) {
	k, err := keysUnder(cmd, book)
	if err != nil {
		return receipt.Key{}, err
	}
	defer k.store.Close()
	return receiptKey(cmd.Context(), k)
}

// keepReceipt begins the receipt of a call, or returns nil where the person wants none
// and the policy lets them.
func keepReceipt(ctx context.Context, k keys, chosen config.Join, where place, rules policy.Policy) (*receipt.Writer, error) {
	if chosen.Receipt == "off" && !rules.Receipts {
		return nil, nil //nolint:nilnil // none is wanted, and that is fine
	}
	key, err := receiptKey(ctx, k)
	if err != nil {
		return nil, &call.DiaryError{Err: err}
	}
	book, days := receipts(), receiptDays
	if rules.ReceiptDays > 0 {
		days = min(days, int(rules.ReceiptDays))
	}
	if err := book.Expire(time.Now().AddDate(0, 0, -days), key); err != nil {
		return nil, &call.DiaryError{Err: err}
	}
	w, err := book.Begin(receipt.Start{Program: version, Kind: where.kind.Kind(), Server: where.room.Server}, key)
	if err != nil {
		return nil, &call.DiaryError{Err: err}
	}
	return w, nil
}

// diaryOf returns w for a call, which keeps none if w is nil.
func diaryOf(w *receipt.Writer) call.Diary {
	if w == nil {
		return nil
	}
	return w
}

// flows are what the guard has counted, as a receipt says it.
func flows(guard *egress.Guard) []receipt.Flow {
	var all []receipt.Flow
	for _, f := range guard.Traffic() {
		all = append(all, receipt.Flow{
			Host: f.Host, Address: f.Addr.String(), Purpose: string(f.Purpose), Named: f.Named, Up: f.Up.Wire, Down: f.Down.Wire,
		})
	}
	return all
}

// everyFlow is how often the receipt of a call that goes on says what was counted, so
// that little is lost if the program ends without a word.
const everyFlow = time.Minute

// writeFlows does that until ctx is done. An error stays with w, which returns it at
// the end.
func writeFlows(ctx context.Context, w *receipt.Writer, guard *egress.Guard) {
	every := time.NewTicker(everyFlow)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			if w.Traffic(flows(guard)) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// endWord is why c ended, as a receipt says it; c is nil if it never began.
func endWord(c *call.Call) string {
	if c == nil {
		return "not joined"
	}
	if e := c.State().Ended; e != nil {
		return string(e.Why)
	}
	return "interrupted"
}

// A receiptError says that a receipt is not good.
type receiptError struct{ lines []string }

func (e *receiptError) Error() string { return strings.Join(e.lines, "; ") }

func newReceipt(book rulebook) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receipt",
		Short: "What was sent in your calls, when and to whom: show, verify, export, delete",
		Long: `Of each call a receipt is kept on this machine, and nowhere else: which servers
were spoken to, whether camera, microphone and screen were on and through which
filter, the encryption, and what you answered. No names, no words, no pictures
and no sound are in it. Its lines are signed and follow each other, so that a
change shows. A receipt is deleted after 90 days, or fewer as a policy says; --receipt off keeps none.

CALL is a name from the list, the beginning of one, or last.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(receiptList(), receiptShow(), receiptVerify(book), receiptExport(), receiptDelete(book))
	return cmd
}

func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return &usageError{fmt.Errorf("%s takes one %s", cmd.CommandPath(), what)}
		}
		return nil
	}
}

// findCall returns the whole name of a call.
func findCall(word string) (string, error) {
	all, err := receipts().Names()
	if err != nil {
		return "", err
	}
	if word == "last" && len(all) > 0 {
		return all[len(all)-1], nil
	}
	var found []string
	for _, name := range all {
		if strings.HasPrefix(name, word) {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%w: %s", receipt.ErrNoCall, word)
	case 1:
		return found[0], nil
	default:
		return "", &usageError{fmt.Errorf("%q is the beginning of %d calls", word, len(found))}
	}
}

func receiptList() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "list", Short: "List the calls of which there is a receipt", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := receipts().Verify()
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if len(f.Calls) == 0 && !asJSON {
				_, err := fmt.Fprintln(out, "there are no receipts")
				return err
			}
			for _, c := range f.Calls {
				switch {
				case c.Err != nil && asJSON:
					err = json.NewEncoder(out).Encode(map[string]any{"call": c.Name, "error": c.Err.Error()})
				case asJSON:
					err = json.NewEncoder(out).Encode(map[string]any{
						"call": c.Name, "server": c.Receipt.Server, "kind": c.Receipt.Kind, "began": c.Receipt.Lines[0].At, "ended": c.Receipt.End().At, "whole": c.Receipt.Whole,
					})
				case c.Err != nil:
					_, err = fmt.Fprintf(out, "%s  NOT good: %v\n", c.Name, c.Err)
				default:
					_, err = fmt.Fprintln(out, say.ReceiptLine(*c.Receipt))
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object a line")
	return cmd
}

func receiptShow() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "show CALL", Short: "Show what left this machine in a call", Args: one("call"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			name, err := findCall(args[0])
			if err != nil {
				return err
			}
			f, err := receipts().Open(name)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			r, err := receipt.Read(name, f)
			if err != nil {
				return &receiptError{[]string{err.Error()}}
			}
			if asJSON {
				for _, l := range r.Lines {
					if err := json.NewEncoder(cmd.OutOrStdout()).Encode(l); err != nil {
						return err
					}
				}
				return nil
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(say.Receipt(r), "\n"))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "its lines as they are kept, one object each")
	return cmd
}

func receiptVerify(book rulebook) *cobra.Command {
	return &cobra.Command{
		Use: "verify [FILE]", Short: "Check that no receipt was changed, or one that was exported",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{errors.New("receipt verify takes one file")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return verifyFile(cmd.OutOrStdout(), args[0])
			}
			f, err := receipts().Verify()
			if err != nil {
				return err
			}
			if !f.Good() {
				return &receiptError{say.Verified(f, nil)}
			}
			key, err := signingKey(cmd, book)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(say.Verified(f, key.Public()), "\n"))
			return err
		},
	}
}

func verifyFile(out io.Writer, path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r, err := receipt.Read(path, f)
	if err != nil {
		return &receiptError{[]string{err.Error()}}
	}
	_, err = fmt.Fprintf(out, "%s is whole and unchanged since it was signed by %s\n", say.ReceiptLine(r), r.Key.Fingerprint())
	return err
}

func receiptExport() *cobra.Command {
	return &cobra.Command{
		Use: "export CALL FILE", Short: "Copy the receipt of a call to a new file, for somebody else to verify",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{errors.New("receipt export takes a call and a file")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) (err error) {
			name, err := findCall(args[0])
			if err != nil {
				return err
			}
			in, err := receipts().Open(name)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, in.Close()) }()
			out, err := os.OpenFile(args[1], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			_, err = io.Copy(out, in)
			return errors.Join(err, out.Close())
		},
	}
}

func receiptDelete(book rulebook) *cobra.Command {
	return &cobra.Command{
		Use: "delete CALL", Short: "Delete the receipt of a call; the others stay verifiable", Args: one("call"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := findCall(args[0])
			if err != nil {
				return err
			}
			key, err := signingKey(cmd, book)
			if err != nil {
				return err
			}
			if err := receipts().Delete(name, key); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "the receipt of %s is deleted\n", name)
			return err
		},
	}
}
