using System.Text;
using System.Text.Json.Nodes;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>Turns valid input into malformed input: missing, of the wrong type, unknown, too long, broken or ambiguous.</summary>
internal static class HostileInput
{
    private const string Marker = "4b1d-the-place-to-fill";

    private static readonly string TooLong = new('x', 300_000);

    private static readonly string TooDeep = new string('[', 500) + new string(']', 500);

    private static readonly byte[] TenMegabytes = Encoding.ASCII.GetBytes("[\"" + new string('x', 10_000_000) + "\"]");

    // Raw JSON text, some of it invalid.
    private static readonly string[] Values =
    [
        "null", "true", "7", "-1", "0", "1.5", "1e999", "-1e999", "99999999999999999999", "9223372036854775807", "NaN", "\"\"", "\"  \"",
        "\"no_such_value\"",
        "\"../../etc/passwd\"", "\"\\u0000\"", "\"\\ud800\"", "\"a\\r\\nb\"", "\"' OR 1=1; --\"", "\"<script>\"", "\"ä\"", "[]", "{}",
        "[null]",
        "[[1]]", "{\"a\":{}}", "\"" + new string('y', 129) + "\"", "\"" + TooLong + "\"", TooDeep, "undefined", "",
    ];

    private static readonly string[] WholeBodies =
    [
        "", " ", "{", "]", "hello", "null", "7", "\"text\"", "{}", "[]", "[null]", "[{}]", "[{},7]", TooDeep,
    ];

    // Raw path segments, sent without normalization.
    private static readonly string[] Ids =
    [
        "..%2F..%2Fetc%2Fpasswd", "..", ".", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc", "..%5C..%5Cx", "a%20b", "a%0d%0aSet-Cookie:%20x=y",
        "%C3%A4", "%ff", "%",
        "%zz", "*", ";a=b", "%7B%7D", "a%2Fb", "a/b", "~", "-", "stats", new string('a', 129), new string('a', 5_000), "%252e%252e",
    ];

    private static readonly string[] QueryValues =
    [
        "", "%00", "%ff", "%20", "-1", "0", "99999999999999999999", "9223372036854775807", "1e9", "no_such_value", "a%0d%0ab",
        "../x", "%5B%5D", "2026-99-99", "a,b", new string('a', 3_000),
    ];

    private static readonly string[] OtherMethods = ["PUT", "PATCH", "TRACE", "BREW"];

    private static readonly string[] OtherTypes =
    [
        "text/plain", "application/json; charset=utf-16", "multipart/form-data", "application/xml",
    ];

    /// <summary>All malformed variants of a call.</summary>
    public static IEnumerable<RawRequest> Of(ApiCall call, Stage stage)
    {
        var path = stage.Fill(call.Path);
        var query = stage.Fill(call.Query);
        var pathAndQuery = query.Length > 0 ? $"{path}?{query}" : path;
        var body = call.Body is null ? null : Utf8(stage.Fill(call.Body));
        return Paths(call, stage).Select(other => new RawRequest(call.Method, other, body))
            .Concat(Queries(query).Select(other => new RawRequest(call.Method, $"{path}?{other}", body)))
            .Concat(OtherMethods.Select(method => new RawRequest(method, pathAndQuery)))
            .Concat(call.Body is null
                ? [new(call.Method, pathAndQuery, Utf8("{")), new(call.Method, pathAndQuery, Utf8(TooLong), "text/plain")]
                : Bodies(stage.Fill(call.Body)).Select(body => new RawRequest(call.Method, pathAndQuery, body))
                    .Concat(OtherTypes.Select(type => new RawRequest(call.Method, pathAndQuery, Utf8(stage.Fill(call.Body)), type)))
                    .Append(new(call.Method, pathAndQuery)));
    }

    private static IEnumerable<string> Paths(ApiCall call, Stage stage)
    {
        string[] places = ["$task", "$worker", "$queue"];
        return from place in places
               where call.Path.Contains(place, StringComparison.Ordinal)
               from id in Ids
               select stage.Fill(call.Path.Replace(place, id, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Queries(string good)
    {
        string[] any =
        [
            "&&&", "=", "=x", "unknown=1", "%00=%00", "limit=1&limit=2", "after=no_such_place", $"{good}&after=9223372036854775807",
            new string('q', 4_000),
        ];
        var pairs = good.Split('&', StringSplitOptions.RemoveEmptyEntries);
        return any
            .Concat(pairs.Select(pair => $"{good}&{pair}"))
            .Concat(from pair in pairs
                    from value in QueryValues
                    select good.Replace(pair, $"{pair[..pair.IndexOf('=', StringComparison.Ordinal)]}={value}", StringComparison.Ordinal));
    }

    private static IEnumerable<byte[]> Bodies(string good)
    {
        // An object with every field repeated, or an array with every entry repeated.
        var twice = good[..^1] + "," + good[1..];
        return WholeBodies.Append(twice).Append(good + "x").Append(good[..^1]).Append($"[{good}]").Concat(Replaced(good)).Select(Utf8)
            .Append([.. "{\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8])
            .Append(TenMegabytes);
    }

    /// <summary>Variants of a JSON text: each part is omitted, and replaced with each of <see cref="Values"/>.</summary>
    private static IEnumerable<string> Replaced(string good)
    {
        foreach (var place in Places(JsonNode.Parse(good)!, []))
        {
            var without = JsonNode.Parse(good)!;
            var marked = JsonNode.Parse(good)!;
            switch (At(without, place[..^1]), At(marked, place[..^1]), place[^1])
            {
                case (JsonObject from, JsonObject to, string name):
                    from.Remove(name);
                    to[name] = Marker;
                    break;
                case (JsonArray from, JsonArray to, int index):
                    from.RemoveAt(index);
                    to[index] = Marker;
                    break;
            }

            yield return without.ToJsonString();
            var text = marked.ToJsonString();
            foreach (var value in Values)
            {
                yield return text.Replace($"\"{Marker}\"", value, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>The path to each part of a JSON text, as names and indexes.</summary>
    private static IEnumerable<object[]> Places(JsonNode? node, object[] here) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Places(field.Value, [.. here, field.Key]).Prepend([.. here, field.Key])),
        JsonArray entries => entries.SelectMany((entry, index) => Places(entry, [.. here, index]).Prepend([.. here, index])),
        _ => [],
    };

    private static JsonNode At(JsonNode root, object[] place) =>
        place.Aggregate(root, (node, step) => step is string name ? node[name]! : node[(int)step]!);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
