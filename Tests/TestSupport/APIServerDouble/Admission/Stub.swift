struct AdmissionPlan: Sendable { init(_ w: ObjectWrite, in s: ObjectStore) {}; var isEmpty: Bool { true } }
public struct AdmissionCall: Sendable {}
struct WebhookConnections: Sendable { func close() async {} }
public struct ServiceAddress: Sendable {}
extension APIServerDouble {
    func review(_ w: ObjectWrite, _ p: AdmissionPlan) async throws -> (write: ObjectWrite, warnings: [String]) {
        (w, [])
    }
}
