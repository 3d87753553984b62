package main

import (
	"fmt"
	"sync"
	"time"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/web"
)

// loads has the configuration loaded, and knows since when it is refused.
type loads struct {
	now func() error

	mu      sync.Mutex
	refused time.Time // zero if the newest one was taken
}

// load loads the configuration.
func (l *loads) load() error {
	err := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.refused = time.Time{}
	case l.refused.IsZero():
		l.refused = time.Now()
	}
	return err
}

// troubles returns what is wrong with the exporter itself.
func troubles(loads *loads, keeper *cachefile.Keeper) []web.Trouble {
	var found []web.Trouble
	loads.mu.Lock()
	refused := loads.refused
	loads.mu.Unlock()
	if !refused.IsZero() {
		found = append(found, web.Trouble{What: "the configuration file was refused, so an older one is in force (the log says why)", Since: refused})
	}
	if since, err := keeper.Failing(); err != nil {
		found = append(found, web.Trouble{What: fmt.Sprintf("the cache file can't be written (%v), so a restart would lose values", err), Since: since})
	}
	return found
}
