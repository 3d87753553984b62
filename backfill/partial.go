package backfill

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"smartlead_exporter/smartlead"
)

// partial is the file beside the history that keeps what was counted, in lines of JSON: the plan, then a campaign each, and
// what is left of the keys' budgets where a run began and ended. A line that breaks off is one that wasn't written.
type partial struct {
	path    string
	file    *os.File // nil once it is closed
	plan    *plan    // nil before there is one
	places  map[int64]place
	end     int64
	left    left // the newest
	cleanly bool // nothing was asked since
}

// left is what is left of budgets where a run begins or ends.
type left struct {
	Budgets []smartlead.BudgetMemory `json:"budgets"`
	Ended   bool                     `json:"ended"`
}

// place is where the line of a campaign is.
type place struct{ offset, length int64 }

// openPartial opens the file, or makes it. One that was begun with other settings is refused.
func openPartial(path string, s *Settings) (*partial, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--backfill: %w: name a file in a folder that can be written to", err)
	}
	p := &partial{path: path, file: file, places: map[int64]place{}}
	if err := p.read(); err != nil {
		p.close()
		return nil, fmt.Errorf("%s: %w: remove it to begin anew", path, err)
	}
	if p.plan != nil {
		if flag := s.differs(&p.plan.Settings); flag != "" {
			p.close()
			return nil, fmt.Errorf("%s was begun with other %s: write what it was begun with to go on, or remove that file to begin anew", path, flag)
		}
	}
	return p, nil
}

// read takes in what is there, up to a line that breaks off.
func (p *partial) read() error {
	lines := bufio.NewReaderSize(p.file, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			p.cleanly = p.cleanly && len(line) == 0
			return p.file.Truncate(p.end)
		}
		if err != nil {
			return err
		}
		if p.plan == nil {
			plan := &plan{}
			if json.Unmarshal(line, plan) != nil || plan.Step <= 0 {
				return errors.New("not what a history was begun with")
			}
			p.plan = plan
		} else {
			var c struct {
				left

				ID int64
			}
			if json.Unmarshal(line, &c) != nil || c.ID <= 0 && c.Budgets == nil {
				return errors.New("a line in it is broken")
			}
			p.cleanly = c.Ended
			if c.Budgets != nil {
				p.left = c.left
			} else {
				p.places[c.ID] = place{p.end, int64(len(line))}
			}
		}
		p.end += int64(len(line))
	}
}

// begin keeps the plan.
func (p *partial) begin(plan *plan) error {
	_, err := p.append(plan)
	p.plan = plan
	return err
}

func (p *partial) has(campaign int64) bool {
	_, ok := p.places[campaign]
	return ok
}

// add keeps a campaign.
func (p *partial) add(c campaignPast) error {
	at, err := p.append(c)
	p.places[c.ID] = at
	return err
}

// remember keeps what is left of the budgets, so that a run which goes on doesn't begin with fresh ones.
func (p *partial) remember(budgets *smartlead.Budgets, ended bool) error {
	if p.plan == nil || p.file == nil {
		return nil
	}
	_, err := p.append(left{append([]smartlead.BudgetMemory{}, budgets.Remember()...), ended})
	return err
}

func (p *partial) append(v any) (place, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return place{}, err
	}
	line = append(line, '\n')
	if _, err := p.file.WriteAt(line, p.end); err != nil {
		return place{}, err
	}
	at := place{p.end, int64(len(line))}
	p.end += at.length
	return at, nil
}

// campaign reads a campaign that is kept.
func (p *partial) campaign(id int64) (campaignPast, error) {
	var c campaignPast
	line := make([]byte, p.places[id].length)
	if _, err := p.file.ReadAt(line, p.places[id].offset); err != nil {
		return c, err
	}
	err := json.Unmarshal(bytes.TrimSpace(line), &c)
	return c, err
}

func (p *partial) close() {
	if p.file != nil {
		_ = p.file.Close() // all was written, or told to be wrong
		p.file = nil
	}
}
