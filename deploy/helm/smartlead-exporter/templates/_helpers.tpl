{{- define "smartlead-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "smartlead-exporter.fullname" -}}
{{- $name := include "smartlead-exporter.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "smartlead-exporter.selector" -}}
app.kubernetes.io/name: {{ include "smartlead-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "smartlead-exporter.labels" -}}
{{ include "smartlead-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* config.yml, with the volume's file in it if there is one, unless the values name another. */}}
{{- define "smartlead-exporter.config" -}}
{{- $config := .Values.config }}
{{- if .Values.persistence.enabled }}
{{- $config = mergeOverwrite (dict "cache" (dict "file" "/var/lib/smartlead_exporter/cache")) (deepCopy $config) }}
{{- end }}
{{- toYaml $config }}
{{- end }}
