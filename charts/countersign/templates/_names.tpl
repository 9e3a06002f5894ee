{{- define "countersign.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "countersign.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "countersign.selectorLabels" -}}
app.kubernetes.io/name: {{ include "countersign.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "countersign.labels" -}}
{{ include "countersign.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.webhook.customLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The head of an object's metadata, without its name: labels and the annotations of all objects. */}}
{{- define "countersign.metadata" -}}
labels:
  {{- include "countersign.labels" . | nindent 2 }}
{{- with .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "countersign.isOwn" -}}
{{- if eq .Values.names "own" }}true{{ end }}
{{- end }}

{{- define "countersign.service" -}}
{{- default (ternary (include "countersign.fullname" .) "webhook" (eq .Values.names "own")) .Values.webhook.name }}
{{- end }}

{{- define "countersign.certificateSecret" -}}
{{- ternary (printf "%s-certs" (include "countersign.fullname" .)) "webhook-certs" (eq .Values.names "own") }}
{{- end }}

{{- define "countersign.settingsConfigMap" -}}
{{- ternary (printf "%s-settings" (include "countersign.fullname" .)) "config-policy-controller" (eq .Values.names "own") }}
{{- end }}

{{- define "countersign.serviceAccount" -}}
{{- if .Values.webhook.serviceAccount.create }}
{{- default (include "countersign.fullname" .) .Values.webhook.serviceAccount.name }}
{{- else }}
{{- required "webhook.serviceAccount.name is needed where none is created" .Values.webhook.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The three webhook configurations that the process keeps; a name has at least three parts. */}}
{{- define "countersign.webhookName" -}}
{{- $name := ternary "policy.countersign.dev" "policy.sigstore.dev" (eq .Values.names "own") }}
{{- if eq .Values.enforcement "shadow" }}{{ $name = "shadow.countersign.dev" }}{{ end }}
{{- $name = default $name .Values.cosign.webhookName }}
{{- if and (eq .Values.enforcement "shadow") (not (hasPrefix "shadow." $name)) }}{{ $name = printf "shadow.%s" $name }}{{ end }}
{{- $name }}
{{- end }}

{{- define "countersign.mutatingWebhookName" -}}
{{- $name := ternary "defaulting.clusterimagepolicy.countersign.dev" "defaulting.clusterimagepolicy.sigstore.dev" (eq .Values.names "own") }}
{{- if eq .Values.enforcement "shadow" }}{{ $name = "defaulting.shadow.countersign.dev" }}{{ end }}
{{- default $name .Values.webhook.webhookNames.defaulting }}
{{- end }}

{{- define "countersign.validatingWebhookName" -}}
{{- $name := ternary "validating.clusterimagepolicy.countersign.dev" "validating.clusterimagepolicy.sigstore.dev" (eq .Values.names "own") }}
{{- if eq .Values.enforcement "shadow" }}{{ $name = "validating.shadow.countersign.dev" }}{{ end }}
{{- default $name .Values.webhook.webhookNames.validating }}
{{- end }}

{{- define "countersign.image" -}}
{{- $version := default .Chart.AppVersion .Values.webhook.image.version }}
{{- if contains ":" $version }}
{{- printf "%s@%s" .Values.webhook.image.repository $version }}
{{- else }}
{{- printf "%s:%s" .Values.webhook.image.repository $version }}
{{- end }}
{{- end }}
