// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CUE

@Suite("Packages of times, addresses and encodings")
struct FormatPackageTests {
    private static let timesCases: [BuiltinCase] = [
        .init("time.Time", #"["2024-01-01T00:00:00Z"]"#, "true"),
        .init("time.Time", #"["2024-01-01T00:00:00.123456789+05:30"]"#, "true"),
        .init("time.Time", #"["1937-01-01T12:00:27.87+00:20"]"#, "true"),
        .init("time.Time", #"["2024-02-29T00:00:00Z"]"#, "true"),
        .init(
            "time.Time", #"["2023-02-29T00:00:00Z"]"#,
            #"failed: error in call to time.Time: invalid time "2023-02-29T00:00:00Z""#),
        .init("time.Time", #"["2024-01-01"]"#, #"failed: error in call to time.Time: invalid time "2024-01-01""#),
        .init(
            "time.Time", #"["2024-01-01T24:00:00Z"]"#,
            #"failed: error in call to time.Time: invalid time "2024-01-01T24:00:00Z""#),
        .init(
            "time.Time", #"["2024-01-01T00:00:60Z"]"#,
            #"failed: error in call to time.Time: invalid time "2024-01-01T00:00:60Z""#),
        .init(
            "time.Time", #"["2024-01-01T00:00:00z"]"#,
            #"failed: error in call to time.Time: invalid time "2024-01-01T00:00:00z""#),
        .init(
            "time.Time", #"["2024-01-01 00:00:00Z"]"#,
            #"failed: error in call to time.Time: invalid time "2024-01-01 00:00:00Z""#),
        .init("time.Format", #"["2024-05-06","2006-01-02"]"#, "true"),
        .init(
            "time.Format", #"["2024-05-06T00:00:00Z","2006-01-02"]"#,
            #"failed: error in call to time.Format: invalid time "2024-05-06T00:00:00Z""#),
        .init("time.Parse", #"["2006-01-02","2024-07-08"]"#, #""2024-07-08T00:00:00Z""#),
        .init("time.Parse", #"["2006-01-02T15:04:05Z07:00","2029-12-31T23:59:59-05:00"]"#, #""2030-01-01T04:59:59Z""#),
        .init(
            "time.Parse", #"["2006-01-02T15:04:05Z07:00","2024-01-01T00:00:00.120Z"]"#, #""2024-01-01T00:00:00.12Z""#),
        .init("time.Parse", #"["2006-01-02T15:04:05Z07:00","0000-01-01T00:00:00+01:00"]"#, #""-0001-12-31T23:00:00Z""#),
        .init(
            "time.Parse", #"["2006-01-02T15:04:05Z07:00","bad"]"#,
            #"failed: error in call to time.Parse: parsing time "bad" as "2006-01-02T15:04:05Z07:00": "#
                + #"cannot parse "bad" as "2006""#),
        .init(
            "time.Parse", #"["2006-01-02","2024-13-01"]"#,
            #"failed: error in call to time.Parse: parsing time "2024-13-01": month out of range"#),
        .init(
            "time.Parse", #"["2006-01-02","2024-02-30"]"#,
            #"failed: error in call to time.Parse: parsing time "2024-02-30": day out of range"#),
        .init(
            "time.Parse", #"["2006-01-02","2024-02-03x"]"#,
            #"failed: error in call to time.Parse: parsing time "2024-02-03x": extra text: "x""#),
        .init("time.Parse", #"["02 Jan 06 15:04 MST","01 Jul 21 17:54 CEST"]"#, #""2021-07-01T17:54:00Z""#),
        .init("time.Parse", #"["02 Jan 06 15:04 MST","01 jul 21 17:54 EDT"]"#, #""2021-07-01T17:54:00Z""#),
        .init("time.Parse", #"["02 Jan 06 15:04 MST","01 Jul 21 17:54 GMT+3"]"#, "unsupported"),
        .init(
            "time.Parse", #"["01/02 03:04:05PM '06 -0700","01/02 03:04:05PM '06 -0700"]"#, #""2006-01-02T22:04:05Z""#),
        .init("time.Parse", #"["3:04PM","12:30AM"]"#, #""0000-01-01T00:30:00Z""#),
        .init("time.Parse", #"["2006 002","2024 366"]"#, #""2024-12-31T00:00:00Z""#),
        .init(
            "time.Parse", #"["2006 002","2023 366"]"#,
            #"failed: error in call to time.Parse: parsing time "2023 366": day-of-year out of range"#),
        .init(
            "time.Parse", #"["Monday, 02-Jan-06 15:04:05 MST","Friday, 05-Jul-24 10:00:00 UTC"]"#,
            #""2024-07-05T10:00:00Z""#),
        .init("time.Unix", "[0,0]", #""1970-01-01T00:00:00Z""#),
        .init("time.Unix", "[1500000000,123456]", #""2017-07-14T02:40:00.000123456Z""#),
        .init("time.Unix", "[-1,-1]", #""1969-12-31T23:59:58.999999999Z""#),
        .init("time.Unix", "[9223372036854775807,0]", "unsupported"),
        .init("time.Unix", "[9223372036854775807,9223372036854775807]", "unsupported"),
        .init(
            "time.Split", #"["2017-07-14T02:40:00.000123456Z"]"#,
            "{year:2017,month:7,day:14,hour:2,minute:40,second:0,nanosecond:123456}"),
        .init(
            "time.Split", #"["2017-07-14T02:40:00+02:00"]"#,
            "{year:2017,month:7,day:14,hour:2,minute:40,second:0,nanosecond:0}"),
        .init(
            "time.FormatString", #"["Mon Jan _2 15:04:05.000 2006 Z0700 __2 MST","2024-07-05T03:04:05.1+02:00"]"#,
            #""Fri Jul  5 03:04:05.100 2024 +0200 187 +0200""#),
        .init("time.FormatString", #"["January 3:04pm .99 MST","2024-07-05T13:04:05Z"]"#, #""July 1:04pm  UTC""#),
        .init("time.Duration", #"["-1.5s"]"#, "true"),
        .init(
            "time.Duration", #"["10"]"#,
            #"failed: error in call to time.Duration: time: missing unit in duration "10""#),
        .init(
            "time.Duration", #"["1d"]"#,
            #"failed: error in call to time.Duration: time: unknown unit "d" in duration "1d""#),
        .init("time.Duration", #"[""]"#, #"failed: error in call to time.Duration: time: invalid duration """#),
        .init("time.ParseDuration", #"["1h15m30.918s"]"#, "4530918000000"),
        .init("time.ParseDuration", #"["-9223372036854775808ns"]"#, "-9223372036854775808"),
        .init(
            "time.ParseDuration", #"["9223372036854775808ns"]"#,
            #"failed: error in call to time.ParseDuration: time: invalid duration "9223372036854775808ns""#),
        .init("time.ParseDuration", #"["1.5µs"]"#, "1500"), .init("time.ParseDuration", #"["0"]"#, "0"),
        .init(
            "time.ParseDuration", #"["999999999999999999999h"]"#,
            #"failed: error in call to time.ParseDuration: time: invalid duration "999999999999999999999h""#),
        .init("time.FormatDuration", "[1500000000]", #""1.5s""#),
        .init("time.FormatDuration", "[10920000000000]", #""3h2m0s""#),
        .init("time.FormatDuration", "[600000000]", #""600ms""#), .init("time.FormatDuration", "[0]", #""0s""#),
        .init("time.FormatDuration", "[-9223372036854775808]", #""-2562047h47m16.854775808s""#),
    ]

    @Test("time", arguments: timesCases)
    func times(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    @Test("every day of many years is found again from its number")
    func calendar() throws {
        var day = CivilTime.days(-401, 1, 1)
        for year in -401...2_400 where year < 2 || year > 1_890 {
            day = CivilTime.days(year, 1, 1)
            for month in 1...12 {
                for date in [1, CivilTime.days(inMonth: month, of: year)] {
                    let number = CivilTime.days(year, month, date)
                    let time = try #require(CivilTime(seconds: number * CivilTime.secondsOfDay, nanosecond: 0))
                    let fields = time.fields
                    #expect((fields.year, fields.month, fields.day) == (year, month, date))
                    #expect(fields.yearDay == number - day + 1)
                }
            }
            #expect(CivilTime.days(year + 1, 1, 1) - day == (CivilTime.isLeap(year) ? 366 : 365))
        }
    }

    private static let expressionsCases: [BuiltinCase] = [
        .init("regexp.Match", #"["^a+$","aaa"]"#, "true"), .init("regexp.Match", #"["^a+$","ab"]"#, "false"),
        .init("regexp.Find", #"["f\\w\\w","afoot"]"#, #""foo""#),
        .init("regexp.Find", #"["z","abc"]"#, "failed: error in call to regexp.Find: no match"),
        .init("regexp.FindAll", #"["f\\w\\w","afoot afloat from",2]"#, #"["foo","flo"]"#),
        .init("regexp.FindAll", #"["a*","baac",-1]"#, #"["","aa",""]"#),
        .init("regexp.FindAll", #"["bla","foo",-1]"#, "failed: error in call to regexp.FindAll: no match"),
        .init("regexp.FindAll", #"["\\bf","f f",-1]"#, "unsupported"),
        .init("regexp.FindAll", #"["[^ ]","a b",-1]"#, #"["a","b"]"#),
        .init("regexp.FindAll", #"["^a","aaa",-1]"#, #"["a"]"#),
        .init("regexp.ReplaceAllLiteral", #"["f(\\w)","afl fr","-$1-"]"#, #""a-$1- -$1-""#),
        .init("regexp.ReplaceAll", #"["a(x*)b","-ab-axxb-","W"]"#, #""-W-W-""#),
        .init("regexp.ReplaceAll", #"["a(x*)b","-ab-","${1}W"]"#, "unsupported"),
        .init("regexp.Valid", #"["^a+$"]"#, "true"),
        .init(
            "regexp.Valid", #"["(("]"#,
            "failed: error in call to regexp.Valid: error parsing regexp: missing closing ): `((`"),
        .init(
            "regexp.Valid", #"["invalid)"]"#,
            "failed: error in call to regexp.Valid: error parsing regexp: unexpected ): `invalid)`"),
        .init("regexp.QuoteMeta", #"["a.b[c]"]"#, #""a\\.b\\[c\\]""#),
    ]

    @Test("regexp", arguments: expressionsCases)
    func expressions(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    private static let networkCases: [BuiltinCase] = [
        .init("net.IPv4", #"["10.0.0.255"]"#, "true"), .init("net.IPv4", #"["10.0.0.256"]"#, "false"),
        .init("net.IPv4", #"["10.0.0.01"]"#, "false"), .init("net.IPv4", #"["::1"]"#, "false"),
        .init("net.IPv4", "[5]", "false"), .init("net.IPv4", "[[127,0,0,1]]", "true"),
        .init("net.IPv4", "[[127,0,0,256]]", "false"),
        .init("net.IPv6", #"["2001:db8::1"]"#, "true"), .init("net.IPv6", #"["2001:db8::12345"]"#, "false"),
        .init("net.IPv6", #"["23.23.23.23"]"#, "false"), .init("net.IP", #"["0:0:0:0:0:0:23.23.23.23"]"#, "true"),
        .init("net.IP", #"["::1::"]"#, "false"), .init("net.IP", #"["1:2:3:4:5:6:7:8:9"]"#, "false"),
        .init("net.IP", #"["1:2:3:4:5:6:7::"]"#, "true"), .init("net.IP", #"["1:2:3:4:5:6:7:8::"]"#, "false"),
        .init("net.IP", #"["fe80::1%eth0"]"#, "true"), .init("net.IP", #"["fe80::1%"]"#, "false"),
        .init("net.IP", #"[""]"#, "false"), .init("net.IP", #"[":"]"#, "false"),
        .init("net.IPCIDR", #"["192.168.1.0/24"]"#, "true"),
        .init(
            "net.IPCIDR", #"["10.0.0.0"]"#,
            #"failed: error in call to net.IPCIDR: netip.ParsePrefix("10.0.0.0"): no '/'"#),
        .init(
            "net.IPCIDR", #"["10.0.0.0/33"]"#,
            #"failed: error in call to net.IPCIDR: netip.ParsePrefix("10.0.0.0/33"): prefix length out of range"#),
        .init("net.LoopbackIP", #"["127.0.0.1"]"#, "true"), .init("net.LoopbackIP", #"["128.0.0.1"]"#, "false"),
        .init("net.GlobalUnicastIP", #"["8.8.8.8"]"#, "true"), .init("net.MulticastIP", #"["224.0.0.1"]"#, "true"),
        .init("net.UnspecifiedIP", #"["::"]"#, "true"), .init("net.LinkLocalUnicastIP", #"["169.254.0.1"]"#, "true"),
        .init("net.ToIP4", #"["127.0.0.1"]"#, "[127,0,0,1]"),
        .init("net.ToIP16", #"["127.0.0.1"]"#, "[0,0,0,0,0,0,0,0,0,0,255,255,127,0,0,1]"),
        .init("net.ToIP4", #"["x"]"#, #"failed: error in call to net.ToIP4: invalid IP "x""#),
        .init("net.IPString", #"["2001:DB8:0:0:1:0:0:1"]"#, #""2001:db8::1:0:0:1""#),
        .init("net.AddIP", #"["127.0.0.1",1]"#, #""127.0.0.2""#),
        .init("net.AddIP", #"["127.0.0.1/8",2]"#, #""127.0.0.3/8""#),
        .init("net.AddIP", #"["::ffff:127.0.0.1",1]"#, #""::ffff:127.0.0.2""#),
        .init(
            "net.AddIP", #"["0.0.0.0",-1]"#,
            "failed: error in call to net.AddIP: IP address arithmetic resulted in out-of-range address (underflow)"),
        .init(
            "net.AddIP", #"["255.255.255.255",1]"#,
            "failed: error in call to net.AddIP: IP address arithmetic resulted in out-of-range address (overflow)"),
        .init("net.AddIPCIDR", #"["192.168.0.0/23",1]"#, #""192.168.2.0/23""#),
        .init("net.AddIPCIDR", #"["2001:db8:1111:2222::/64",1]"#, #""2001:db8:1111:2223::/64""#),
        .init("net.SplitHostPort", #"["h:80"]"#, #"["h","80"]"#),
        .init("net.SplitHostPort", #"["[::%lo0]:80"]"#, #"["::%lo0","80"]"#),
        .init(
            "net.SplitHostPort", #"["h"]"#,
            "failed: error in call to net.SplitHostPort: address h: missing port in address"),
        .init(
            "net.SplitHostPort", #"["::1:80"]"#,
            "failed: error in call to net.SplitHostPort: address ::1:80: too many colons in address"),
        .init("net.JoinHostPort", #"["::1",80]"#, #""[::1]:80""#),
        .init("net.JoinHostPort", #"[[192,30,4,2],80]"#, #""192.30.4.2:80""#),
        .init(
            "net.JoinHostPort", #"[[192,30],80]"#, "failed: error in call to net.JoinHostPort: invalid host [192,30]"),
        .init("net.FQDN", #"["example.com"]"#, "true"), .init("net.FQDN", #"["foo.bar."]"#, "true"),
        .init("net.FQDN", #"["foo..bar"]"#, "false"), .init("net.FQDN", #"["-a.b"]"#, "false"),
        .init("net.FQDN", #"["é.b"]"#, "false"), .init("net.FQDN", #"["A_b"]"#, "unsupported"),
        .init("net.URL", #"["https://x/y"]"#, "true"), .init("net.URL", #"["/foo/bar"]"#, "true"),
        .init("net.URL", #"["https://u:p@h:8443/a b?q#f"]"#, "true"), .init("net.URL", #"["mailto:a@b"]"#, "true"),
        .init("net.URL", #"["%zz"]"#, #"failed: error in call to net.URL: parse "%zz": invalid URL escape "%zz""#),
        .init("net.URL", #"[":x"]"#, #"failed: error in call to net.URL: parse ":x": missing protocol scheme"#),
        .init(
            "net.URL", #"["http://a:b/"]"#,
            #"failed: error in call to net.URL: parse "http://a:b/": invalid port ":b" after host"#),
        .init(
            "net.URL", #"["http://a b/"]"#,
            #"failed: error in call to net.URL: parse "http://a b/": invalid character " " in host name"#),
        .init(
            "net.URL", #"["1:2"]"#,
            #"failed: error in call to net.URL: parse "1:2": first path segment in URL cannot contain colon"#),
        .init("net.URL", #"["http://[::1]:80/"]"#, "true"), .init("net.URL", #"["http://[x]/"]"#, "unsupported"),
        .init("net.AbsURL", #"["https://x/y"]"#, "true"),
        .init("net.AbsURL", #"["/foo/bar"]"#, "failed: error in call to net.AbsURL: URL is not absolute"),
        .init("net.PathEscape", #"["foo/bar é"]"#, #""foo%2Fbar%20%C3%A9""#),
        .init("net.PathUnescape", #"["foo%2Fbar+"]"#, #""foo/bar+""#),
        .init("net.QueryEscape", #"["f%o b"]"#, #""f%25o+b""#),
        .init("net.QueryUnescape", #"["f%25o+b"]"#, #""f%o b""#),
        .init(
            "net.PathUnescape", #"["%4"]"#,
            #"failed: error in call to net.PathUnescape: invalid URL escape "%4""#),
    ]

    @Test("net", arguments: networkCases)
    func network(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    private static let encodingsCases: [BuiltinCase] = [
        .init("encoding/base64.Encode", #"[null,"hi"]"#, #""aGk=""#),
        .init("encoding/base64.Encode", #"[null,"foo"]"#, #""Zm9v""#),
        .init("encoding/base64.Encode", #"[null,""]"#, #""""#),
        .init("encoding/base64.Encode", #"[null,"a"]"#, #""YQ==""#),
        .init("encoding/base64.Decode", #"[null,"aGk="]"#, "'hi'"),
        .init("encoding/base64.Decode", #"[null,"YQ=\n="]"#, "'a'"),
        .init("encoding/base64.Decode", #"[null,"Zm9v"]"#, "'foo'"),
        .init(
            "encoding/base64.Decode", #"[null,"!!"]"#,
            "failed: error in call to encoding/base64.Decode: illegal base64 data at input byte 0"),
        .init(
            "encoding/base64.Decode", #"[null,"foo"]"#,
            "failed: error in call to encoding/base64.Decode: illegal base64 data at input byte 0"),
        .init(
            "encoding/base64.Decode", #"[null,"aGk=x"]"#,
            "failed: error in call to encoding/base64.Decode: illegal base64 data at input byte 4"),
        .init(
            "encoding/base64.Decode", #"[{},"foo"]"#,
            "failed: error in call to encoding/base64.Decode: base64: unsupported encoding: "
                + "cannot use value {} (type struct) as null"),
        .init("encoding/base64.EncodedLen", "[null,4]", "8"), .init("encoding/base64.DecodedLen", "[null,8]", "6"),
        .init("encoding/base64.EncodedLen", "[null,9223372036854775807]", "unsupported"),
        .init("encoding/hex.Encode", #"["hi"]"#, #""6869""#), .init("encoding/hex.Decode", #"["666f6F"]"#, "'foo'"),
        .init(
            "encoding/hex.Decode", #"["foo"]"#,
            "failed: error in call to encoding/hex.Decode: encoding/hex: invalid byte: U+006F 'o'"),
        .init(
            "encoding/hex.Decode", #"["fff"]"#,
            "failed: error in call to encoding/hex.Decode: encoding/hex: odd length hex string"),
        .init(
            "encoding/json.Marshal", #"[{"b":1,"a":[1.50,null,"<"]}]"#,
            #""{\"b\":1,\"a\":[1.50,null,\"<\"]}""#),
        .init("encoding/json.Marshal", #"["\u2028\u0001é"]"#, #""\"\\u2028\\u0001é\"""#),
        .init("encoding/json.MarshalStream", #"[[{"a":1},2]]"#, #""{\"a\":1}\n2\n""#),
        .init("encoding/json.Unmarshal", #"["{\"q\":1,\"r\":[true,1.0]}"]"#, "{q:1,r:[true,1.0]}"),
        .init(
            "encoding/json.Unmarshal", #"["{bad"]"#,
            "failed: error in call to encoding/json.Unmarshal: json: invalid JSON"),
        .init(
            "encoding/json.Unmarshal", #"["{\"a\": 1}{\"b\": 2}"]"#,
            "failed: error in call to encoding/json.Unmarshal: json: invalid JSON"),
        .init("encoding/json.Unmarshal", #"["{\"a\":1,\"a\":1}"]"#, "unsupported"),
        .init("encoding/json.Valid", #"["1"]"#, "true"), .init("encoding/json.Valid", #"["1x"]"#, "false"),
        .init("encoding/json.Compact", #"["[1, 2, \" a\\\" \"]"]"#, #""[1,2,\" a\\\" \"]""#),
        .init(
            "encoding/json.Indent", #"["{\"a\": 1, \"b\": [2,{}, []]}","","  "]"#,
            #""{\n  \"a\": 1,\n  \"b\": [\n    2,\n    {},\n    []\n  ]\n}""#),
        .init("encoding/json.Indent", #"["[\"[\",1]",">","\t"]"#, #""[\n>\t\"[\",\n>\t1\n>]""#),
        .init("encoding/json.HTMLEscape", #"["<a> & b"]"#, #""\\u003ca\\u003e \\u0026 b""#),
    ]

    @Test("encodings", arguments: encodingsCases)
    func encodings(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    private static let namesCases: [BuiltinCase] = [
        .init("path.Join", #"[["a/b","../c"]]"#, #""a/c""#), .init("path.Join", #"[["","a"],"unix"]"#, #""a""#),
        .init("path.Join", #"[[""]]"#, #""""#), .init("path.Join", #"[["//","a"]]"#, #""/a""#),
        .init("path.Join", #"[["a"],"windows"]"#, "unsupported"),
        .init("path.Clean", #"["/../a/./b//c/.."]"#, #""/a/b""#), .init("path.Clean", #"["../../a"]"#, #""../../a""#),
        .init("path.Clean", #"["a/../.."]"#, #""..""#), .init("path.Clean", #"[""]"#, #"".""#),
        .init("path.Base", #"["/a/b/"]"#, #""b""#), .init("path.Base", #"["//"]"#, #""/""#),
        .init("path.Base", #"[""]"#, #"".""#),
        .init("path.Dir", #"["/a/b"]"#, #""/a""#), .init("path.Dir", #"["a"]"#, #"".""#),
        .init("path.Ext", #"["a.b/c"]"#, #""""#), .init("path.Ext", #"["a/c.tar.gz"]"#, #"".gz""#),
        .init("path.Split", #"["a/b"]"#, #"["a/","b"]"#), .init("path.IsAbs", #"["/a"]"#, "true"),
        .init("path.IsAbs", #"["a"]"#, "false"), .init("path.Resolve", #"["a/b","../c"]"#, #""a/c""#),
        .init("path.Resolve", #"["a/b","/c"]"#, #""/c""#), .init("path.SplitList", #"["a:b","unix"]"#, #"["a","b"]"#),
        .init(
            "path.SplitList", #"["a:b"]"#, "failed: not enough arguments in call to path.SplitList (have 1, want 2)"),
        .init("uuid.Valid", #"["052EF62D-7223-58B6-A551-C1DEEE46D401"]"#, "true"),
        .init("uuid.Valid", #"["123e4567e89b12d3a456426655440000"]"#, "true"),
        .init("uuid.Valid", #"["{123e4567-e89b-12d3-a456-426655440000}"]"#, "true"),
        .init(
            "uuid.Valid", #"["052ef62d_7223_58b6_a551_c1deee46d401"]"#,
            "failed: error in call to uuid.Valid: invalid UUID format"),
        .init(
            "uuid.Parse", #"["052ef62d-7223-58b6-a551-c1deee"]"#,
            "failed: error in call to uuid.Parse: invalid UUID length: 30"),
        .init(
            "uuid.Parse", #"["urn:uuid:123E4567-e89b-12d3-a456-426655440000"]"#,
            #""123e4567-e89b-12d3-a456-426655440000""#),
        .init("uuid.Version", #"["052ef62d-7223-58b6-a551-c1deee46d401"]"#, "5"),
        .init("uuid.Variant", #"["052ef62d-7223-58b6-a551-c1deee46d401"]"#, "1"),
    ]

    @Test("path and uuid", arguments: namesCases)
    func names(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    @Test("packages that are not here are known by name, others are not known")
    func library() throws {
        for path in ["crypto/sha256", "encoding/yaml", "html", "text/template", "tool/exec"] {
            #expect(try #require(BuiltinLibrary.package(path)).isUnsupported)
        }
        #expect(BuiltinLibrary.package("nosuch") == nil)
        #expect(BuiltinLibrary.package("encoding") == nil)
        let net = try #require(BuiltinLibrary.package("net"))
        #expect(net.functions["InCIDR"] == nil && !net.unsupported.contains("InCIDR"))
        let regexp = try #require(BuiltinLibrary.package("regexp"))
        #expect(regexp.unsupported.contains("FindSubmatch") && regexp.functions["FindSubmatch"] == nil)
    }

    @Test("every function answers to arguments of every kind, without a trap")
    func everyKind() throws {
        let samples: [BuiltinValue] = [
            .null, .bool(true), .int(0), .int(-1), .int(Int.max), .int(Int.min), .int(64),
            .number(try Number(readingLiteral: "1e100000")), .number(try Number(readingLiteral: "1e-100000")),
            .number(try Number(readingLiteral: "2.5")), .string(""), .string("-"), .string("é\u{0}%["),
            .string("2006-01-02T15:04:05Z07:00"), .bytes([]), .bytes([0xFF, 0x80]), .list([]),
            .list([.int(1), .string("a"), .list([])]), .list([.int(300)]), .structure([]),
        ]
        var random = SystemRandomNumberGenerator()
        let paths = [
            "strings", "strconv", "list", "math", "math/bits", "time", "regexp", "net", "encoding/base64",
            "encoding/hex", "encoding/json", "path", "uuid",
        ]
        for path in paths {
            for builtin in try #require(BuiltinLibrary.package(path)).functions.values {
                for _ in 0..<60 {
                    // Mostly what the parameters take, as other calls do not get far.
                    let arguments = builtin.parameters.map { kind in
                        let fitting = samples.filter { kind.admits($0) }
                        return (Int.random(in: 0..<8, using: &random) == 0 ? samples : fitting)
                            .randomElement(using: &random) ?? .null
                    }
                    if let value = try? builtin.call(arguments) {
                        #expect(builtin.result.admits(value), "\(builtin.path)\(arguments)")
                    }
                }
            }
        }
    }
}
