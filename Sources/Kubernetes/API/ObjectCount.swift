// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import JSON

extension APIServer {
    /// About how many objects there are, for whoever shows progress; `nil` where the server does not say, as with a
    /// selection by labels or fields.
    public func count(_ type: ResourceType, _ selection: ObjectSelection) async throws(APIFault) -> Int? {
        let query = (selection.query + [("limit", "1")]).map { "\($0.0)=\(URLText.escaped($0.1))" }
        let response = try await call(
            "GET", "\(type.path(namespace: selection.namespace))?\(query.joined(separator: "&"))")
        guard let page = try? JSONDocument(parsing: response.body, limits: KubernetesObject.limits).root else {
            return nil
        }
        let first = page["items"]?.count ?? 0
        guard page["metadata"]?["continue"]?.string.map(\.isEmpty) == false else { return first }
        return page["metadata"]?["remainingItemCount"]?.integer.flatMap { Int(exactly: $0) }.map { $0 + first }
    }
}
