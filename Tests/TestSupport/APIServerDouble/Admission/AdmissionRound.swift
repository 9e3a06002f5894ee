// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// A write after its webhooks had their say.
struct ReviewedWrite: Sendable {
    var write: ObjectWrite
    var warnings: [String] = []
}

extension APIServerDouble {
    /// Asks the mutating webhooks one after the other, those with `reinvocationPolicy: IfNeeded` once more after
    /// others have changed the object, then the validating ones side by side.
    func review(_ write: ObjectWrite, _ plan: AdmissionPlan) async throws(APIFault) -> ReviewedWrite {
        var reviewed = ReviewedWrite(write: write)
        var changers: Set<Int> = []
        for (index, hook) in plan.mutating.enumerated() {
            if try await mutate(&reviewed, hook) { changers.insert(index) }
        }
        for (index, hook) in plan.mutating.enumerated() where hook.reinvokes && changers.contains(where: { $0 > index })
        {
            _ = try await mutate(&reviewed, hook)
        }
        let hooks = plan.renewed(for: reviewed.write).validating
        let final = reviewed.write
        let results = await withTaskGroup(of: (Int, Result<AdmissionAnswer?, APIFault>).self) { group in
            for (index, hook) in hooks.enumerated() {
                group.addTask { (index, await self.ask(hook, about: final)) }
            }
            var results: [Int: Result<AdmissionAnswer?, APIFault>] = [:]
            for await (index, result) in group { results[index] = result }
            return hooks.indices.compactMap { results[$0] }
        }
        for result in results { reviewed.warnings += try result.get()?.warnings ?? [] }
        return reviewed
    }

    /// Asks one webhook and applies its patch; whether that changed anything.
    private func mutate(_ reviewed: inout ReviewedWrite, _ hook: AdmissionHook) async throws(APIFault) -> Bool {
        guard let answer = try await ask(hook, about: reviewed.write).get() else { return false }
        reviewed.warnings += answer.warnings
        guard let patch = answer.patch, let object = reviewed.write.new else { return false }
        let resource = reviewed.write.resource
        let shown = resource.shown(object, in: hook.version)
        let patched: JSONTree
        do { patched = try ObjectPatch.applied(patch, to: shown) } catch {
            throw .internalError("failed to apply the patch of webhook \"\(hook.name)\": \(error)")
        }
        var new = ObjectDefaults.filled(resource.shown(patched, in: resource.storageVersion), resource)
        if let old = reviewed.write.old { new = resource.counted(new, since: old.tree) }
        reviewed.write.new = new
        return new != object
    }

    /// Asks one webhook. `nil` where its match conditions leave the write out, or where it failed and may.
    private func ask(_ hook: AdmissionHook, about write: ObjectWrite) async -> Result<AdmissionAnswer?, APIFault> {
        let review = AdmissionReviewText(write, hook)
        var call = AdmissionCall(
            webhook: hook.name, configuration: hook.configuration, isMutating: hook.isMutating,
            operation: write.operation.rawValue,
            resource: [write.resource.plural, write.call.subresource].filter { !$0.isEmpty }.joined(separator: "/"),
            namespace: write.key.namespace, name: write.key.name, started: .now)
        do throws(WebhookFailure) {
            guard try conditionsHold(hook, review) else { return .success(nil) }
        } catch {
            call.outcome = hook.ignoresFailure ? .ignored(error.description) : .failed(error.description)
            note(call)
            return hook.ignoresFailure
                ? .success(nil) : .failure(APIFault(403, "Forbidden", "matchConditions: \(error)", details: [:]))
        }
        if write.call.isDryRun, !["None", "NoneOnDryRun"].contains(hook.definition["sideEffects"].text) {
            return .failure(.badRequest("admission webhook \"\(hook.name)\" does not support dry run"))
        }
        let result = await send(review, to: hook, &call)
        call.duration = .now - call.started
        switch result {
        case .success(let answer) where answer.isAllowed:
            call.outcome = answer.patch == nil ? .allowed : .patched
            note(call)
            return .success(answer)
        case .success(let answer):
            let denial = answer.denial(by: hook.name)
            call.outcome = .denied(answer.response["status"]["message"].text)
            note(call)
            return .failure(denial)
        case .failure(let failure):
            let sentence = "failed calling webhook \"\(hook.name)\": failed to call webhook: \(failure)"
            call.outcome = hook.ignoresFailure ? .ignored(sentence) : .failed(sentence)
            note(call)
            return hook.ignoresFailure ? .success(nil) : .failure(.internalError(sentence))
        }
    }

    /// One condition that is false decides, whatever errors others have.
    private func conditionsHold(_ hook: AdmissionHook, _ review: AdmissionReviewText) throws(WebhookFailure) -> Bool {
        var failure: WebhookFailure?
        for condition in hook.definition["matchConditions"].elements {
            do throws(CELFailure) {
                if try !CELProgram(condition["expression"].text).holds(review.variables) { return false }
            } catch {
                failure = failure ?? WebhookFailure("\(condition["name"].text): \(error)")
            }
        }
        if let failure { throw failure }
        return true
    }

    private func send(
        _ review: AdmissionReviewText, to hook: AdmissionHook, _ call: inout AdmissionCall
    ) async -> Result<AdmissionAnswer, WebhookFailure> {
        do throws(WebhookFailure) {
            let target = try state.withLock { state throws(WebhookFailure) in
                try WebhookTarget(hook, services: state.services, identity: state.webhookIdentity)
            }
            let deadline = NIODeadline.now() + .seconds(hook.timeoutSeconds)
            let exchange = await webhooks.post(target, review.body, until: deadline)
            call.address = exchange.address
            call.reusedConnection = exchange.isReused
            call.retries = exchange.retries
            let body: [UInt8]
            do throws(WebhookFailure) { body = try exchange.result.get() } catch {
                throw WebhookFailure("Post \"\(target.url)\": \(error)")
            }
            return .success(try review.answer(body, isMutating: hook.isMutating))
        } catch {
            return .failure(error)
        }
    }
}
