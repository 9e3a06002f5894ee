// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import ServiceLifecycle
import Sigstore

/// Keeps the trust material in force equal to its files: reads them four times a second, and swaps the whole when two
/// reads in a row agree on something new. What cannot be read changes nothing: the last good material stays.
struct TrustFilesWatch: Service {
    enum Event: Equatable {
        case replaced(TrustGeneration, leftOut: [String])
        /// The files cannot be used now; the last good material stays.
        case broken(String)
        case mended
        /// The built-in root has come to an age at which another one should be named; once.
        case old
    }

    static let interval = Duration.milliseconds(250)
    /// Between looks at the clock alone.
    static let longInterval = Duration.seconds(60)

    let inForce: TrustInForce
    let sources: TrustSources
    private let onChange: @Sendable (Event) -> Void

    /// Reads everything once. Throws where anything is not whole: at start there is no last good version.
    init(_ sources: TrustSources, onChange: @escaping @Sendable (Event) -> Void = { _ in }) throws(UsageError) {
        self.sources = sources
        self.onChange = onChange
        inForce = TrustInForce(try sources.read())
    }

    /// Runs until it is cancelled or the server shuts down.
    func run() async {
        let watch = self
        await cancelWhenGracefulShutdown {
            var state = TrustFilesState(watch.inForce.current)
            var isOld = false
            var last: (contents: [String: [UInt8]], look: Result<TrustMaterial, UsageError>)?
            while !Task.isCancelled {
                if !isOld, watch.sources.isOld(now: .now) {
                    isOld = true
                    watch.onChange(.old)
                }
                // Cancellation ends the sleep, and the loop.
                try? await Task.sleep(for: watch.sources.files.isEmpty ? Self.longInterval : Self.interval)
                if Task.isCancelled { break }
                // Nothing can change in what is built in but its age.
                if watch.sources.files.isEmpty { continue }
                let look: Result<TrustMaterial, UsageError>
                do throws(UsageError) {
                    let contents = try watch.sources.contents()
                    // The same bytes say the same, and it takes a thousandth of a second to find out what.
                    if let last, last.contents == contents {
                        look = last.look
                    } else {
                        look = watch.sources.look(at: contents)
                        last = (contents, look)
                    }
                } catch {
                    look = .failure(error)
                }
                guard let event = state.update(look) else { continue }
                watch.inForce.replace(with: state.material)
                watch.onChange(event)
            }
        }
    }
}

extension TrustSources {
    fileprivate func look(at contents: [String: [UInt8]]) -> Result<TrustMaterial, UsageError> {
        do throws(UsageError) { return .success(try material(of: contents)) } catch { return .failure(error) }
    }
}

/// What is in force, and what was seen last.
struct TrustFilesState {
    private(set) var material: TrustMaterial
    private var isBroken = false
    private var last: String?

    init(_ material: TrustMaterial) { self.material = material }

    /// One look at the files; an event where it changes what is in force or what can be said of it. A change counts when
    /// two looks agree, so that a file is not read in the middle of its writing.
    mutating func update(_ look: Result<TrustMaterial, UsageError>) -> TrustFilesWatch.Event? {
        let seen: String
        switch look {
        case .success(let read): seen = read.generation.description
        case .failure(let error): seen = error.description
        }
        let isSettled = seen == last
        last = seen
        guard isSettled else { return nil }
        switch look {
        case .success(let read) where read.generation != material.generation:
            material = read
            isBroken = false
            return .replaced(read.generation, leftOut: read.leftOut)
        case .success:
            guard isBroken else { return nil }
            isBroken = false
            return .mended
        case .failure(let error):
            guard !isBroken else { return nil }
            isBroken = true
            return .broken(error.description)
        }
    }
}
