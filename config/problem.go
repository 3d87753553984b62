package config

import (
	"fmt"
	"slices"
	"strings"
)

// maxProblems bounds how many problems are listed: who has more has one mistake, repeated.
const maxProblems = 100

// Problem is something wrong, or worth a warning, in a configuration file. No part of it holds a secret.
type Problem struct {
	File string
	// Line counts from 1; 0 if the problem is with the file as a whole.
	Line int
	// Message says what is wrong and what to write instead.
	Message string
}

// String returns the problem as "file:line: message", a form that editors and terminals make a link of.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// Error is why a configuration was refused: all of its problems, by line. Find it with [errors.As].
type Error struct {
	Problems []Problem

	cause error
}

// Error returns the problems, one a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the error of the operating system, if the file could not be read, else nil.
func (e *Error) Unwrap() error {
	return e.cause
}

func fileError(file string, cause error, format string, args ...any) *Error {
	return &Error{
		Problems: []Problem{{File: file, Message: fmt.Sprintf(format, args...)}},
		cause:    cause,
	}
}

// problemf notes what is wrong at a line. An anchor that is used twice is read twice, but told once.
func (r *reader) problemf(line int, format string, args ...any) {
	r.problem(Problem{File: r.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) problem(p Problem) {
	r.failures++
	if r.stopped {
		return
	}
	if slices.Contains(r.problems, p) {
		return
	}
	if len(r.problems) == maxProblems {
		p.Message = fmt.Sprintf("more than %d problems: correct those above first", maxProblems)
		r.stopped = true
	}
	r.problems = append(r.problems, p)
}

// idlef notes that an account exports nothing, which is told at the end.
func (r *reader) idlef(line int, format string, args ...any) {
	r.idle = append(r.idle, Problem{File: r.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// toldAt reports whether something is wrong at a line already, so that what follows from it need not be told as well.
func (r *reader) toldAt(line int) bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Line == line })
}

// warnf notes what is accepted but deserves attention.
func (r *reader) warnf(line int, format string, args ...any) {
	p := Problem{File: r.file, Line: line, Message: fmt.Sprintf(format, args...)}
	if len(r.warnings) < maxProblems && !slices.Contains(r.warnings, p) {
		r.warnings = append(r.warnings, p)
	}
}

// err returns the problems noted so far as an [*Error], or nil without any.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	listed := r.problems
	if r.stopped {
		listed = listed[:len(listed)-1] // The last one tells that there are more.
	}
	slices.SortStableFunc(listed, func(a, b Problem) int { return a.Line - b.Line })
	return &Error{Problems: r.problems}
}
