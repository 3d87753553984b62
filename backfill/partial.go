package backfill

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// partial is the file beside the history that keeps what was counted, in lines of JSON: the plan, then a campaign each. A
// line that breaks off is one that wasn't written.
type partial struct {
	path   string
	file   *os.File // nil once it is closed
	plan   *plan    // nil before there is one
	places map[int64]place
	end    int64
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
			var c struct{ ID int64 }
			if json.Unmarshal(line, &c) != nil || c.ID <= 0 {
				return errors.New("a line in it is broken")
			}
			p.places[c.ID] = place{p.end, int64(len(line))}
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
