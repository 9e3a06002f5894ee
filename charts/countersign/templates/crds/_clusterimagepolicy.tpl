{{/*
The schema of a ClusterImagePolicy, the same in both versions, so that no conversion but of the version's name is needed.
Nothing is required and nothing has a default: stored documents have to stay readable, whoever let them in. The webhook
validates what is written; the two rules here say the same in the same words where no webhook has been asked yet.
*/}}
{{- define "countersign.schema.key" -}}
type: object
properties:
  data:
    description: The public key itself, in PEM.
    type: string
  secretRef:
    description: A Secret in the webhook's own namespace whose only entry is the public key in PEM.
    type: object
    properties:
      name:
        description: Name of the Secret.
        type: string
      namespace:
        description: The webhook's own namespace, or nothing.
        type: string
  kms:
    description: >-
      A key of a key management service: awskms://, azurekms://, gcpkms:// or hashivault://. What cannot be read there
      satisfies nothing.
    type: string
  hashAlgorithm:
    description: The hash that signatures of this key are made over, sha256 unless it says sha224, sha384 or sha512.
    type: string
{{- end }}
{{- define "countersign.schema.program" -}}
type: object
properties:
  type:
    description: The language, cue or rego.
    type: string
  data:
    description: The text of the policy.
    type: string
  remote:
    description: Where the text is fetched from.
    type: object
    properties:
      url:
        description: An https address.
        type: string
      sha256sum:
        description: SHA-256 of the text in hex; anything else that is served there counts as nothing.
        type: string
  configMapRef:
    description: An entry of a ConfigMap in the webhook's own namespace that holds the text.
    type: object
    properties:
      name:
        description: Name of the ConfigMap.
        type: string
      key:
        description: The entry.
        type: string
      namespace:
        description: Read in the webhook's own namespace, whatever it says.
        type: string
  concrete:
    description: >-
      For cue, whether every field that the policy speaks of has to be there; otherwise only what contradicts it is
      refused.
    type: boolean
  fetchConfigFile:
    description: Show the image's configuration to the policy as config. Not in an attestation's policy.
    type: boolean
  includeSpec:
    description: Show the workload's spec to the policy. Not in an attestation's policy.
    type: boolean
  includeObjectMeta:
    description: Show the workload's metadata to the policy. Not in an attestation's policy.
    type: boolean
  includeTypeMeta:
    description: Show the workload's apiVersion and kind to the policy as typemeta. Not in an attestation's policy.
    type: boolean
{{- end }}
{{- define "countersign.schema.clusterimagepolicy" -}}
openAPIV3Schema:
  description: What the images that it names have to bring along before a workload with them is let in.
  type: object
  properties:
    apiVersion:
      description: The version of this document's schema.
      type: string
    kind:
      description: ClusterImagePolicy.
      type: string
    metadata:
      type: object
    spec:
      description: What is demanded of which images.
      type: object
      properties:
        images:
          description: The images that it governs; one of the globs has to match.
          type: array
          items:
            type: object
            properties:
              glob:
                description: >-
                  Compared with the whole of host/path@digest. One star stays within a path component, two do not.
                type: string
        authorities:
          description: Who may vouch for an image; one of them has to be satisfied.
          type: array
          items:
            type: object
            properties:
              name:
                description: What denials and the policy over authorities call it; authority-N unless it says.
                type: string
              key:
                description: Signatures by this key. One of data, secretRef and kms.
                {{- include "countersign.schema.key" . | nindent 16 }}
              keyless:
                description: Signatures by a certificate of one of these identities.
                type: object
                properties:
                  url:
                    description: Address of the certificate authority; told to people, and never asked.
                    type: string
                  identities:
                    description: Who may have signed; one of them has to match.
                    type: array
                    items:
                      type: object
                      properties:
                        issuer:
                          description: The certificate's issuer, exactly.
                          type: string
                        subject:
                          description: The certificate's subject, exactly.
                          type: string
                        issuerRegExp:
                          description: A regular expression for the issuer; without ^ and $ it matches anywhere.
                          type: string
                        subjectRegExp:
                          description: A regular expression for the subject; without ^ and $ it matches anywhere.
                          type: string
                  ca-cert:
                    description: A public key instead of url. It satisfies nothing; name a TrustRoot instead.
                    {{- include "countersign.schema.key" . | nindent 20 }}
                  trustRootRef:
                    description: Name of the TrustRoot whose certificate authorities are believed.
                    type: string
                  insecureIgnoreSCT:
                    description: Whether certificates count without proof of their entry in a certificate log.
                    type: boolean
              static:
                description: Satisfied, or not, by itself.
                type: object
                properties:
                  action:
                    description: pass or fail.
                    type: string
                    x-kubernetes-validations:
                      - rule: self == '' || self == 'pass' || self == 'fail'
                        message: unsupported action, write pass or fail
                        messageExpression: "'invalid value: ' + self + ': static.action; unsupported action, write pass or fail'"
                  message:
                    description: What a denial says.
                    type: string
              source:
                description: Where else than beside the image its proofs are; one place at most.
                type: array
                items:
                  type: object
                  properties:
                    oci:
                      description: A repository with its host.
                      type: string
                    signaturePullSecrets:
                      description: Secrets in the webhook's own namespace with credentials for that repository.
                      type: array
                      items:
                        type: object
                        properties:
                          name:
                            description: Name of the Secret.
                            type: string
                    tagPrefix:
                      description: What stands before the names of tags with signatures there.
                      type: string
              ctlog:
                description: Ask for an entry in a transparency log.
                type: object
                properties:
                  url:
                    description: The log that may be asked for an entry that a signature does not bring.
                    type: string
                  trustRootRef:
                    description: Name of the TrustRoot whose logs are believed.
                    type: string
              rfc3161timestamp:
                description: Ask for a signed timestamp.
                type: object
                properties:
                  trustRootRef:
                    description: Name of the TrustRoot whose timestamp authorities are believed.
                    type: string
              attestations:
                description: Attestations that all have to be there.
                type: array
                items:
                  type: object
                  properties:
                    name:
                      description: What denials and the policy over authorities call it.
                      type: string
                    predicateType:
                      description: URI of the predicate's type.
                      type: string
                    policy:
                      description: What the statement has to say. One of data, remote and configMapRef.
                      {{- include "countersign.schema.program" . | nindent 22 }}
              signatureFormat:
                description: legacy or bundle, to let only one form of proof count.
                type: string
              requireSignature:
                description: Whether the image needs a signature beside the attestations that are asked for.
                type: boolean
        policy:
          description: What all that the authorities found has to say. One of data, remote and configMapRef.
          {{- include "countersign.schema.program" . | nindent 10 }}
        mode:
          description: enforce, which denies, or warn, which lets in with a warning.
          type: string
          x-kubernetes-validations:
            - rule: self in ['', 'enforce', 'warn']
              message: unsupported mode, write enforce or warn
              messageExpression: "'invalid value: ' + self + ': spec.mode; unsupported mode, write enforce or warn'"
        maximumAttestationSize:
          description: Bytes of the largest proof that is read, a quantity from 1Ki to 1Gi, 128Mi where nothing is said.
          x-kubernetes-preserve-unknown-fields: true
        match:
          description: The workloads that it governs, all of them where there is no rule; one of the rules has to match.
          type: array
          items:
            type: object
            properties:
              group:
                description: API group of the kind, nothing for the core group.
                type: string
              version:
                description: API version of the kind, or *.
                type: string
              resource:
                description: >-
                  pods, deployments, replicasets, statefulsets, daemonsets, jobs or cronjobs.
                type: string
              selector:
                description: Labels that the workload itself has to have.
                type: object
                properties:
                  matchLabels:
                    description: Labels and their values.
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
                  matchExpressions:
                    description: Demands on single labels, which all have to hold.
                    type: array
                    items:
                      type: object
                      properties:
                        key:
                          description: The label.
                          type: string
                        operator:
                          description: In, NotIn, Exists or DoesNotExist.
                          type: string
                        values:
                          description: For In and NotIn.
                          type: array
                          items:
                            type: string
    status:
      {{- include "countersign.schema.status" . | nindent 6 }}
{{- end }}
{{- define "countersign.schema.status" -}}
description: What became of the document; written by the webhook.
type: object
properties:
  observedGeneration:
    description: The generation of the document that the conditions speak of.
    type: integer
    format: int64
  annotations:
    description: Notes of a controller.
    type: object
    x-kubernetes-preserve-unknown-fields: true
  conditions:
    description: Ready says whether the document is in force as it stands.
    type: array
    items:
      type: object
      required: [type, status]
      properties:
        type:
          description: What is said.
          type: string
        status:
          description: "True, False or Unknown."
          type: string
        severity:
          description: How bad it is where it is not True; an error unless it says.
          type: string
        reason:
          description: One word for why.
          type: string
        message:
          description: A sentence for a person.
          type: string
        lastTransitionTime:
          description: When the status changed last.
          type: string
{{- end }}
