// Asks Argo CD's own code what it makes of objects, with the settings of one argocd-cm: a question as JSON on each line of
// standard input, its answer on a line of standard output.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// Question is what is asked about an object.
type Question struct {
	Do     string            `json:"do"`
	Object map[string]any    `json:"object"`
	Action string            `json:"action"`
	Params map[string]string `json:"params"`
	// Config is what stands in Git, and Predicted what a dry run of its server-side apply gives.
	Config    map[string]any `json:"config"`
	Predicted string         `json:"predicted"`
}

// Overrides are the customizations of kinds, as Argo CD's settings give them.
type Overrides map[string]v1alpha1.ResourceOverride

func main() {
	logrus.SetLevel(logrus.ErrorLevel)
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(settings string) error {
	file, err := os.ReadFile(settings)
	if err != nil {
		return err
	}
	var configMap corev1.ConfigMap
	if err := yaml.UnmarshalStrict(file, &configMap); err != nil {
		return err
	}
	overrides, err := overridesOf(configMap.Data)
	if err != nil {
		return err
	}
	questions, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var question Question
		if err := questions.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := overrides.answer(question)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := answers.Encode(map[string]any{"answer": answer}); err != nil {
			return err
		}
	}
}

func (overrides Overrides) answer(question Question) (any, error) {
	switch question.Do {
	case "health":
		return overrides.health(question)
	case "discover":
		return overrides.discover(question)
	case "run":
		return overrides.run(question)
	case "diff":
		return overrides.differs(question)
	default:
		return nil, fmt.Errorf("unknown question %q: ask health, discover, run or diff", question.Do)
	}
}
