package config

import (
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

	cfg, err := Load(h.path, h.reserved...)
	if err != nil {
		return err
	}
	if apply != nil {
		if err := apply(cfg); err != nil {
			return err
		}
	}
	h.current.Store(cfg)
	return nil
}

// Current returns the newest configuration that was loaded and applied, or nil before the first. It is shared: nobody
// may change it.
func (h *Holder) Current() *Config {
	return h.current.Load()
}
