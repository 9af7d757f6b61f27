{{- define "instruct-lake.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "instruct-lake.selector" -}}
app.kubernetes.io/name: instruct-lake
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "instruct-lake.labels" -}}
{{ include "instruct-lake.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "instruct-lake.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "instruct-lake.name" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{/* The workers' YAML: what the values say, with vLLM as an endpoint and the address of the metrics. */}}
{{- define "instruct-lake.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.vllm.enabled -}}
{{- $url := printf "http://%s-vllm:8000" (include "instruct-lake.name" .) -}}
{{- $ours := dict "synthesizer" (dict "url" $url "model" .Values.vllm.model) -}}
{{- $_ := set $config "endpoints" (merge ($config.endpoints | default dict) $ours) -}}
{{- end -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $config "metrics" ($config.metrics | default (dict "address" (printf "0.0.0.0:%d" (int .Values.metrics.port)))) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "instruct-lake.env" -}}
{{- with .Values.temporal }}
{{- if .address }}
- { name: TEMPORAL_ADDRESS, value: {{ .address | quote }} }
{{- end }}
{{- if .namespace }}
- { name: TEMPORAL_NAMESPACE, value: {{ .namespace | quote }} }
{{- end }}
{{- if .apiKey.existingSecret }}
- name: TEMPORAL_API_KEY
  valueFrom: { secretKeyRef: { name: {{ .apiKey.existingSecret }}, key: {{ .apiKey.key }} } }
{{- end }}
{{- if .tls.enabled }}
- { name: TEMPORAL_TLS, value: "true" }
{{- end }}
{{- if .tls.serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ .tls.serverName | quote }} }
{{- end }}
{{- if .tls.clientSecret }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/temporal/client/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/temporal/client/tls.key }
{{- end }}
{{- if .tls.ca.existingSecret }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/temporal/ca/{{ .tls.ca.key }} }
{{- end }}
{{- if .config.existingSecret }}
- { name: TEMPORAL_CONFIG_FILE, value: /etc/temporal/config/{{ .config.key }} }
{{- end }}
{{- if .config.profile }}
- { name: TEMPORAL_PROFILE, value: {{ .config.profile | quote }} }
{{- end }}
{{- end }}
{{- end -}}

{{/* Secrets as folders: name of the volume, path, name of the Secret. */}}
{{- define "instruct-lake.secretFolders" -}}
{{- with .Values.temporal -}}
{{- $folders := list -}}
{{- if .tls.clientSecret }}{{ $folders = append $folders (dict "name" "temporal-client" "path" "/etc/temporal/client" "secret" .tls.clientSecret) }}{{ end -}}
{{- if .tls.ca.existingSecret }}{{ $folders = append $folders (dict "name" "temporal-ca" "path" "/etc/temporal/ca" "secret" .tls.ca.existingSecret) }}{{ end -}}
{{- if .config.existingSecret }}{{ $folders = append $folders (dict "name" "temporal-config" "path" "/etc/temporal/config" "secret" .config.existingSecret) }}{{ end -}}
{{- toJson $folders -}}
{{- end -}}
{{- end -}}
