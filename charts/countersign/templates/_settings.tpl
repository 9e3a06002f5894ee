{{/* opt-in or opt-out, in our words or in those of webhook.namespaceSelector. */}}
{{- define "countersign.namespaceSelection" -}}
{{- $selector := .Values.webhook.namespaceSelector }}
{{- if not $selector }}
{{- .Values.namespaceSelection }}
{{- else }}
{{- $in := dict "matchExpressions" (list (dict "key" "policy.sigstore.dev/include" "operator" "In" "values" (list "true"))) }}
{{- $notIn := dict "matchExpressions" (list (dict "key" "policy.sigstore.dev/include" "operator" "NotIn" "values" (list "false"))) }}
{{- if eq (toJson $selector) (toJson $in) }}opt-in
{{- else if eq (toJson $selector) (toJson $notIn) }}opt-out
{{- else }}
{{- fail "webhook.namespaceSelector can only say policy.sigstore.dev/include In [\"true\"] or NotIn [\"false\"]; write namespaceSelection and excludeNamespaces instead" }}
{{- end }}
{{- end }}
{{- end }}

{{/* One time limit for all webhooks, wherever it is written. */}}
{{- define "countersign.webhookTimeout" -}}
{{- $seconds := list }}
{{- range $value := list .Values.cosign.webhookTimeoutSeconds.mutating .Values.cosign.webhookTimeoutSeconds.validating .Values.webhook.webhookTimeoutSeconds.defaulting .Values.webhook.webhookTimeoutSeconds.validating }}
{{- if $value }}{{ $seconds = append $seconds (int $value) }}{{ end }}
{{- end }}
{{- $seconds = uniq $seconds }}
{{- if gt (len $seconds) 1 }}
{{- fail "cosign.webhookTimeoutSeconds and webhook.webhookTimeoutSeconds have to say one number: all webhooks have one time limit" }}
{{- end }}
{{- default 10 (first $seconds) }}
{{- end }}

{{- define "countersign.loglevel" -}}
{{- get (dict "warn" "warning" "fatal" "critical" "panic" "critical" "dpanic" "critical") .Values.loglevel | default .Values.loglevel }}
{{- end }}

{{- define "countersign.mountsRegistryCA" -}}
{{- if or .Values.registries.caConfigMap .Values.webhook.registryCaBundle.name }}true{{ end }}
{{- end }}

{{/* TCP ports to any address, as a JSON array: those of the values, of proxies, and of registries in plain HTTP. */}}
{{- define "countersign.egressPorts" -}}
{{- $ports := list }}
{{- range .Values.networkPolicy.egressPorts }}{{ $ports = append $ports (int .) }}{{ end }}
{{- range $url := compact (list .Values.proxy.https .Values.proxy.http) }}
{{- $written := regexFind ":[0-9]+/?$" $url | trimPrefix ":" | trimSuffix "/" }}
{{- $ports = append $ports (int (default (ternary "443" "80" (hasPrefix "https:" $url)) $written)) }}
{{- end }}
{{- range .Values.registries.insecure }}
{{- $written := regexFind "[^:\\]]:[0-9]+$|\\]:[0-9]+$" . | regexFind "[0-9]+$" }}
{{- $ports = append $ports (int (default "80" $written)) }}
{{- end }}
{{- uniq $ports | toJson }}
{{- end }}

{{/* Values of another program that mean nothing here, or something else. */}}
{{- define "countersign.refusals" -}}
{{- if contains "policy-controller" .Values.webhook.image.repository }}
{{- fail "webhook.image.repository names another program; leave webhook.image out, or name an image of countersign" }}
{{- end }}
{{- if and .Values.certManager.enabled .Values.certManager.issuerRef (not .Values.certManager.issuerRef.name) }}
{{- fail "certManager.issuerRef needs a name" }}
{{- end }}
{{- range $flag := keys .Values.webhook.extraArgs | sortAlpha }}
{{- if has $flag (list "disable-tuf" "tuf-mirror" "tuf-root") }}
{{- fail (printf "webhook.extraArgs: %s is not known here; the trust root comes with the program, or from trustedRoot.configMap" $flag) }}
{{- else if has $flag (list "webhook-name" "mutating-webhook-name" "validating-webhook-name" "namespace" "service" "certificate-secret" "settings-configmap" "enforcement" "namespace-selection" "manage-webhooks" "exclude-namespace" "failure-policy" "webhook-timeout" "listen" "health-listen" "tls-certificate" "tls-key" "webhook-ca" "webhook-url" "kubeconfig" "workload-credentials" "take-over" "warm-up") }}
{{- fail (printf "webhook.extraArgs: %s has a value of its own in this chart, on which other objects depend" $flag) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Flags of policy-controller that say nothing here: nothing is polled, and every replica serves. */}}
{{- define "countersign.flagsWithoutMeaning" -}}
policy-resync-period trustroot-resync-period disable-ha secure-port kube-api-qps kube-api-burst enable-oci11
{{- end }}

{{/* The flags that serve and `webhooks remove` have in common. */}}
{{- define "countersign.commonArguments" -}}
- --cluster
- --namespace={{ .Release.Namespace }}
- --service={{ include "countersign.service" . }}
- --webhook-name={{ include "countersign.webhookName" . }}
- --mutating-webhook-name={{ include "countersign.mutatingWebhookName" . }}
- --validating-webhook-name={{ include "countersign.validatingWebhookName" . }}
{{- end }}

{{- define "countersign.arguments" -}}
- serve
{{ include "countersign.commonArguments" . }}
- --certificate-secret={{ include "countersign.certificateSecret" . }}
- --settings-configmap={{ include "countersign.settingsConfigMap" . }}
- --enforcement={{ .Values.enforcement }}
- --namespace-selection={{ include "countersign.namespaceSelection" . }}
{{- range .Values.excludeNamespaces }}
- --exclude-namespace={{ . }}
{{- end }}
- --failure-policy={{ ternary "Ignore" .Values.webhook.failurePolicy (eq .Values.enforcement "shadow") }}
- --webhook-timeout={{ include "countersign.webhookTimeout" . }}
- --manage-webhooks=true
- --workload-credentials=true
{{- if eq .Values.names "own" }}
- --take-over=false
{{- end }}
{{- if .Values.warmUp }}
- --warm-up=true
{{- end }}
- --log-level={{ include "countersign.loglevel" . }}
- --log-format={{ .Values.logFormat }}
{{- if .Values.requireSignature }}
- --require-signature
{{- end }}
{{- if .Values.certManager.enabled }}
- --tls-certificate=/etc/countersign/tls/tls.crt
- --tls-key=/etc/countersign/tls/tls.key
- --webhook-ca=/etc/countersign/tls/ca.crt
{{- end }}
{{- if .Values.clientCertificate.caConfigMap }}
- --client-ca=/etc/countersign/client-ca/{{ .Values.clientCertificate.caKey }}
{{- range .Values.clientCertificate.names }}
- --client-name={{ . }}
{{- end }}
{{- end }}
{{- if .Values.trustedRoot.configMap }}
- --trusted-root=/etc/countersign/trusted-root/{{ .Values.trustedRoot.key }}
{{- end }}
{{- if .Values.credentials.dockerConfigSecret }}
- --docker-config=/etc/countersign/docker/config.json
{{- end }}
{{- range .Values.credentials.ownCredentialsFor }}
- --own-credentials-for={{ . }}
{{- end }}
{{- range .Values.credentials.cloud }}
- --cloud-credentials={{ . }}
{{- end }}
{{- with .Values.credentials.helpersDirectory }}
- --credential-helpers={{ . }}
{{- end }}
{{- if include "countersign.mountsRegistryCA" . }}
- --registry-ca-directory=/etc/countersign/registry-ca
{{- end }}
{{- range .Values.registries.insecure }}
- --insecure-registry={{ . }}
{{- end }}
{{- $meaningless := splitList " " (include "countersign.flagsWithoutMeaning" .) }}
{{- range $flag, $value := .Values.webhook.extraArgs }}
{{- if not (has $flag $meaningless) }}
- {{ printf "--%s=%v" $flag $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Annotations of what runs after a release is gone; the argument is the weight. */}}
{{- define "countersign.uninstallHook" -}}
helm.sh/hook: post-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
