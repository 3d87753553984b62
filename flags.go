package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/alecthomas/kingpin/v2"
)

// misread adds to an error of reading the command line which flag it is about, or which variable of the environment: of a
// value that can't be read kingpin says only why.
func misread(app *kingpin.Application, args []string, err error) error {
	read, parseErr := app.ParseContext(args)
	if parseErr != nil {
		return err // no value, but the command line as such
	}
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		err = number.Err // without the function's name, and the value, which comes before it
	}
	given := map[string]bool{}
	for _, element := range read.Elements {
		clause, ok := element.Clause.(*kingpin.FlagClause)
		if !ok || element.Value == nil {
			continue
		}
		flag := clause.Model()
		given[flag.Name] = true
		if flag.Value.Set(*element.Value) != nil {
			return fmt.Errorf("--%s=%s: %w", flag.Name, *element.Value, err)
		}
	}
	for _, flag := range app.Model().Flags {
		if value := os.Getenv(flag.Envar); value != "" && !given[flag.Name] && flag.Value.Set(value) != nil {
			return fmt.Errorf("%s=%s in the environment: %w", flag.Envar, value, err)
		}
	}
	return err
}
