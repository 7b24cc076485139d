{{/* Labels of every object. part-of is what the operator finds the policies by. */}}
{{- define "ashat.labels" -}}
app.kubernetes.io/part-of: ashat
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What selects the operator's pods; it never changes, because a selector cannot. */}}
{{- define "ashat.selector" -}}
app.kubernetes.io/name: ashat
app.kubernetes.io/component: operator
{{- end }}

{{- define "ashat.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end }}

{{/* "true" where the API server stamps who acted. Where no cluster is asked, its version decides. */}}
{{- define "ashat.serverStamps" -}}
{{- $kind := .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" -}}
{{- $asked := .Capabilities.APIVersions.Has "apps/v1/Deployment" -}}
{{- $recent := semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version -}}
{{- $auto := or $kind (and (not $asked) $recent) -}}
{{- if or (eq .Values.policies.stamps "ApiServer") (and (eq .Values.policies.stamps "Auto") $auto) -}}true{{- end -}}
{{- end }}

{{/* One generated object of files/ with the labels of this release, and annotations where some are given. */}}
{{- define "ashat.object" -}}
{{- $object := .object -}}
{{- $labels := merge (include "ashat.labels" .root | fromYaml) ($object.metadata.labels | default dict) -}}
{{- $_ := set $object.metadata "labels" $labels -}}
{{- with .annotations -}}
{{- $_ := set $object.metadata "annotations" (merge (deepCopy .) ($object.metadata.annotations | default dict)) -}}
{{- end -}}
---
{{ toYaml $object }}
{{- end }}
