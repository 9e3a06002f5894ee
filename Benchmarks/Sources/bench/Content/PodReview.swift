// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport

/// The creation of a Pod as an API server sends it, with five fields that name images: two containers, a step before
/// them, a sidecar, and a volume.
struct PodReview: Sendable {
    /// Whose it is, in words.
    let origin: String
    private let template: String

    /// The recorded one where the folder of recordings is here, else one of our own making.
    static func usual() -> PodReview {
        if let bytes = SharedFolder.bytes("captures/admission/002-validate-create-pods.json") {
            return PodReview(origin: "a recorded Pod", template: String(decoding: bytes, as: UTF8.self))
        }
        return PodReview(origin: "a Pod of our own making", template: ownTemplate)
    }

    /// The body, with the images one after the other in its fields; they begin anew where they are fewer.
    func body(_ images: [String]) -> [UInt8] {
        var text = ""
        var rest = template[...]
        var turn = 0
        while let field = Self.nextField(in: rest) {
            text += rest[..<field.lowerBound] + images[turn % images.count]
            turn += 1
            rest = rest[field.upperBound...]
        }
        return Array((text + rest).utf8)
    }

    /// Where the next image stands: behind these names, which are escaped wherever they are quoted text.
    private static func nextField(in text: Substring) -> Range<Substring.Index>? {
        let names = [#""image":""#, #""reference":""#].compactMap { text.firstRange(of: $0) }
        guard let start = names.map(\.upperBound).min(), let end = text[start...].firstIndex(of: "\"") else {
            return nil
        }
        return start..<end
    }

    // MARK: Our own

    private static func container(_ name: String, more: String) -> String {
        #"{"name":"\#(name)","image":"IMAGE",\#(more)"resources":{"requests":{"cpu":"250m","memory":"256Mi"},"#
            + #""limits":{"memory":"512Mi"}},"volumeMounts":[{"name":"kube-api-access-7x2mq","readOnly":true,"#
            + #""mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"#
            + #""terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","#
            + #""imagePullPolicy":"IfNotPresent","securityContext":{"allowPrivilegeEscalation":false,"#
            + #""readOnlyRootFilesystem":true,"runAsNonRoot":true}}"#
    }

    private static func managed(_ name: String) -> String {
        #""k:{\"name\":\"\#(name)\"}":{".":{},"f:env":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"#
            + #""f:resources":{".":{},"f:limits":{".":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"#
            + #""f:securityContext":{".":{},"f:allowPrivilegeEscalation":{},"f:readOnlyRootFilesystem":{},"#
            + #""f:runAsNonRoot":{}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}"#
    }

    private static let kinds =
        #""kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"#
        + #""requestKind":{"group":"","version":"v1","kind":"Pod"},"#
        + #""requestResource":{"group":"","version":"v1","resource":"pods"}"#

    private static let metadata =
        #""metadata":{"name":"checkout-6d5f9c7b4-","generateName":"checkout-6d5f9c7b4-","namespace":"shop","#
        + #""uid":"2f0c8a54-91d3-4d0e-8f6b-0a2f7f3f5c11","creationTimestamp":"2026-11-21T09:00:00Z","#
        + #""labels":{"app.kubernetes.io/name":"checkout","app.kubernetes.io/part-of":"shop","#
        + #""app.kubernetes.io/version":"4.2.0","pod-template-hash":"6d5f9c7b4"},"#
        + #""annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9102","#
        + #""checksum/config":"7b1c0f5e7c1b4a0f9f1a8d0f7d2e0c3c5a0e2d7b9f4c6a8e1b3d5f7092a4c6e8"},"#
        + #""ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"checkout-6d5f9c7b4","#
        + #""uid":"c7a90c35-5f36-4b5a-9a0e-6a0d1a1be3a2","controller":true,"blockOwnerDeletion":true}],"#
        + #""managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","#
        + #""time":"2026-11-21T09:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{}},"#
        + #""f:generateName":{},"f:labels":{".":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{}}},"#
        + #""f:spec":{"f:containers":{"# + managed("checkout") + "," + managed("exporter") + #"},"f:initContainers":{"#
        + managed("schema") + "," + managed("proxy") + #"},"f:dnsPolicy":{},"f:enableServiceLinks":{},"#
        + #""f:restartPolicy":{},"f:schedulerName":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{}}}}]}"#

    private static let spec =
        #""spec":{"volumes":[{"name":"prices","image":{"reference":"IMAGE","pullPolicy":"IfNotPresent"}},"#
        + #"{"name":"kube-api-access-7x2mq","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"#
        + #""path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},"#
        + #"{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","#
        + #""fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],"initContainers":["#
        + container("schema", more: #""args":["migrate","--to=latest"],"#) + ","
        + container("proxy", more: #""restartPolicy":"Always","#) + #"],"containers":["#
        + container(
            "checkout",
            more: #""ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"#
                + #""env":[{"name":"LOG","value":"info"}],"#
        ) + "," + container("exporter", more: #""ports":[{"containerPort":9102,"protocol":"TCP"}],"#)
        + #"],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","#
        + #""serviceAccountName":"checkout","serviceAccount":"checkout","securityContext":{"fsGroup":2000},"#
        + #""schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","#
        + #""operator":"Exists","effect":"NoExecute","tolerationSeconds":300},"#
        + #"{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","#
        + #""tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"}"#

    private static let ownTemplate =
        #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"#
        + #""uid":"9d8bb0a0-3d61-4a7c-a4a4-0d6e5c0f9b7e","# + kinds
        + #","namespace":"shop","operation":"CREATE","userInfo":{"#
        + #""username":"system:serviceaccount:kube-system:replicaset-controller","#
        + #""uid":"e1b5a7c3-8a0f-4d15-9d43-8f0d8a0c2b64","groups":["system:serviceaccounts","#
        + #""system:serviceaccounts:kube-system","system:authenticated"]},"object":{"kind":"Pod","apiVersion":"v1","#
        + metadata + "," + spec + #","status":{"phase":"Pending","qosClass":"Burstable"}},"oldObject":null,"#
        + #""dryRun":false,"options":{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"}}}"#
}
