package wire_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// calls holds every call with which the program could have spoken to anybody against
// whom it says it spoke to: what a capture of one wire cannot see, too.
func (w *town) calls(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("there is no strace command")
	}
	trace := filepath.Join(w.dir, "trace")
	flows := w.call(t, 3, func(cmd *exec.Cmd) {
		cmd.Args = slices.Insert(cmd.Args, 4, "strace", "-f", "-qq", "-o", trace, "-e", "trace=socket,connect,bind,sendto,sendmsg,sendmmsg")
	})
	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	spoken := []string{inside} // a name led there: the kernel is asked which way that were, and no packet goes
	for _, f := range flows {
		spoken = append(spoken, f.Address)
	}
	own := []string{"0.0.0.0", "::", houseAddr, houseAddr6}
	address := regexp.MustCompile(`inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"`)
	call := regexp.MustCompile(`^\d+ +(\w+)\((.*)`)
	counts := make(map[string]int)
	for line := range strings.Lines(string(b)) {
		m := call.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		counts[m[1]]++
		if m[1] == "socket" && !strings.HasPrefix(m[2], "AF_INET") && !strings.HasPrefix(m[2], "AF_UNIX") && !strings.HasPrefix(m[2], "AF_NETLINK") {
			t.Errorf("a socket of another kind: %s", line)
		}
		if strings.Contains(m[2], "SOCK_RAW") && strings.HasPrefix(m[2], "AF_INET") {
			t.Errorf("a raw socket: %s", line)
		}
		for _, a := range address.FindAllStringSubmatch(m[2], -1) {
			addr := strings.TrimPrefix(a[1]+a[2], "::ffff:")
			may := spoken
			if m[1] == "bind" {
				may = own
			}
			if !slices.Contains(may, addr) || addr == inside && m[1] != "connect" {
				t.Errorf("%s to %s: %s", m[1], addr, line)
			}
		}
	}
	t.Logf("%v", counts)
	if counts["sendto"]+counts["sendmsg"] < 50 || counts["connect"] == 0 || counts["bind"] == 0 {
		t.Errorf("only %v were seen: this proves nothing", counts)
	}
}
