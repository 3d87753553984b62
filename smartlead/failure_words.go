package smartlead

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// failureFields may say, beside the data of an answer with status 200, that it is a failure. They are known in any case.
var failureFields = []string{"ok", "success", "error", "errors", "status", "statuscode", "status_code", "code"}

// failureWords are how "ok", "success" and "status" say so.
var failureWords = []string{"error", "fail", "failed", "failure", "ko"}

// refusedInWords is what a message says that stands in place of rows. That there is none of what was asked for isn't
// among it, but for the campaign.
var refusedInWords = regexp.MustCompile(`(?i)\b(?:invalid|unauthori[sz]ed|unauthenticated|forbidden|denied|expired|errors?|exception|fail(?:ed|ure)?|exceeded|too many|rate limit\w*|timed? ?out|unavailable|try again|campaign not found)\b`)

// readFailure returns an error if a field, other than "error", says that the answer is a failure.
func readFailure(field string, value jsontext.Value) error {
	switch name := strings.ToLower(field); name {
	case "ok", "success":
		if good, known := parseFlag(value); known && !good && value.Kind() != jsontext.KindNull || saysFailure(value) {
			return fmt.Errorf("%w: %q is false", errFailure200, name)
		}
	case "errors":
		if !isNothing(value) {
			return fmt.Errorf("%w: %q says so", errFailure200, field)
		}
	case "status":
		if value.Kind() == jsontext.KindFalse || saysFailure(value) || isFailureCode(value) {
			return fmt.Errorf("%w: %q says so", errFailure200, field)
		}
	default:
		if isFailureCode(value) {
			return fmt.Errorf("%w: %q says so", errFailure200, field)
		}
	}
	return nil
}

func saysFailure(value jsontext.Value) bool {
	return value.Kind() == jsontext.KindString && slices.Contains(failureWords, strings.ToLower(strings.TrimSpace(scalarText(value))))
}

// isFailureCode reports whether a value is an HTTP status of a failure.
func isFailureCode(value jsontext.Value) bool {
	n, known, err := parseCount(value)
	return err == nil && known && n >= 400 && n < 600
}

// isNothing reports whether a value is how programs write that there is none. An object without fields is what they make
// of an error that they can't write.
func isNothing(value jsontext.Value) bool {
	if isMissing(value) || value.Kind() == jsontext.KindFalse {
		return true
	}
	compact := slices.Clone(value)
	_ = compact.Compact()
	return string(compact) == "[]" || string(compact) == "0" || string(compact) == "{}"
}

// checkError returns what an "error" says, or nil if it says nothing.
func checkError(value jsontext.Value, hide *redactor) error {
	if value.Kind() != jsontext.KindBeginObject && isNothing(value) {
		return nil
	}
	message := readErrorObject(jsontext.Value(`{"error":`+string(value)+`}`), hide).message
	return fmt.Errorf("%w: %s", errFailure200, orElse(message, `it has an "error"`))
}
