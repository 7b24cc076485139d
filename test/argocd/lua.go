package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"

	applicationpkg "github.com/argoproj/argo-cd/v3/pkg/apiclient/application"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	jsonpatch "github.com/evanphx/json-patch"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
)

const namespace = "argocd"

// overridesOf reads the data of argocd-cm with Argo CD's own settings.
func overridesOf(data map[string]string) (Overrides, error) {
	named := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/part-of": "argocd"}}
	}
	secret := &corev1.Secret{ObjectMeta: named("argocd-secret"), Data: map[string][]byte{"server.secretkey": []byte("only for a test")}}
	clients := fake.NewClientset(&corev1.ConfigMap{ObjectMeta: named("argocd-cm"), Data: data}, secret)
	return settings.NewSettingsManager(context.Background(), clients, namespace).GetResourceOverrides()
}

// vm has no more libraries than argocd-server gives to scripts of its ConfigMap.
func (overrides Overrides) vm() lua.VM {
	return lua.VM{ResourceOverrides: overrides}
}

func (overrides Overrides) health(question Question) (any, error) {
	vm := overrides.vm()
	obj := &unstructured.Unstructured{Object: question.Object}
	script, _, err := vm.GetHealthScript(obj)
	if err != nil {
		return nil, err
	}
	if script == "" {
		return nil, fmt.Errorf("no health script of %s", obj.GroupVersionKind())
	}
	return vm.ExecuteHealthLua(obj, script)
}

func (overrides Overrides) discover(question Question) (any, error) {
	vm := overrides.vm()
	obj := &unstructured.Unstructured{Object: question.Object}
	scripts, err := vm.GetResourceActionDiscovery(obj)
	if err != nil {
		return nil, err
	}
	actions, err := vm.ExecuteResourceActionDiscovery(obj, scripts)
	sort.Slice(actions, func(a, b int) bool { return actions[a].Name < actions[b].Name })
	return actions, err
}

// run answers with what the action makes of the object, and the patch that argocd-server sends for it.
func (overrides Overrides) run(question Question) (any, error) {
	vm := overrides.vm()
	obj := &unstructured.Unstructured{Object: question.Object}
	action, err := vm.GetResourceAction(obj, question.Action)
	if err != nil {
		return nil, err
	}
	impacted, err := vm.ExecuteResourceAction(obj, action.ActionLua, parameters(question.Params))
	if err != nil {
		return map[string]any{"refused": err.Error()}, nil
	}
	if len(impacted) != 1 || impacted[0].K8SOperation != lua.PatchOperation {
		return nil, fmt.Errorf("action %s would do more than one patch", question.Action)
	}
	live, err := json.Marshal(obj)
	if err != nil {
		return nil, err
	}
	wanted, err := json.Marshal(impacted[0].UnstructuredObj)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.CreateMergePatch(live, wanted)
	return map[string]any{"object": impacted[0].UnstructuredObj, "patch": json.RawMessage(patch)}, err
}

func parameters(params map[string]string) []*applicationpkg.ResourceActionParameters {
	var all []*applicationpkg.ResourceActionParameters
	for name, value := range params {
		all = append(all, &applicationpkg.ResourceActionParameters{Name: &name, Value: &value})
	}
	return all
}
