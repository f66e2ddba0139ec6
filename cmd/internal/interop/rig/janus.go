//go:build interop

package rig

import (
	"context"
	"fmt"
	"net" //nolint:depguard // it looks whether the server listens, outside the client
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// OpenJanus starts a Janus (Debian package janus) with one room on a free port of loopback, its files below dir, and returns the link that
// everybody joins by. It ends with ctx.
func OpenJanus(ctx context.Context, dir string) (link string, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	at := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		return "", err
	}
	for name, text := range map[string]string{
		"janus.jcfg": fmt.Sprintf("general: {\nconfigs_folder = %q\ndebug_level = 3\n}\n", dir) +
			`plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
`,
		"janus.transport.websockets.jcfg": fmt.Sprintf("general: {\njson = \"compact\"\nws = true\nws_port = %d\nws_ip = \"127.0.0.1\"\nwss = false\n}\nadmin: { admin_ws = false }\n", at.Port),
		"janus.plugin.videoroom.jcfg":     "room-1234: {\ndescription = \"interop\"\npublishers = 10\nnotify_joining = true\nvideocodec = \"vp8\"\nrecord = false\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, "janus", "-F", dir, "-C", filepath.Join(dir, "janus.jcfg"))
	cmd.Dir = dir // where it may leave a core
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	go func() { _ = cmd.Wait() }()
	ready, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	err = Ticks(ready, 20*time.Millisecond, func() bool {
		c, err := (&net.Dialer{}).DialContext(ready, "tcp", at.String())
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return fmt.Sprintf("janus+ws://%s/1234", at), err
}
