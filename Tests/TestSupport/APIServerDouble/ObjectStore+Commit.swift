// SPDX-License-Identifier: Apache-2.0

/// A write that found something else than it had planned for.
enum CommitOutcome: Sendable {
    case done(APIAnswer, [ObjectChange])
    /// Somebody else wrote meanwhile: to be planned anew.
    case changedMeanwhile
}

extension ObjectStore {
    /// Makes a planned change.
    mutating func commit(_ write: ObjectWrite) -> CommitOutcome {
        guard objects[write.key]?.tree.resourceVersion == write.old?.tree.resourceVersion else {
            return .changedMeanwhile
        }
        let (call, resource) = (write.call, write.resource)
        guard let new = write.new else { return commitDeletion(write) }
        if call.isDryRun {
            return .done(APIAnswer(write.old == nil ? 201 : 200, resource.answered(new, call)), [])
        }
        guard let old = write.old else {
            let change = put(write.key, StoredObject(tree: new, applied: write.applied))
            return .done(APIAnswer(201, resource.answered(change.object, call)), [change])
        }
        // The last finaliser of an object that is being deleted takes it away.
        if new.metadata.member("deletionTimestamp") != nil, new.finalizers.isEmpty {
            let gone = remove(write.key)
            return .done(APIAnswer(200, resource.answered(gone?.object ?? new, call)), gone.map { [$0] } ?? [])
        }
        // A write without a change is none: it gets no version and no event.
        if new == old.tree, write.applied == old.applied {
            return .done(APIAnswer(200, resource.answered(old.tree, call)), [])
        }
        let change = put(write.key, StoredObject(tree: new, applied: write.applied))
        return .done(APIAnswer(200, resource.answered(change.object, call)), [change])
    }

    private mutating func commitDeletion(_ write: ObjectWrite) -> CommitOutcome {
        guard let old = write.old else { return .changedMeanwhile }
        let (call, resource) = (write.call, write.resource)
        var details: JSONTree = ["name": .string(call.name)]
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        details["kind"] = .string(resource.plural)
        details["uid"] = old.tree.metadata["uid"]
        let success: JSONTree = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
        ]
        if !old.tree.finalizers.isEmpty {
            var dying = old
            if dying.tree.metadata.member("deletionTimestamp") != nil {
                return .done(APIAnswer(200, resource.answered(dying.tree, call)), [])
            }
            dying.tree.metadata["deletionTimestamp"] = .string(ObjectStore.now)
            dying.tree.metadata["deletionGracePeriodSeconds"] = 0
            if let generation = dying.tree.metadata["generation"].integer {
                dying.tree.metadata["generation"] = .integer(generation + 1)
            }
            guard !call.isDryRun else { return .done(APIAnswer(200, resource.answered(dying.tree, call)), []) }
            let change = put(write.key, dying)
            return .done(APIAnswer(200, resource.answered(change.object, call)), [change])
        }
        guard !call.isDryRun else { return .done(APIAnswer(200, success), []) }
        var changes: [ObjectChange] = []
        if resource.plural == "namespaces" {
            // At once here; a controller does it in a real cluster.
            for key in objects.keys.filter({ $0.namespace == call.name }).sorted() {
                changes += remove(key).map { [$0] } ?? []
            }
        }
        changes += remove(write.key).map { [$0] } ?? []
        let answersWithObject = ["pods", "namespaces", "serviceaccounts"].contains(resource.plural)
        let last = changes.last?.object ?? old.tree
        return .done(APIAnswer(200, answersWithObject ? resource.answered(last, call) : success), changes)
    }
}
