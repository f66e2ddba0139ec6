package whip

import (
	"paravent/media/sfu"
	"paravent/privacy/secret"
)

// Room reads links such as whip+https://HOST/path . The path and the query are
// the server's: some hide a key in them, so they are shown nowhere.
func (c Connector) Room(link string) (sfu.Room, bool, error) {
	u, ok, err := sfu.ReadLink(c.Kind(), "https", "a pass", link)
	if !ok || err != nil {
		return sfu.Room{}, ok, err
	}
	return sfu.Room{Kind: c.Kind(), Server: u.Host, Plain: u.Scheme == "http", Path: secret.New(u.RequestURI())}, true, nil
}
