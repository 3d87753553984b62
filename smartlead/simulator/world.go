package simulator

import (
	"fmt"
	"slices"
)

// SetCampaign adds a campaign, or replaces the one with the same id, together with everything that was added to it or
// deleted from it. It returns an error if the campaign can't be simulated.
func (s *Simulator) SetCampaign(c Campaign) error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("campaign %d: %w", c.ID, err)
	}
	c.Tags = slices.Clone(c.Tags)
	c.TrackSettings = slices.Clone(c.TrackSettings)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.campaigns[c.ID] = &entry{campaign: c}
	return nil
}

// RemoveCampaign deletes a campaign. From then on it is not found.
func (s *Simulator) RemoveCampaign(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.campaigns, id)
}

// AddEmails makes rows arrive in a campaign whose Source holds e-mails. They count as newer than all rows of the
// Source. Empty ids, names and addresses are made up. It reports whether the campaign exists.
func (s *Simulator) AddEmails(id int64, emails ...Email) bool {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if !ok {
		return false
	}
	e.add(emails, now)
	return true
}

// ChangeEmails makes something happen to e-mails of a campaign, such as an open, or a reply that is taken back. The
// function is called with each e-mail each time that it is read from now on, also concurrently, and returns what became
// of it, the same each time. It reports whether the campaign exists. Sources without e-mails are left alone.
func (s *Simulator) ChangeEmails(id int64, happen func(Email) Email) bool {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if ok {
		e.changes = append(e.changes, change{now, happen})
	}
	return ok
}

// DeleteRows makes the first n rows of a campaign vanish, in the order in which they are served. It reports whether the
// campaign exists.
func (s *Simulator) DeleteRows(id int64, n int) bool {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if !ok {
		return false
	}
	e.deleteFirst(n, now)
	return true
}

// Counts returns what a complete and unfiltered read of a campaign adds up to at this moment, one element for each step
// in ascending order. It reports false if there is no such campaign. A campaign with a Raw source has none.
func (s *Simulator) Counts(id int64) ([]StepCounts, bool) {
	e, ok := s.entry(id)
	if !ok {
		return nil, false
	}
	return e.content(s.clock(), s.currentBehaviour().RowsLate).counts(query{}), true
}

// entry returns a copy of a campaign's entry, which stays as it is when the campaign is changed.
func (s *Simulator) entry(id int64) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if !ok {
		return entry{}, false
	}
	return *e, true
}
