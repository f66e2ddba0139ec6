package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"paravent/cmd/internal/calibration"
	"paravent/cmd/internal/config"
	"paravent/privacy/secret"
)

// A keeping is a file, or a folder, that the program keeps on this machine.
type keeping struct {
	what, path string
}

// keepings are all of them.
func keepings() []keeping {
	return []keeping{
		{"your settings", config.Path()},
		{"how you sound at your microphones (levels, no voice)", calibration.Path()},
		{"receipts of your calls", receipts().Dir()},
		{"whom you have met in groups (names and public keys)", knownPath()},
	}
}

// files are what is really there, with its size in bytes.
func (k keeping) files() (names []string, size int64, err error) {
	err = filepath.WalkDir(k.path, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		names = append(names, path)
		size += info.Size()
		return nil
	})
	return names, size, err
}

// remove removes what is kept, and the program's own folder above it when nothing is
// left in that.
func (k keeping) remove() error {
	if err := os.RemoveAll(k.path); err != nil {
		return err
	}
	err := os.Remove(filepath.Dir(k.path))
	var left []os.DirEntry
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		if left, _ = os.ReadDir(filepath.Dir(k.path)); len(left) > 0 {
			return nil // something else is in it
		}
		return err
	}
	return nil
}

func newData(book rulebook) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "What this program keeps on this machine: list, wipe",
		Long: `What this program keeps on this machine, all of it. Nothing of it leaves. Chat
and pictures are never kept.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(dataList(book), dataWipe(book))
	return cmd
}

func dataList(book rulebook) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "list", Short: "List every file that is kept", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := keysUnder(cmd, book)
			if err != nil {
				return err
			}
			defer k.store.Close()
			return listData(cmd.Context(), cmd.OutOrStdout(), k, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object a line")
	return cmd
}

func listData(ctx context.Context, out io.Writer, k keys, asJSON bool) error {
	inKeyring, err := k.store.List(ctx, "")
	if no := (*secret.KeyringError)(nil); err != nil && !errors.As(err, &no) {
		return err // and a keyring that cannot be used is no place to look in
	}
	nothing := len(inKeyring) == 0
	if !nothing {
		const what = "in the system's keyring"
		if asJSON {
			err = json.NewEncoder(out).Encode(map[string]any{"what": what, "entries": len(inKeyring)})
		} else {
			_, err = fmt.Fprintf(out, "%s: %d; paravent accounts lists them\n", what, len(inKeyring))
		}
		if err != nil {
			return err
		}
	}
	for _, k := range keepings() {
		names, size, err := k.files()
		if err != nil {
			return err
		}
		if len(names) == 0 {
			continue
		}
		nothing = false
		if asJSON {
			err = json.NewEncoder(out).Encode(map[string]any{"what": k.what, "path": k.path, "files": names, "bytes": size})
		} else {
			_, err = fmt.Fprintf(out, "%s: %s (files: %d, bytes: %d)\n", k.what, k.path, len(names), size)
		}
		if err != nil {
			return err
		}
	}
	if nothing && !asJSON {
		_, err := fmt.Fprintln(out, "nothing is kept")
		return err
	}
	return nil
}

func dataWipe(book rulebook) *cobra.Command {
	sure := false
	cmd := &cobra.Command{
		Use: "wipe", Short: "Remove all of it", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := keysUnder(cmd, book)
			if err != nil {
				return err
			}
			defer keys.store.Close()
			if !sure {
				if err := confirmWipe(cmd, keys); err != nil {
					return err
				}
			}
			all := keys.wipe(cmd.Context())
			for _, k := range keepings() {
				all = errors.Join(all, k.remove())
			}
			if all != nil {
				return all
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "nothing is kept any more")
			return err
		},
	}
	cmd.Flags().BoolVar(&sure, "yes", false, "do not ask")
	return cmd
}

// keysUnder opens the keyring as far as the policy lets the program.
func keysUnder(cmd *cobra.Command, book rulebook) (keys, error) {
	rules, err := book.official(cmd)
	if err != nil {
		return keys{}, err
	}
	return openKeys(false, rules.Policy), nil
}

// wipe removes all that the keyring holds of this program. Where there is none, it holds
// nothing.
func (k keys) wipe(ctx context.Context) error {
	all, err := k.store.List(ctx, "")
	if no := (*secret.KeyringError)(nil); errors.As(err, &no) && no.Why == secret.Missing {
		return nil
	}
	for _, key := range all {
		err = errors.Join(err, k.store.Delete(ctx, key))
	}
	return err
}

// confirmWipe asks the person, who must type yes.
func confirmWipe(cmd *cobra.Command, k keys) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return &usageError{errors.New("data wipe removes everything: say so with --yes")}
	}
	if err := listData(cmd.Context(), cmd.OutOrStdout(), k, false); err != nil {
		return err
	}
	if _, err := fmt.Fprint(cmd.OutOrStdout(), "Remove all of it? Type yes: "); err != nil {
		return err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != "yes" {
		return errRefused
	}
	return nil
}
