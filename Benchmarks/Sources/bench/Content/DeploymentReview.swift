// SPDX-License-Identifier: Apache-2.0

/// The creation of a Deployment with one container and three replicas.
enum DeploymentReview {
    static func body(_ image: String, uid: String) -> [UInt8] {
        let group = #""group":"apps","version":"v1""#
        let spec = #"{"containers":[{"name":"main","image":"\#(image)"}]}"#
        let object = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},\
            "spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},\
            "template":{"metadata":{"labels":{"app":"web"}},"spec":\(spec)}}}
            """
        return Array(
            """
            {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"\(uid)",\
            "kind":{\(group),"kind":"Deployment"},"resource":{\(group),"resource":"deployments"},"name":"web",\
            "namespace":"shop","operation":"CREATE","userInfo":{"username":"admin"},"object":\(object),\
            "oldObject":null,"dryRun":false,"options":null}}
            """.utf8)
    }
}
