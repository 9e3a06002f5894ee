// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// What a real server refuses to keep, as far as a mistake of ours is likely.
enum ObjectValidation {
    static func check(_ object: JSONTree, _ resource: APIResource) throws(APIFault) {
        guard resource.plural.hasSuffix("webhookconfigurations") else { return }
        var names: Set<String> = []
        for (index, webhook) in object["webhooks"].elements.enumerated() {
            let place = "webhooks[\(index)]"
            let name = webhook["name"].text
            func fail(_ field: String, _ why: String) -> APIFault {
                .invalid(resource, object.name, field: "\(place).\(field)", why)
            }
            guard name.split(separator: ".").count >= 3, name == name.lowercased() else {
                throw fail(
                    "name",
                    "Invalid value: \"\(name)\": should be a domain with at least three segments separated by dots")
            }
            guard names.insert(name).inserted else { throw fail("name", "Duplicate value: \"\(name)\"") }
            guard ["None", "NoneOnDryRun"].contains(webhook["sideEffects"].text) else {
                throw fail("sideEffects", "Unsupported value: supported values: \"None\", \"NoneOnDryRun\"")
            }
            guard webhook["admissionReviewVersions"].elements.contains("v1") else {
                throw fail("admissionReviewVersions", "must include at least one of v1, v1beta1")
            }
            guard (1...30).contains(webhook["timeoutSeconds"].integer ?? 10) else {
                throw fail("timeoutSeconds", "must be between 1 and 30")
            }
            let client = webhook["clientConfig"]
            guard (client.member("url") == nil) != (client.member("service") == nil) else {
                throw fail("clientConfig", "exactly one of url or service is required")
            }
            guard client.member("url").map({ $0.text.hasPrefix("https://") }) ?? true else {
                throw fail("clientConfig.url", "'https' is the only allowed URL scheme")
            }
            if let bundle = client.member("caBundle"), Data(base64Encoded: bundle.text) == nil {
                throw .badRequest("illegal base64 data in \(place).clientConfig.caBundle")
            }
            guard webhook["matchConditions"].elements.count <= 64 else {
                throw fail("matchConditions", "must not contain more than 64 items")
            }
            for condition in webhook["matchConditions"].elements {
                do throws(CELFailure) { _ = try CELProgram(condition["expression"].text) } catch {
                    throw fail("matchConditions[\(condition["name"].text)].expression", "compilation failed: \(error)")
                }
            }
        }
    }
}
