//go:build linux

// Package outage loses the link to real servers, and sees whether a call comes back by
// itself. `make outage` runs it.
//
//	home: two people in one network namespace ── veth ── hall: a server in another
//
// A namespace is a network of its own, so that nothing of this machine's is touched.
package outage

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	hallAddress = "10.77.0.1"
	homeAddress = "10.77.0.2"
	nowhere     = "02:00:00:00:00:99" // that nobody has

	envHome = "PARAVENT_TEST_HOME" // the test that runs at home
	envHall = "PARAVENT_TEST_HALL" // this process only keeps a namespace
	envCert = "PARAVENT_TEST_CERT" // where the server's certificate and key are
)

func TestMain(m *testing.M) {
	if os.Getenv(envHall) != "" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	m.Run()
}

// atHome reports whether this process is the test's own home. If it is not, it runs the
// test in one.
func atHome(t *testing.T) bool {
	t.Helper()
	if os.Getenv(envHome) == t.Name() {
		return true
	}
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (Debian packages iproute2 and util-linux)", tool)
		}
	}
	dir := t.TempDir()
	certify(t, dir)
	steps := strings.Split(t.Name(), "/")
	cmd := exec.Command(os.Args[0], "-test.v", "-test.count=1", "-test.run", "^"+strings.Join(steps, "$/^")+"$")
	cmd.Env = append(os.Environ(), envHome+"="+t.Name(), envCert+"="+dir, "SSL_CERT_FILE="+filepath.Join(dir, "cert.pem"))
	cmd.SysProcAttr = apart()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	err = cmd.Start()
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Skipf("this system does not let a network namespace be made (%v): what happens when the link is lost was not seen", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		l := lines.Text()
		if strings.Contains(l, "--- SKIP") {
			defer t.Skip("at home: left out")
		}
		t.Log(l)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("at home: %v", err)
	}
	return false
}

// apart puts a process into a network of its own, also where only a user's own
// namespaces may be made.
func apart() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return a
}

// certify makes a certificate for the server.
func certify(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(hallAddress)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func certFile() string { return filepath.Join(os.Getenv(envCert), "cert.pem") }
func keyFile() string  { return filepath.Join(os.Getenv(envCert), "key.pem") }

// A hall is the network that the server is in, with a cable to this one.
type hall struct {
	t   *testing.T
	pid string
}

func openHall(t *testing.T) *hall {
	t.Helper()
	keep := exec.Command(os.Args[0])
	keep.Env = append(os.Environ(), envHall+"=1")
	keep.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	in, err := keep.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := keep.Start(); err != nil {
		t.Skipf("this system does not let a second network namespace be made: %v", err)
	}
	t.Cleanup(func() { in.Close(); _ = keep.Wait() })
	h := &hall{t: t, pid: strconv.Itoa(keep.Process.Pid)}
	ip(t, "link", "set", "lo", "up")
	ip(t, "link", "add", "home", "type", "veth", "peer", "name", "hall")
	ip(t, "link", "set", "hall", "netns", h.pid)
	ip(t, "addr", "add", homeAddress+"/24", "dev", "home")
	ip(t, "link", "set", "home", "up")
	h.ip("link", "set", "lo", "up")
	h.ip("addr", "add", hallAddress+"/24", "dev", "hall")
	h.ip("link", "set", "hall", "up")
	return h
}

// command is one that runs in the hall, and ends with the test.
func (h *hall) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"--target", h.pid, "--net", "--", name}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (h *hall) ip(args ...string) { do(h.t, h.command("ip", args...)) }

func ip(t *testing.T, args ...string) { do(t, exec.Command("ip", args...)) }

func do(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v: %s", cmd.Args, err, out)
	}
}

// A loss is a way to lose the link. Both functions return at once.
type loss struct{ cut, mend func() }

// losses are the ways to lose the link. When the own one goes down the system says so;
// when what lies behind it swallows everything, nobody says a word.
func (h *hall) losses() map[string]loss {
	return map[string]loss{
		"own": {
			cut:  func() { ip(h.t, "link", "set", "home", "down") },
			mend: func() { ip(h.t, "link", "set", "home", "up") },
		},
		"silent": {
			cut: func() {
				ip(h.t, "neigh", "replace", hallAddress, "lladdr", nowhere, "dev", "home", "nud", "permanent")
				h.ip("neigh", "replace", homeAddress, "lladdr", nowhere, "dev", "hall", "nud", "permanent")
			},
			mend: func() {
				h.ip("neigh", "del", homeAddress, "dev", "hall")
				ip(h.t, "neigh", "del", hallAddress, "dev", "home")
			},
		},
	}
}
