// Package estimate tells what a configuration will cost: how many requests, how many series, how old values get.
package estimate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
)

// Options say what to check.
type Options struct {
	// File is the configuration's path.
	File string
	// Reserved are files that the configuration must not write to.
	Reserved []config.Reserved
	// Online asks the API, too: whether the key is good, which campaigns there are, how large they are.
	Online bool
	// Transport, if not nil, takes the place of the network.
	Transport http.RoundTripper
	// Terminal, if not nil, is shown how far asking is, in a line that replaces itself.
	Terminal io.Writer
}

// Check validates a configuration file and writes what it will cost; online, it asks the API until ctx ends. The error is
// fit to be shown as it is.
func Check(ctx context.Context, w io.Writer, o Options) error {
	file := o.File
	cfg, err := config.Load(file, o.Reserved...)
	if err != nil {
		return err
	}
	for _, account := range cfg.Accounts { // this and the next, as starting would find out
		if _, err := exporter.NewClient(account, exporter.ClientOptions{Transport: o.Transport}); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := cachefile.CheckSetting(cfg.Cache.File); err != nil {
		return cfg.CacheFileError(err)
	}
	for _, warning := range cfg.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	fmt.Fprintf(w, "%s is good: %s\n", file, counted(len(cfg.Accounts), "account"))
	var failed error
	for _, account := range cfg.Accounts {
		p := newPlan(account, cfg.Cache)
		fmt.Fprintf(w, "\naccount %s\n", account.Name)
		if o.Online {
			if err := p.measure(ctx, w, account, o); err != nil {
				fmt.Fprintf(w, "  failed:     %s\n", err)
				failed = errors.New("the configuration is good, but the API didn't answer as it should; see above")
				continue
			}
		}
		p.write(w)
	}
	return failed
}

// counted returns a number with its noun, in the plural where it has to be.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
