package main

import (
	"context"

	"github.com/go-kit/log"

	"smartlead_exporter/collector"
)

// SaveInterval is saveInterval.
const SaveInterval = saveInterval

// Keeper is a keeper, in tests' hands.
type Keeper struct{ keeper }

// NewKeeper returns a keeper of what a store knows.
func NewKeeper(logger log.Logger, store *collector.Store) *Keeper {
	return &Keeper{keeper{logger: logger, store: store}}
}

// Use is use.
func (k *Keeper) Use(path string) error { return k.use(path) }

// Run is run.
func (k *Keeper) Run(ctx context.Context) error { return k.run(ctx) }

// Save is save.
func (k *Keeper) Save() { k.save() }
