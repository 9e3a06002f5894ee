// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// What the API server fills in before it keeps an object, as far as a client that compares what it wrote with what it
/// reads can notice.
enum ObjectDefaults {
    static func filled(_ object: JSONTree, _ resource: APIResource) -> JSONTree {
        var object = object
        switch resource.plural {
        case "validatingwebhookconfigurations", "mutatingwebhookconfigurations":
            let isMutating = resource.plural.hasPrefix("mutating")
            object["webhooks"] = .array(object["webhooks"].elements.map { webhook($0, isMutating: isMutating) })
        case "customresourcedefinitions": fillDefinition(&object)
        case "secrets":
            setDefault(&object, "type", "Opaque")
            for member in object["stringData"].members {
                object["data"][member.name] = .base64(Array(member.value.text.utf8))
            }
            object.remove("stringData")
        case "namespaces":
            object.metadata["labels"]["kubernetes.io/metadata.name"] = .string(object.name)
            setDefault(&object, "spec", ["finalizers": ["kubernetes"]])
            setDefault(&object, "status", ["phase": "Active"])
        case "pods": fillPod(&object["spec"])
        case "deployments", "replicasets", "statefulsets":
            setDefault(&object["spec"], "replicas", 1)
            fillPod(&object["spec"]["template"]["spec"])
        case "daemonsets", "jobs": fillPod(&object["spec"]["template"]["spec"])
        case "cronjobs": fillPod(&object["spec"]["jobTemplate"]["spec"]["template"]["spec"])
        default: break
        }
        return object
    }

    private static func setDefault(_ object: inout JSONTree, _ name: String, _ value: JSONTree) {
        if object.member(name) == nil { object[name] = value }
    }

    private static func webhook(_ webhook: JSONTree, isMutating: Bool) -> JSONTree {
        var webhook = webhook
        setDefault(&webhook, "failurePolicy", "Fail")
        setDefault(&webhook, "matchPolicy", "Equivalent")
        setDefault(&webhook, "namespaceSelector", [:])
        setDefault(&webhook, "objectSelector", [:])
        setDefault(&webhook, "timeoutSeconds", 10)
        if isMutating { setDefault(&webhook, "reinvocationPolicy", "Never") }
        if webhook.at("clientConfig", "service") != nil {
            setDefault(&webhook["clientConfig"]["service"], "port", 443)
        }
        if webhook.member("rules") != nil {
            webhook["rules"] = .array(
                webhook["rules"].elements.map { rule in
                    var rule = rule
                    setDefault(&rule, "scope", "*")
                    return rule
                })
        }
        return webhook
    }

    private static func fillDefinition(_ object: inout JSONTree) {
        setDefault(&object["spec"], "conversion", ["strategy": "None"])
        let names = object["spec"]["names"]
        setDefault(&object["spec"]["names"], "singular", .string(names["kind"].text.lowercased()))
        setDefault(&object["spec"]["names"], "listKind", .string(names["kind"].text + "List"))
        guard object.member("status") == nil else { return }
        let stored = object["spec"]["versions"].elements.filter { $0["storage"] == true }.map { $0["name"] }
        func condition(_ type: String, _ reason: String, _ message: String) -> JSONTree {
            [
                "type": .string(type), "status": "True", "lastTransitionTime": .string(ObjectStore.now),
                "reason": .string(reason), "message": .string(message),
            ]
        }
        object["status"] = [
            "conditions": [
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ],
            "acceptedNames": object["spec"]["names"], "storedVersions": .array(stored),
        ]
    }

    private static func fillPod(_ spec: inout JSONTree) {
        guard spec.isObject else { return }
        setDefault(&spec, "restartPolicy", "Always")
        setDefault(&spec, "dnsPolicy", "ClusterFirst")
        setDefault(&spec, "schedulerName", "default-scheduler")
        for list in ["containers", "initContainers", "ephemeralContainers"] where spec.member(list) != nil {
            spec[list] = .array(
                spec[list].elements.map { container in
                    var container = container
                    let reference = container["image"].text
                    let name = reference.split(separator: "/").last ?? ""
                    let isMoving = !reference.contains("@") && (!name.contains(":") || name.hasSuffix(":latest"))
                    setDefault(&container, "imagePullPolicy", isMoving ? "Always" : "IfNotPresent")
                    return container
                })
        }
    }
}
