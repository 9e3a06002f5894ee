// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import Testing

@testable import Admission

/// What the server turned away, and what cannot be read: HTTP 200 and a denial wherever a uid was read.
struct RefusalTests {
    static let reviewer = AdmissionReviewer(verifier: ScriptedVerifier())

    static let refusals: [(Refusal, Int)] = [
        (.tooLarge(limit: 8 << 20), 413), (.overloaded(retryAfterSeconds: 2), 429), (.truncated, 400),
        (.unsupportedContentType, 415),
    ]

    @Test("With a uid, the answer is a denial that bears it", arguments: refusals, ReviewEndpoint.enforcing)
    func withUID(refusal: (Refusal, Int), endpoint: ReviewEndpoint) {
        let text = Review().text
        for length in [text.utf8.count, 120, 90] {
            let reply = Reply(
                Self.reviewer.refuse(Array(text.utf8.prefix(length)), at: endpoint, because: refusal.0))
            #expect(reply.answer.httpStatus == 200)
            #expect(reply.answer.isJSON)
            #expect(reply.uid == "u-1")
            #expect(reply.isAllowed == false)
            #expect(reply.code == Int64(refusal.1))
            #expect(reply.answer.record.uid == "u-1")
            #expect(!reply.message.isEmpty)
        }
    }

    @Test("Without a uid, HTTP's own status says it", arguments: refusals)
    func withoutUID(refusal: (Refusal, Int)) {
        for prefix in ["", "{", #"{"kind":"AdmissionReview","request":{"uid":"u-"#, "hello", "[1]"] {
            let answer = Self.reviewer.refuse(Array(prefix.utf8), at: .validate, because: refusal.0)
            #expect(answer.httpStatus == refusal.1)
            #expect(!answer.isJSON)
            #expect(!answer.body.isEmpty)
            #expect(!answer.record.isAllowed)
            #expect(answer.record.uid == nil)
        }
    }

    @Test("Overload says when to come back, never at once")
    func retryAfter() {
        for (asked, said) in [(7, 7), (0, 1), (-3, 1)] {
            let reply = Reply(
                Self.reviewer.refuse(
                    Array(Review().text.utf8), at: .validate, because: .overloaded(retryAfterSeconds: asked)))
            #expect(reply.response?["status"]?["details"]?["retryAfterSeconds"]?.integer == Int64(said))
            #expect(reply.reason == "TooManyRequests")
        }
    }

    @Test("A review cut off anywhere is never allowed, and is answered by uid once the uid was read")
    func cutOff() async throws {
        let text = Array(Review().text.utf8)
        // Where the uid's closing quotation mark is.
        let known = try #require(Review().text.split(separator: "u-1", maxSplits: 1).first).utf8.count + 4
        for length in 0..<text.count {
            let answer = await Self.reviewer.review(
                Array(text.prefix(length)), at: .validate, deadline: .after(.seconds(9)))
            #expect(answer.httpStatus == (length >= known ? 200 : 400))
            #expect(!answer.record.isAllowed)
            #expect(Reply(answer).isAllowed == (length >= known ? false : nil))
        }
    }

    @Test(
        "Another version with a uid is a denial in that version, as another answer would be an error",
        arguments: [
            ("admission.k8s.io/v1beta1", "admission.k8s.io/v1beta1"), ("admission.k8s.io/v2", "admission.k8s.io/v1"),
            ("", "admission.k8s.io/v1"),
        ])
    func version(sent: String, answered: String) async throws {
        for endpoint in ReviewEndpoint.enforcing {
            let reply = await review(Review(apiVersion: sent).text, at: endpoint)
            #expect(reply.isAllowed == false)
            #expect(reply.code == 400)
            #expect(try JSONDocument(parsing: reply.answer.body).root["apiVersion"]?.string == answered)
        }
    }

    static let noUID: [String] = [
        "{}", "null", "[]", "7", #"{"request":null}"#, #"{"request":[]}"#, #"{"request":{}}"#,
        #"{"request":{"uid":null}}"#, #"{"request":{"uid":7}}"#, #"{"request":{"uid":""}}"#,
        #"{"request":{"uid":["u"]}}"#, #"{"uid":"u"}"#, #"{"request":{"object":{"uid":"u"}}}"#,
        "{\"request\":{\"uid\":\"\(String(repeating: "u", count: 257))\"}}",
        "{\"request\":{\"uid\":\"\(String(repeating: "u", count: 1 << 20))\"}}",
    ]

    @Test("Without a uid the answer is HTTP 400", arguments: noUID)
    func badRequest(text: String) async {
        for endpoint in ReviewEndpoint.enforcing {
            let reply = await review(text, at: endpoint)
            #expect(reply.answer.httpStatus == 400)
            #expect(!reply.answer.isJSON)
            #expect(reply.answer.body.count < 2000)
        }
    }

    static let hostile: [(String, String)] = [
        ("a second request", #"{"request":{"uid":"u-1"},"request":{"uid":"u-2"}}"#),
        ("a second uid", #"{"request":{"uid":"u-1","uid":"u-2"}}"#),
        ("nothing but a uid", #"{"request":{"uid":"u-1"}}"#),
        (
            "nothing but an envelope",
            #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1"}}"#
        ),
        ("trailing data", Review().text + "{}"),
        ("depth", #"{"request":{"uid":"u-1","object":"# + String(repeating: "[", count: 100_000)),
        (
            "balanced depth",
            #"{"request":{"uid":"u-1","object":"# + String(repeating: "[", count: 5000)
                + String(repeating: "]", count: 5000) + "}}"
        ),
        ("invalid UTF-8 escape", #"{"request":{"uid":"u-1","name":"\ud800"}}"#),
        ("another kind of envelope", Review().text.replacing("AdmissionReview", with: "Scale")),
        ("no operation", Review(operation: "").text),
        ("an operation of our own", Review(operation: "create").text),
        ("resource as text", Review().text.replacing(#""resource":{"#, with: #""resource":"pods","x":{"#)),
        ("kind as text", Review().text.replacing(#""kind":{"#, with: #""kind":"Pod","x":{"#)),
        ("group as a number", Review().text.replacing(#""resource":{"group":"""#, with: #""resource":{"group":0"#)),
        ("subresource as an array", Review().text.replacing(#""subResource":"""#, with: #""subResource":[]"#)),
        ("name as an object", Review().text.replacing(#""name":"web","operation""#, with: #""name":{},"operation""#)),
        ("namespace as a boolean", Review().text.replacing(#""namespace":"demo""#, with: #""namespace":true"#)),
        ("dry run as text", Review().text.replacing(#""operation""#, with: #""dryRun":"yes","operation""#)),
        ("no object", Review(object: nil).text),
        ("neither object on update", Review(operation: "UPDATE", object: nil).text),
        ("an object that is text", Review(object: #""Pod""#).text),
        ("containers as an object", Review(object: #"{"spec":{"containers":{"0":{"image":"a"}}}}"#).text),
        (
            "100,000 containers",
            Review(object: "{\"spec\":{\"containers\":\(Review.containers(Array(repeating: "a", count: 100_000)))}}")
                .text
        ),
        (
            "more values than the tape takes",
            Review(object: "[" + String(repeating: "0,", count: 1 << 21) + "0]").text
        ),
        ("an image of 1 MB", Review(object: Review.pod(String(repeating: "a", count: 1 << 20))).text),
        ("an image that turns the line around", Review(object: Review.pod("r.io/\u{202E}gpj.exe\\u0000\\n")).text),
    ]

    @Test("Whatever a review holds, one short denial bears its uid", arguments: hostile)
    func hostileReview(name: String, text: String) async {
        let reply = await review(text)
        #expect(reply.answer.httpStatus == 200)
        #expect(reply.uid == "u-1")
        #expect(reply.isAllowed == false)
        #expect(reply.message.unicodeScalars.count <= DenialMessage.maximumLength)
        #expect(!reply.message.isEmpty)
        for scalar in reply.message.unicodeScalars where scalar != "\n" {
            #expect(scalar.properties.generalCategory != .control)
            #expect(scalar.properties.generalCategory != .format)
        }
    }

    @Test(
        "A review has one value for three bytes at most, beyond the first thousand",
        arguments: [("0", false), ("100", true)])
    func denseValues(value: String, isAllowed: Bool) async {
        let values = Array(repeating: value, count: 20_000).joined(separator: ",")
        let object = Review.pod(pinnedWeb, metadata: "{\"name\":\"web\",\"x\":[\(values)]}")
        let reply = await review(Review(object: object).text)
        #expect(reply.isAllowed == isAllowed)
        #expect(reply.uid == "u-1")
        #expect((reply.code == nil) == isAllowed)
    }

    @Test("A body beyond the limit is 413, by uid")
    func tooLarge() async {
        var text = Array(Review().text.utf8)
        text += Array(repeating: 0x20, count: AdmissionReviewer.maximumReviewBytes)
        let answer = await Self.reviewer.review(text, at: .validate, deadline: .after(.seconds(9)))
        #expect(answer.httpStatus == 200)
        #expect(Reply(answer).code == 413)
        #expect(Reply(answer).reason == "RequestEntityTooLarge")
    }

    @Test("A uid is echoed letter by letter", arguments: [#""a\"b\\c\n""#, #""\u00e9\ud83d\ude00""#])
    func echo(uid: String) async throws {
        let sent = try JSONDocument(parsing: Array(uid.utf8)).root.string
        let reply = await review(Review(uid: uid).text)
        #expect(reply.isAllowed == true)
        #expect(reply.uid == sent)
        let refused = Self.reviewer.refuse(Array(Review(uid: uid).text.utf8), at: .mutate, because: .truncated)
        #expect(Reply(refused).uid == sent)
    }
}
