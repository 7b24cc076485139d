package main

import (
	"context"

	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// dryRun is what the API server answered to the dry run that Argo CD would do.
type dryRun string

func (answer dryRun) Run(context.Context, *unstructured.Unstructured, string) (string, error) {
	return string(answer), nil
}

// differs answers whether Argo CD would show the live object as OutOfSync with what stands in Git.
func (overrides Overrides) differs(question Question) (any, error) {
	normalizer, err := normalizers.NewIgnoreNormalizer(nil, overrides, normalizers.IgnoreNormalizerOpts{})
	if err != nil {
		return nil, err
	}
	options := []diff.Option{diff.WithNormalizer(normalizer)}
	if question.Predicted != "" {
		options = append(options, diff.WithServerSideDiff(true), diff.WithServerSideDryRunner(dryRun(question.Predicted)),
			diff.WithManager("argocd-controller"), diff.WithIgnoreMutationWebhook(false))
	}
	config := &unstructured.Unstructured{Object: question.Config}
	live := &unstructured.Unstructured{Object: question.Object}
	result, err := diff.Diff(config, live, options...)
	if err != nil {
		return nil, err
	}
	return map[string]any{"outOfSync": result.Modified, "live": string(result.NormalizedLive), "predicted": string(result.PredictedLive)}, nil
}
