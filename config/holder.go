package config

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// Holder holds the last good configuration of a file. It is safe for concurrent use.
type Holder struct {
	path     string
	reserved []Reserved
	current  atomic.Pointer[Config]

	// reloading makes one reload follow another. It is held while apply runs, which may take as long as it likes:
	// Current doesn't wait for it.
	reloading sync.Mutex
	// tried is the checksum of what the last reload read, and failed whether it came to nothing.
	tried  [sha256.Size]byte
	failed bool
}

// NewHolder returns a Holder for the file at path, which is not read before the first [Holder.Reload]. What is reserved
// stays so for all of them.
func NewHolder(path string, reserved ...Reserved) *Holder {
	return &Holder{path: path, reserved: reserved}
}

// Reload loads the file, the first time as well as later, and hands what it read to apply, which may be nil. If either
// fails, the configuration that is held stays what it was, and the error is returned: an [*Error] of [Load], or that of
// apply. An apply which fails must leave everything as it found it; it must not call Reload.
func (h *Holder) Reload(apply func(*Config) error) error {
	h.reloading.Lock()
	defer h.reloading.Unlock()

	h.failed = true // until it has not
	data, err := readFile(h.path)
	if err != nil {
		return err
	}
	h.tried = sha256.Sum256(data)
	cfg, err := Parse(h.path, data, h.reserved...)
	if err != nil {
		return err
	}
	if apply != nil {
		if err := apply(cfg); err != nil {
			return err
		}
	}
	h.current.Store(cfg)
	h.failed = false
	return nil
}

// Changed reports whether another [Holder.Reload] may bring something else than the last one did: the file has another
// content, or can't be read; or that reload failed, be it for a file that the configuration names, which may be there by
// now. The file's time and whatever links lead to it don't matter.
func (h *Holder) Changed() bool {
	h.reloading.Lock()
	defer h.reloading.Unlock()

	data, err := readFile(h.path)
	return err != nil || h.failed || sha256.Sum256(data) != h.tried
}

// Current returns the newest configuration that was loaded and applied, or nil before the first. It is shared: nobody
// may change it.
func (h *Holder) Current() *Config {
	return h.current.Load()
}
