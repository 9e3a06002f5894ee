// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CUE

@Suite("Packages of text, lists and arithmetic")
struct PackageTests {
    private static let stringsCases: [BuiltinCase] = [
        .init("strings.Join", #"[["Hello","World!"]," "]"#, #""Hello World!""#),
        .init(
            "strings.Join", #"[[1,2]," "]"#,
            "failed: invalid list element 0 in argument 0 to call: cannot use value 1 (int) as string"),
        .init("strings.ByteAt", #"["a",0]"#, "97"),
        .init("strings.ByteAt", #"["a",1]"#, "failed: error in call to strings.ByteAt: index out of range"),
        .init("strings.ByteAt", #"["a",-1]"#, "failed: error in call to strings.ByteAt: index out of range"),
        .init("strings.ByteSlice", #"["Hello",2,5]"#, "'llo'"),
        .init("strings.ByteSlice", #"["Hello",3,2]"#, "failed: error in call to strings.ByteSlice: index out of range"),
        .init("strings.SliceRunes", #"["✓ Hello",0,3]"#, #""✓ H""#),
        .init("strings.SliceRunes", #"["héllo",1,3]"#, #""él""#),
        .init("strings.SliceRunes", #"["é",0,2]"#, "failed: error in call to strings.SliceRunes: index out of range"),
        .init("strings.Runes", #"["Café"]"#, "[67,97,102,233]"),
        .init("strings.ToCamel", #"["AlphaBeta Gamma"]"#, #""alphaBeta gamma""#),
        .init("strings.ToTitle", #"["ab cd"]"#, #""Ab Cd""#),
        .init("strings.ToUpper", #"["straße ᾀ ǆ"]"#, #""STRAßE ᾈ Ǆ""#),
        .init("strings.ToLower", #"["ABC İ"]"#, #""abc i""#),
        .init("strings.MinRunes", #"["éé",3]"#, "false"),
        .init("strings.MinRunes", #"["ééé",3]"#, "true"),
        .init("strings.MaxRunes", #"["😀😀",2]"#, "true"),
        .init("strings.MaxRunes", #"["😀😀",1]"#, "false"),
        .init("strings.Split", #"["a,b,c",","]"#, #"["a","b","c"]"#),
        .init("strings.Split", #"["aéc",""]"#, #"["a","é","c"]"#),
        .init("strings.Split", #"["",","]"#, #"[""]"#),
        .init("strings.SplitN", #"["a:b:c",":",2]"#, #"["a","b:c"]"#),
        .init("strings.SplitN", #"["a:b:c",":",0]"#, "[]"),
        .init("strings.SplitN", #"["abc","",2]"#, #"["a","bc"]"#),
        .init("strings.SplitAfter", #"["a,b",","]"#, #"["a,","b"]"#),
        .init("strings.SplitAfterN", #"["a,b,c",",",2]"#, #"["a,","b,c"]"#),
        .init("strings.Fields", #"[" a \u00a0 b "]"#, #"["a","b"]"#),
        .init("strings.Replace", #"["aaa","a","b",2]"#, #""bba""#),
        .init("strings.Replace", #"["aé","","-",-1]"#, #""-a-é-""#),
        .init("strings.Replace", #"["abc","","-",2]"#, #""-a-bc""#),
        .init("strings.Replace", #"["abab","ab","",-1]"#, #""""#),
        .init("strings.Repeat", #"["ab",2]"#, #""abab""#),
        .init("strings.Repeat", #"["ab",-1]"#, "failed: error in call to strings.Repeat: negative count"),
        .init("strings.Repeat", #"["ab",100000000]"#, "unsupported"),
        .init("strings.Repeat", #"["ab",9223372036854775807]"#, "unsupported"),
        .init("strings.Repeat", #"["",9223372036854775807]"#, #""""#),
        .init("strings.Trim", #"["xxaxx","x"]"#, #""a""#),
        .init("strings.TrimLeft", #"["xxaxx","x"]"#, #""axx""#),
        .init("strings.TrimRight", #"["xxaxx","x"]"#, #""xxa""#),
        .init("strings.TrimSpace", #"[" \n x\t"]"#, #""x""#),
        .init("strings.TrimPrefix", #"["vv1","v"]"#, #""v1""#),
        .init("strings.TrimSuffix", #"["a/b/","/"]"#, #""a/b""#),
        .init("strings.TrimSuffix", #"["a/b","/"]"#, #""a/b""#),
        .init("strings.HasPrefix", #"["ghcr","gh"]"#, "true"),
        .init("strings.HasPrefix", #"["docker","gh"]"#, "false"),
        .init("strings.HasPrefix", #"["é","e"]"#, "false"),
        .init("strings.HasSuffix", #"["a/app","/app"]"#, "true"),
        .init("strings.Contains", #"["abc","bc"]"#, "true"),
        .init("strings.Contains", #"["abc","bd"]"#, "false"),
        .init("strings.Contains", #"["abc",""]"#, "true"),
        .init("strings.ContainsAny", #"["abc","xc"]"#, "true"),
        .init("strings.ContainsAny", #"["abc",""]"#, "false"),
        .init("strings.Index", #"["éc","c"]"#, "2"),
        .init("strings.LastIndex", #"["go gopher","go"]"#, "3"),
        .init("strings.LastIndex", #"["go","rodent"]"#, "-1"),
        .init("strings.IndexAny", #"["éb","xb"]"#, "2"),
        .init("strings.LastIndexAny", #"["abca","a"]"#, "3"),
        .init("strings.Count", #"["cheese","e"]"#, "3"),
        .init("strings.Count", #"["five",""]"#, "5"),
        .init("strings.Count", #"["aaaa","aa"]"#, "2"),
        .init("strings.Compare", #"["a","b"]"#, "-1"),
        .init("strings.Compare", #"["e\u0301","é"]"#, "-1"),
        .init("strings.ToUpper", "[1]", "failed: cannot use 1 (type int) as string in argument 1 to strings.ToUpper"),
        .init("strings.ToUpper", "[]", "failed: not enough arguments in call to strings.ToUpper (have 0, want 1)"),
        .init(
            "strings.ToUpper", #"["a","b"]"#,
            "failed: too many arguments in call to strings.ToUpper (have 2, want 1)"),
    ]

    @Test("strings", arguments: stringsCases)
    func strings(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    private static let listsCases: [BuiltinCase] = [
        .init("list.Avg", "[[1,2,3,4]]", "2.5"),
        .init("list.Avg", "[[4,8,12]]", "8"),
        .init("list.Avg", "[[]]", "failed: error in call to list.Avg: empty list"),
        .init("list.Avg", #"["foo"]"#, #"failed: cannot use "foo" (type string) as list in argument 1 to list.Avg"#),
        .init("list.Drop", "[[1,2,3,4],2]", "[3,4]"),
        .init("list.Drop", "[[1,2],10]", "[]"),
        .init("list.Drop", "[[1,2],-1]", "failed: error in call to list.Drop: negative index"),
        .init("list.Take", "[[1,2,3],2]", "[1,2]"),
        .init("list.Take", "[[1],10]", "[1]"),
        .init("list.FlattenN", "[[1,[[2,3],[]],[4]],-1]", "[1,2,3,4]"),
        .init("list.FlattenN", "[[1,[[2,3],[]],[4]],0]", "[1,[[2,3],[]],[4]]"),
        .init("list.FlattenN", "[[1,[[2,3],[]],[4]],1]", "[1,[2,3],[],4]"),
        .init("list.FlattenN", "[[1,[[2,3],[]],[4]],2]", "[1,2,3,4]"),
        .init(
            "list.FlattenN", #"["foo",1]"#,
            #"failed: error in call to list.FlattenN: cannot use value "foo" (type string) as list"#),
        .init("list.Max", "[[1,9,3]]", "9"),
        .init("list.Max", "[[1.0]]", "1"),
        .init("list.Min", "[[2.5,3]]", "2.5"),
        .init("list.Min", "[[]]", "failed: error in call to list.Min: empty list"),
        .init("list.Sum", "[[1,2,3.5]]", "6.5"),
        .init("list.Sum", "[[1.5,1.5]]", "3"),
        .init("list.Sum", "[[]]", "0"),
        .init(
            "list.Sum", #"[[1,"a"]]"#,
            #"failed: invalid list element 1 in argument 0 to call: cannot use value "a" (string) as number"#),
        .init("list.Product", "[[1,2,3,4]]", "24"),
        .init("list.Range", "[0,6,2]", "[0,2,4]"),
        .init("list.Range", "[0,2,0.5]", "[0,0.5,1,1.5]"),
        .init("list.Range", "[5,0,-2]", "[5,3,1]"),
        .init("list.Range", "[0,5,0]", "failed: error in call to list.Range: step must be non zero"),
        .init(
            "list.Range", "[5,0,1]",
            "failed: error in call to list.Range: end must be greater than start when step is positive"),
        .init(
            "list.Range", "[0,5,-1]",
            "failed: error in call to list.Range: end must be less than start when step is negative"),
        .init("list.Range", "[0,10000000,1]", "unsupported"),
        .init("list.Range", "[1,2,1e-90]", "unsupported"),
        .init("list.Slice", "[[1,2,3,4],1,3]", "[2,3]"),
        .init("list.Slice", "[[1,2],3,1]", "failed: error in call to list.Slice: invalid index: 3 > 1"),
        .init("list.Slice", "[[1,2],1,5]", "failed: error in call to list.Slice: slice bounds out of range"),
        .init("list.Reverse", "[[1,2]]", "[2,1]"),
        .init("list.Repeat", "[[1,2],2]", "[1,2,1,2]"),
        .init("list.Repeat", "[[1],-1]", "failed: error in call to list.Repeat: negative count"),
        .init("list.Repeat", "[[1],1000000000]", "unsupported"),
        .init("list.Concat", "[[[1],[2]]]", "[1,2]"),
        .init(
            "list.Concat", "[[1,[2]]]",
            "failed: error in call to list.Concat: cannot use value 1 (type int) as list"),
        .init("list.SortStrings", #"[["b","a"]]"#, #"["a","b"]"#),
        .init("list.IsSortedStrings", #"[["a","b"]]"#, "true"),
        .init("list.IsSortedStrings", #"[["b","a"]]"#, "false"),
        .init("list.Sort", #"[[2,1],{"x":1}]"#, "unsupported"),
    ]

    @Test("list", arguments: listsCases)
    func lists(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    @Test("list.Sort knows the two orders of the package")
    func sorting() throws {
        let package = try #require(BuiltinLibrary.package("list"))
        let (ascending, descending) = (
            try #require(package.constants["Ascending"]), try #require(package.constants["Descending"])
        )
        let sort = try #require(package.functions["Sort"])
        let isSorted = try #require(package.functions["IsSorted"])
        let numbers = BuiltinValue.list([.int(3), .int(1), .int(2)])
        #expect(try sort.call([numbers, ascending]).description == "[1,2,3]")
        #expect(try sort.call([numbers, descending]).description == "[3,2,1]")
        #expect(try sort.call([.strings(["b", "a", "é", "z"]), ascending]).description == #"["a","b","z","é"]"#)
        #expect(try isSorted.call([numbers, ascending]) == .bool(false))
        #expect(try isSorted.call([.list([.int(1), .int(1), .int(2)]), ascending]) == .bool(true))
        #expect(throws: BuiltinError.self) { try sort.call([.list([.int(1), .string("a")]), ascending]) }
    }

    private static let arithmeticCases: [BuiltinCase] = [
        .init("math.Floor", "[2.9]", "2"), .init("math.Floor", "[-2.2]", "-3"), .init("math.Floor", "[29e2]", "2900"),
        .init("math.Floor", "[-0.05]", "-1"),
        .init(
            "math.Floor", #"["foo"]"#,
            #"failed: cannot use "foo" (type string) as number in argument 1 to math.Floor"#),
        .init("math.Ceil", "[2.5]", "3"), .init("math.Ceil", "[-2.2]", "-2"), .init("math.Ceil", "[2.0]", "2"),
        .init("math.Trunc", "[-2.9]", "-2"), .init("math.Round", "[2.5]", "3"), .init("math.Round", "[-2.5]", "-3"),
        .init("math.RoundToEven", "[2.5]", "2"), .init("math.RoundToEven", "[3.5]", "4"),
        .init("math.Round", "[1e100000]", "unsupported"),
        .init("math.MultipleOf", "[4,2]", "true"), .init("math.MultipleOf", "[5,2]", "false"),
        .init("math.MultipleOf", "[5,2.5]", "true"), .init("math.MultipleOf", "[100,1.00001]", "false"),
        .init("math.MultipleOf", "[100e100,10]", "true"),
        .init("math.MultipleOf", "[5,0]", "failed: error in call to math.MultipleOf: division by zero"),
        .init("math.Pow", "[2,10]", "1024"), .init("math.Pow", "[8,4]", "4096"), .init("math.Pow", "[-2,3]", "-8"),
        .init("math.Pow", "[2,-1]", "0.5000000000000000000000000000000000"), .init("math.Pow", "[2.5,2]", "6.25"),
        .init("math.Pow", "[0,2]", "0"), .init("math.Pow", "[7,0]", "1"), .init("math.Pow", "[2,0.5]", "unsupported"),
        .init("math.Pow", "[0,0]", "failed: error in call to math.Pow: invalid operation"),
        .init("math.Pow", "[10,400000000]", "unsupported"), .init("math.Pow", "[1.5,1e300]", "unsupported"),
        .init("math.Pow", "[9,99999]", "unsupported"),
        .init("math.Pow10", "[4]", "10000"), .init("math.Pow10", "[-2]", "0.01"),
        .init("math.Pow10", "[2000000000]", "unsupported"),
        .init("math.Abs", "[-2.2]", "2.2"), .init("math.Abs", "[-3.0]", "3"),
        .init("math.Copysign", "[5,-2.2]", "-5"), .init("math.Dim", "[3,2.5]", "0.5"),
        .init("math.Dim", "[5,7.2]", "0"), .init("math.Signbit", "[-4]", "true"), .init("math.Signbit", "[4]", "false"),
        .init("math.Sqrt", "[2]", "1.4142135623730951"), .init("math.Sqrt", "[4]", "2"),
        .init("math.Sqrt", "[-1]", "unsupported"), .init("math.Mod", "[7.5,2]", "1.5"),
        .init("math.Mod", "[1,0]", "unsupported"), .init("math.Remainder", "[7,4]", "-1"),
        .init("math.Ldexp", "[0.5,3]", "4"), .init("math.Ldexp", "[1,9223372036854775807]", "unsupported"),
        .init("math.Ilogb", "[8]", "3"),
        .init("math.Sqrt", "[1e400]", "failed: cannot use 1E+400 (type float) as float64 in argument 0 to math.Sqrt"),
        .init("math/bits.Or", "[8,1]", "9"), .init("math/bits.Lsh", "[8,4]", "128"),
        .init("math/bits.Lsh", "[1,100]", "1267650600228229401496703205376"),
        .init("math/bits.Lsh", "[1,4000000000]", "unsupported"), .init("math/bits.Rsh", "[256,4]", "16"),
        .init("math/bits.Rsh", "[-1,70]", "-1"), .init("math/bits.At", "[256,8]", "1"),
        .init("math/bits.At", "[256,9]", "0"), .init("math/bits.Set", "[256,7,1]", "384"),
        .init("math/bits.Set", "[256,8,0]", "0"), .init("math/bits.And", "[12,10]", "8"),
        .init("math/bits.Xor", "[12,10]", "6"), .init("math/bits.Clear", "[15,8]", "7"),
        .init("math/bits.OnesCount", "[255]", "8"), .init("math/bits.Len", "[256]", "9"),
        .init("math/bits.Or", "[18446744073709551871,1]", "unsupported"),
    ]

    @Test("math", arguments: arithmeticCases)
    func arithmetic(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    private static let conversionsCases: [BuiltinCase] = [
        .init("strconv.FormatUint", "[64,16]", #""40""#), .init("strconv.FormatUint", "[61,62]", #""Z""#),
        .init(
            "strconv.FormatInt", "[-170141183460469231731687303715884105728,10]",
            #""-170141183460469231731687303715884105728""#),
        .init("strconv.FormatInt", "[0,2]", #""0""#), .init("strconv.FormatInt", "[1,1]", "unsupported"),
        .init("strconv.FormatBool", "[true]", #""true""#),
        .init("strconv.FormatFloat", "[0.0,102,-1,64]", #""0""#),
        .init("strconv.FormatFloat", "[1500000,101,-1,64]", #""1.5e+06""#),
        .init("strconv.FormatFloat", "[0.00001,103,-1,64]", #""1e-05""#),
        .init("strconv.FormatFloat", "[3.02,102,4,64]", "unsupported"),
        .init(
            "strconv.FormatFloat", "[3.02,-1,4,64]",
            "failed: cannot use -1 (type int) as byte in argument 1 to strconv.FormatFloat"),
        .init("strconv.Atoi", #"["40000000000000000000"]"#, "40000000000000000000"),
        .init(
            "strconv.Atoi", #"["invalid"]"#,
            #"failed: error in call to strconv.Atoi: strconv.Atoi: parsing "invalid": invalid syntax"#),
        .init("strconv.ParseInt", #"["127",10,8]"#, "127"),
        .init(
            "strconv.ParseInt", #"["128",10,8]"#,
            #"failed: error in call to strconv.ParseInt: strconv.ParseInt: parsing "128": value out of range"#),
        .init("strconv.ParseInt", #"["-128",10,8]"#, "-128"),
        .init(
            "strconv.ParseInt", #"["-129",10,8]"#,
            #"failed: error in call to strconv.ParseInt: strconv.ParseInt: parsing "-129": value out of range"#),
        .init("strconv.ParseInt", #"["15",16,8]"#, "21"), .init("strconv.ParseInt", #"["0x1",0,8]"#, "unsupported"),
        .init("strconv.ParseUint", #"["FF",16,8]"#, "255"),
        .init(
            "strconv.ParseUint", #"["-1",10,8]"#,
            #"failed: error in call to strconv.ParseUint: strconv.ParseUint: parsing "-1": value out of range"#),
        .init("strconv.ParseFloat", #"["1.50",64]"#, "1.5"), .init("strconv.ParseFloat", #"["-007e-1",64]"#, "-0.7"),
        .init("strconv.ParseFloat", #"["0.1",32]"#, "0.10000000149011612"),
        .init("strconv.ParseFloat", #"["inf",64]"#, "unsupported"),
        .init(
            "strconv.ParseFloat", #"["1_0",64]"#,
            #"failed: error in call to strconv.ParseFloat: strconv.ParseFloat: parsing "1_0": invalid syntax"#),
        .init(
            "strconv.ParseFloat", #"["1e999",64]"#,
            #"failed: error in call to strconv.ParseFloat: strconv.ParseFloat: parsing "1e999": value out of range"#),
        .init("strconv.ParseBool", #"["T"]"#, "true"),
        .init(
            "strconv.ParseBool", #"["yes"]"#,
            #"failed: error in call to strconv.ParseBool: strconv.ParseBool: parsing "yes": invalid syntax"#),
        .init("strconv.Quote", #"["a\"\u0001é\n"]"#, #""\"a\\\"\\x01é\\n\"""#),
        .init("strconv.QuoteToASCII", #"["é😀"]"#, #""\"\\u00e9\\U0001f600\"""#),
        .init("strconv.QuoteRune", "[39]", #""'\\''""#), .init("strconv.IsPrint", "[7]", "false"),
        .init("strconv.IsGraphic", "[160]", "true"), .init("strconv.IsPrint", "[160]", "false"),
    ]

    @Test("strconv", arguments: conversionsCases)
    func conversions(_ test: BuiltinCase) {
        #expect(outcome(test.function, test.arguments) == test.outcome)
    }

    @Test("no search is slower than the texts are long together")
    func hostileSearch() throws {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 200_000)
        let part = [UInt8](repeating: UInt8(ascii: "a"), count: 100_000) + [UInt8(ascii: "b")]
        #expect(text.position(of: part) == nil)
        #expect(text.lastPosition(of: part) == nil)
        #expect(text.occurrences(of: part) == 0)
    }
}
