package collector

// madePart is what the metrics of a campaign's part of a subject were made of.
type madePart struct {
	subject, account string
	part             shownPart
	common           finding
}

// showSubjects makes the metrics of subjects, but for those of parts that are as they were: each refresh of a campaign can
// change some, and there are many. g.mu is held.
func (g *Gatherer) showSubjects(views []subjectView) (lists [][]shown) {
	before := g.parts
	g.parts = make(map[madePart][]shown, len(before))
	for i := range views {
		v := &views[i]
		lists = append(lists, collect(v.showState))
		for _, part := range v.parts {
			show := func(to sink) { v.showPart(to, part) }
			if part.campaignID == 0 { // which shows what may be another one by now
				lists = append(lists, collect(show))
				continue
			}
			of := madePart{v.name, v.about.account, part, v.about.common}
			made, ok := before[of]
			if !ok {
				made = collect(show)
			}
			g.parts[of] = made
			lists = append(lists, made)
		}
	}
	return lists
}
