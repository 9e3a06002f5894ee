{{/* Whole directories, never single files: what is mounted as a file is not seen to change. */}}
{{- define "countersign.volumeMounts" -}}
{{- if .Values.certManager.enabled }}
- {name: tls, mountPath: /etc/countersign/tls, readOnly: true}
{{- end }}
{{- if .Values.clientCertificate.caConfigMap }}
- {name: client-ca, mountPath: /etc/countersign/client-ca, readOnly: true}
{{- end }}
{{- if .Values.trustedRoot.configMap }}
- {name: trusted-root, mountPath: /etc/countersign/trusted-root, readOnly: true}
{{- end }}
{{- if .Values.credentials.dockerConfigSecret }}
- {name: docker, mountPath: /etc/countersign/docker, readOnly: true}
{{- end }}
{{- if include "countersign.mountsRegistryCA" . }}
- {name: registry-ca, mountPath: /etc/countersign/registry-ca, readOnly: true}
{{- end }}
{{- with .Values.webhook.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "countersign.volumes" -}}
{{- if .Values.certManager.enabled }}
- name: tls
  secret:
    secretName: {{ include "countersign.fullname" . }}-tls
{{- end }}
{{- if .Values.clientCertificate.caConfigMap }}
- name: client-ca
  configMap:
    name: {{ .Values.clientCertificate.caConfigMap }}
{{- end }}
{{- if .Values.trustedRoot.configMap }}
- name: trusted-root
  configMap:
    name: {{ .Values.trustedRoot.configMap }}
{{- end }}
{{- if .Values.credentials.dockerConfigSecret }}
- name: docker
  secret:
    secretName: {{ .Values.credentials.dockerConfigSecret }}
    items:
      - {key: .dockerconfigjson, path: config.json}
{{- end }}
{{- if include "countersign.mountsRegistryCA" . }}
- name: registry-ca
  projected:
    sources:
      {{- with .Values.registries.caConfigMap }}
      - configMap:
          name: {{ . }}
      {{- end }}
      {{- with .Values.webhook.registryCaBundle }}
      {{- if .name }}
      - configMap:
          name: {{ .name }}
          items:
            - {key: {{ required "webhook.registryCaBundle.key is needed" .key }}, path: ca.crt}
      {{- end }}
      {{- end }}
{{- end }}
{{- with .Values.webhook.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
