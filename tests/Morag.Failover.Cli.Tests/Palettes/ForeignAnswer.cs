using System.Text;
using Microsoft.AspNetCore.Http;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary>An answer that no node gives.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its body.</param>
/// <param name="ContentType">Its content type.</param>
/// <param name="Header">A header, its name and value; null for none.</param>
public sealed record ForeignAnswer(
    string Name, int Status, byte[] Body, string ContentType = "application/json", (string Name, string Value)? Header = null)
{
    private const string Escape = "\u001b[31m\u009b2J\r\b\u0007";

    /// <summary>Answers of other servers, of damaged ones and of hostile ones.</summary>
    public static IReadOnlyList<ForeignAnswer> All { get; } =
    [
        Page(200),
        Page(500),
        Page(404),
        Text(200, "hello" + Escape),
        Text(302, "") with { Header = ("Location", "https://login.example/") },
        Text(307, ""),
        Text(400, Escape),
        Text(401, "who?" + Escape),
        Text(403, Escape),
        Text(404, "nothing here" + Escape),
        Text(405, ""),
        Text(409, Escape),
        Text(413, "too large"),
        Text(429, "later"),
        Text(500, "oops" + Escape),
        Text(503, "nope" + Escape),
        Json("", "nothing"),
        Json("null"),
        Json("true"),
        Json("1e400"),
        Json("\"text\""),
        Json("[]"),
        Json("{}"),
        Json("[null]"),
        Json("[[]]"),
        Json("[1,null,\"a\",{\"a\":1},[{}]]"),
        Json("[{\"name\":\"x\""),
        Json(string.Concat(Enumerable.Repeat("[", 2_000)), "an open nest"),
        Json(string.Concat(Enumerable.Repeat("{\"children\":[", 40)) + string.Concat(Enumerable.Repeat("]}", 40)), "a deep tree"),
        Json("{\"status\":null}"),
        Json("{\"status\":\"\\ud800\"}"),
        Json("{\"status\":\"up\"}"),
        Json("{\"status\":{\"ready\":\"ready\"},\"alerts\":[]}"),
        Json("[{\"name\":\"\\ud800\",\"score\":{\"rate\":\"\\ud800\"}}]"),
        Json("{\"name\":\"\\ud800\",\"result\":\"\\udfff\",\"children\":[{\"name\":\"\\ud800\"}]}"),
        Json("{\"\\ud800\":1}"),
        Json("[{\"\\ud800\":1}]"),
        Json("{\"\\u001b[2J\":\"\\u001b[2J\",\"result\":\"\\u001b[2J\",\"children\":[{\"\\u009b\":\"\\u0007\"}]}"),
        Json("[{\"\\u001b[2J\":\"\\u001b[2J\"}]"),
        Json("[{\"name\":1e999,\"score\":{\"rate\":1e400}},{\"name\":-0.0,\"score\":7}]"),
        Json("[{\"failure_event\":{\"worker_id\":\"w\",\"occurred_at\":5},\"decision_metadata\":{\"epoch\":1.5,\"guards\":[null,1]},"
            + "\"afterwards\":[null],\"alternative_actions\":[[]]}]"),
        Json("[{\"decision_metadata\":{\"epoch\":1e99},\"stale\":true,\"detail\":\"\\u001b\"},{\"stale\":{}}]"),
        Json("[{\"name\":null,\"summary\":\"s\",\"commands\":[]}]"),
        Json("[{\"name\":\"x\",\"summary\":\"s\",\"commands\":null}]"),
        Json("[{\"name\":\"x\",\"summary\":\"s\",\"commands\":[null]}]"),
        Json("[{\"name\":\"\",\"summary\":\"s\",\"commands\":[]}]"),
        Json("[{\"name\":\"a b\",\"summary\":null,\"commands\":[]}]"),
        Json("[{\"name\":\"thing\",\"summary\":\"\\u001b[2J\",\"commands\":[]}]"),
        Command("\"method\":\"G T\""),
        Command("\"method\":null"),
        Command("\"path\":\"http://127.0.0.1:1/\""),
        Command("\"path\":\"//127.0.0.1:1/\""),
        Command("\"path\":null"),
        Command("\"arguments\":[null]"),
        Command("\"options\":[null]"),
        Command("\"columns\":[null]"),
        Command("\"columns\":[{\"header\":null,\"field\":\"a\"}]"),
        Command("\"objects\":[null]"),
        Command("\"fixed_fields\":null"),
        Command("\"fixed_fields\":{\"a\":null}"),
        Command("\"options\":[{\"name\":\"node\",\"help\":\"\",\"in\":\"body\"}]"),
        Command("\"options\":[{\"name\":\"a b\",\"help\":\"\",\"in\":\"body\"}]"),
        Command("\"options\":[{\"name\":\"a\",\"help\":\"\",\"in\":\"body\"},{\"name\":\"a\",\"help\":\"\",\"in\":\"body\"}]"),
        Command("\"options\":[{\"name\":\"a\",\"help\":null,\"in\":\"body\"}]"),
        Command("\"options\":[{\"name\":\"a\",\"help\":\"\",\"in\":\"body\",\"choices\":[null]}]"),
        Command("\"options\":[{\"name\":\"a\",\"help\":\"\",\"in\":\"body\",\"required\":true,\"optional_in_dry_run\":true}]"),
        Encoded("gzip"),
        Encoded("br"),
        Encoded("deflate"),
        Encoded("unknown"),
        Json("[]", "an unknown character set") with { ContentType = "application/json; charset=nonsense" },
        Json("[]", "a list without end") with { Header = ("Link", "</api/v1/things?limit=101>; rel=\"next\"") },
        Json("[]", "a page of another host") with { Header = ("Link", "<http://a//127.0.0.1:1/x>; rel=\"next\"") },
        Json("[]", "parts") with { Header = ("Morag-Incomplete", "queue-0") },
        Problem(400, "{\"errors\":{\"a\":[null,1]}}"),
        Problem(400, "{\"errors\":{\"\\u001b\":\"\\u001b\"}}"),
        Problem(401, "{\"type\":\"urn:morag-failover:problem:unauthorized\",\"detail\":\"\\u001b\"}"),
        Problem(404, "{\"type\":\"urn:morag-failover:problem:unknown\",\"detail\":\"a\\nb\\u001b[2J\",\"field\":\"\\u0007\"}"),
        Problem(409, "{\"type\":\"urn:morag-failover:problem:conflict\",\"detail\":\"\\ud800\",\"fields\":[null,\"\\u001b\"]}"),
        Problem(503, "{\"type\":\"urn:morag-failover:problem:owner_down\",\"owner\":7,\"detail\":{}}"),
        Problem(500, "{\"type\":\"urn:morag-failover:problem:\",\"title\":\"\\u001b\"}"),
    ];

    public override string ToString() => $"{Status}: {Name}";

    public Task<IResult?> SendAsync(HttpContext context)
    {
        if (Header is { } header)
        {
            context.Response.Headers[header.Name] = header.Value;
        }

        context.Response.StatusCode = Status;
        return Task.FromResult<IResult?>(new Raw(this));
    }

    private static ForeignAnswer Page(int status) => new("a page", status, "<html>hi</html>"u8.ToArray(), "text/html");

    private static ForeignAnswer Text(int status, string text) => new("text", status, Encoding.UTF8.GetBytes(text), "text/plain");

    private static ForeignAnswer Json(string json, string? name = null) => new(name ?? json, 200, Encoding.UTF8.GetBytes(json));

    private static ForeignAnswer Problem(int status, string json) =>
        new(json, status, Encoding.UTF8.GetBytes(json), "application/problem+json");

    private static ForeignAnswer Encoded(string encoding) =>
        new($"damaged {encoding}", 200, [0x1f, 0x8b, (byte)'b', (byte)'a', (byte)'d'], Header: ("Content-Encoding", encoding));

    // JSON in which a field is named twice: the last one counts.
    private static ForeignAnswer Command(string part) => Json(
        "[{\"name\":\"thing\",\"summary\":\"s\",\"commands\":[{\"name\":\"list\",\"summary\":\"s\",\"method\":\"GET\",\"path\":\"/api/x\","
        + part + "}]}]");

    private sealed class Raw(ForeignAnswer answer) : IResult
    {
        public async Task ExecuteAsync(HttpContext context)
        {
            context.Response.ContentType = answer.ContentType;
            await context.Response.Body.WriteAsync(answer.Body);
        }
    }
}
